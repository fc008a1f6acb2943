/* SPDX-License-Identifier: MIT */
#ifndef NBD_MESSAGE_H
#define NBD_MESSAGE_H

/* Put a sentence into *errmsg (malloc'ed; NULL in it only when there is no memory). Returns rc, a negative errno value. */
__attribute__((format(printf, 3, 4))) int refuse(char **errmsg, int rc, const char *format, ...);

#endif
