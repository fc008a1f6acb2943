/* SPDX-License-Identifier: MIT */
/* The sentence that goes with an error of a call that parses what a person typed. */
#ifndef LARIAT_ERRMSG_H
#define LARIAT_ERRMSG_H

/* Put a malloc'ed sentence into *errmsg (NULL without memory), unless errmsg is NULL. Returns err. */
int errmsg_set(char **errmsg, int err, const char *format, ...) __attribute__((format(printf, 3, 4), cold));

#endif
