/* SPDX-License-Identifier: MIT */
/* Sockets to listen on. Made before there are threads (the mode of a socket file is set by umask()). */
#ifndef NBD_LISTEN_H
#define NBD_LISTEN_H

#include <stddef.h>

struct listener {
    int fd;
    char *path; /* of the socket file, to be removed at the end; or NULL */
    char *text; /* for the log */
};

struct listeners {
    struct listener *items;
    size_t n;
};

/*
 * Each adds to the list. A socket file that nobody listens on is replaced; any other file is not.
 * 0, or -errno, and *errmsg says why.
 */
int listen_unix(struct listeners *listeners, const char *path, char **errmsg);
int listen_tcp(struct listeners *listeners, const char *address, char **errmsg);
/* Those that systemd hands over; none is fine. */
int listen_inherited(struct listeners *listeners, char **errmsg);

/* Close them all and remove their files. */
void listen_end(struct listeners *listeners);

#endif
