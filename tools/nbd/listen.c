/* SPDX-License-Identifier: MIT */
#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "message.h"

#define DEFAULT_PORT "10809"
#define FIRST_INHERITED 3
#define BACKLOG 128
#define STALE_TRIES 25
#define STALE_PAUSE_NS 20000000

/* Takes over fd, in any case. */
static int add(struct listeners *listeners, int fd, const char *path, const char *text, char **errmsg)
{
    struct listener *items = realloc(listeners->items, (listeners->n + 1) * sizeof(*items));

    if (items) {
        listeners->items = items;
        items[listeners->n] = (struct listener){ fd, path ? strdup(path) : NULL, strdup(text) };
        listeners->n++;
        if (items[listeners->n - 1].text && (items[listeners->n - 1].path || !path))
            return 0;
    } else {
        close(fd);
    }
    return refuse(errmsg, -ENOMEM, "no memory");
}

static int try_to_connect(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = fd < 0 || connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;

    if (fd >= 0)
        close(fd);
    return rc;
}

/*
 * Nobody listens on the socket file any more. Of a process that was killed the kernel closes the socket a little later, when it
 * has cleared away the ring that was accepting on it.
 */
static int remove_stale(const char *path, const struct sockaddr_un *address, char **errmsg)
{
    struct stat st;

    if (lstat(path, &st))
        return 0;
    if (!S_ISSOCK(st.st_mode))
        return refuse(errmsg, -EEXIST, "%s is there, and is no socket", path);
    int rc = try_to_connect(address);

    for (int i = 0; rc == 0 && i < STALE_TRIES; i++) {
        nanosleep(&(struct timespec){ .tv_nsec = STALE_PAUSE_NS }, NULL);
        rc = try_to_connect(address);
    }
    if (rc != -ECONNREFUSED)
        return refuse(errmsg, -EADDRINUSE, "somebody listens on %s already", path);
    return unlink(path) ? refuse(errmsg, -errno, "cannot remove %s: %s", path, strerror(errno)) : 0;
}

int listen_unix(struct listeners *listeners, const char *path, char **errmsg)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (!*path || strlen(path) >= sizeof(address.sun_path))
        return refuse(errmsg, -EINVAL, "'%s' cannot be the path of a socket: it must have 1 to %zu bytes", path,
                      sizeof(address.sun_path) - 1);
    memcpy(address.sun_path, path, strlen(path));
    int rc = remove_stale(path, &address, errmsg);
    if (rc)
        return rc;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    mode_t old = umask(0177);
    rc = fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) || listen(fd, BACKLOG) ? -errno : 0;
    umask(old);
    if (rc) {
        if (fd >= 0)
            close(fd);
        return refuse(errmsg, rc, "cannot listen on %s: %s", path, strerror(-rc));
    }
    return add(listeners, fd, path, path, errmsg);
}

static int open_tcp(const struct addrinfo *info, char text[NI_MAXHOST + NI_MAXSERV + 8])
{
    const int on = 1;
    struct sockaddr_storage address;
    socklen_t n = sizeof(address);
    char host[NI_MAXHOST], port[NI_MAXSERV];
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (info->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, info->ai_addr, info->ai_addrlen) || listen(fd, BACKLOG) ||
        getsockname(fd, (struct sockaddr *)&address, &n)) {
        int rc = -errno;

        close(fd);
        return rc;
    }
    if (getnameinfo((struct sockaddr *)&address, n, host, sizeof(host), port, sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV))
        snprintf(text, NI_MAXHOST, "?");
    else
        sprintf(text, info->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return fd;
}

/* "host:port", "[host]:port", "host" or ":port". Both point into copy. */
static void split(char *copy, char **host, char **port)
{
    char *colon = strrchr(copy, ':'), *bracket = strchr(copy, ']');

    *port = NULL;
    if (colon && (!bracket || colon > bracket) && (bracket || strchr(copy, ':') == colon)) {
        *colon = '\0';
        *port = colon + 1;
    }
    *host = copy;
    if (*copy == '[' && bracket) {
        *bracket = '\0';
        *host = copy + 1;
    }
}

int listen_tcp(struct listeners *listeners, const char *address, char **errmsg)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    char text[NI_MAXHOST + NI_MAXSERV + 8], *copy = strdup(address), *host, *port;
    struct addrinfo *infos = NULL;

    if (!copy)
        return refuse(errmsg, -ENOMEM, "no memory");
    split(copy, &host, &port);
    int rc = getaddrinfo(*host && strcmp(host, "*") != 0 ? host : NULL, port ? port : DEFAULT_PORT, &hints, &infos);
    if (rc) {
        rc = refuse(errmsg, -EINVAL, "cannot listen on %s: %s", address, gai_strerror(rc));
        infos = NULL;
    }
    for (const struct addrinfo *info = infos; !rc && info; info = info->ai_next) {
        int fd = open_tcp(info, text);

        if (fd == -EAFNOSUPPORT && infos->ai_next) /* no IPv6 here, say: the other one will do */
            continue;
        rc = fd < 0 ? refuse(errmsg, fd, "cannot listen on %s: %s", address, strerror(-fd))
                    : add(listeners, fd, NULL, text, errmsg);
    }
    if (infos)
        freeaddrinfo(infos);
    free(copy);
    return rc;
}

int listen_inherited(struct listeners *listeners, char **errmsg)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    long n = pid && fds && strtol(pid, NULL, 10) == getpid() ? strtol(fds, NULL, 10) : 0;
    int rc = 0;

    for (int fd = FIRST_INHERITED; !rc && fd < FIRST_INHERITED + n; fd++) {
        int listening = 0, type = 0;
        socklen_t size = sizeof(listening);
        char text[48];

        if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) || !listening ||
            getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) || type != SOCK_STREAM)
            return refuse(errmsg, -EINVAL, "descriptor %d, handed over by systemd, is no stream socket that listens", fd);
        fcntl(fd, F_SETFD, FD_CLOEXEC);
        snprintf(text, sizeof(text), "descriptor %d of systemd", fd);
        rc = add(listeners, fd, NULL, text, errmsg);
    }
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    unsetenv("LISTEN_FDNAMES");
    return rc;
}

void listen_end(struct listeners *listeners)
{
    for (size_t i = 0; i < listeners->n; i++) {
        if (listeners->items[i].path)
            unlink(listeners->items[i].path);
        close(listeners->items[i].fd);
        free(listeners->items[i].path);
        free(listeners->items[i].text);
    }
    free(listeners->items);
    *listeners = (struct listeners){ .items = NULL };
}
