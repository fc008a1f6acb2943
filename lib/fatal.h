/* SPDX-License-Identifier: MIT */
/*
 * Programming errors end the process with one line that names the object and the function. What the kernel or the user's
 * input may bring about never comes here.
 */
#ifndef LARIAT_FATAL_H
#define LARIAT_FATAL_H

#include <stdbool.h>

#define unlikely(x) __builtin_expect(!!(x), 0)
#define likely(x) __builtin_expect(!!(x), 1)

/* Print "lariat: function: object 'name': what" and abort. name may be NULL. */
void fatal(const char *function, const char *object, const char *name, const char *what) __attribute__((noreturn, cold));

/* The object handed in must not be NULL. */
static inline void require(const void *pointer, const char *function, const char *object)
{
    if (unlikely(!pointer))
        fatal(function, object, "NULL", "must not be NULL");
}

#endif
