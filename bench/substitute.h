/* SPDX-License-Identifier: MIT */
/* What stands for something else in the value of an option: ${VARIABLE}, $ncpus, $pagesize, $mb_memory. */
#ifndef BENCH_SUBSTITUTE_H
#define BENCH_SUBSTITUTE_H

/*
 * The value with all of it replaced; a variable that is not set is empty. If one of the words without braces was in it, and it
 * is now a calculation with whole numbers (+ - * / and parentheses), its result. *result is malloc'ed, or NULL if there was
 * nothing to replace. 0; -ENOMEM; -EINVAL or -ERANGE, with *why saying what is wrong.
 */
int substitute(const char *text, char **result, const char **why);

#endif
