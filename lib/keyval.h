/* SPDX-License-Identifier: MIT */
/* "key=value,key=value" as QEMU's options are written: a comma inside a value is written twice. */
#ifndef LARIAT_KEYVAL_H
#define LARIAT_KEYVAL_H

/* One pair. value is NULL where there was no '='. */
struct keyval {
    char *key, *value; /* malloc'ed */
};

/*
 * Take the next pair from *text, which moves behind it. 1: there was one, to be freed; 0: the text is at its end; -EINVAL (an empty
 * key), -ENOMEM; *errmsg then says why.
 */
int keyval_next(const char **text, struct keyval *pair, char **errmsg);

void keyval_free(struct keyval *pair);

#endif
