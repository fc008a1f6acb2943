/* SPDX-License-Identifier: MIT */
#include "listener.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <lariat/handler.h>

#include "client.h"
#include "monitor.h"

#define BACKLOG 256
#define ACCEPTS_MAX 16       /* in one call of the handler: others have their turn */
#define RETRY_NS 100000000LL /* how long to wait for descriptors */
#define LOCK_TRIES 200       /* times 5 ms: whoever holds the lock for longer is no starter */
#define LOCK_PAUSE_NS 5000000LL

/* ---- the lock ---- */

static int open_directory(const char *path)
{
    char *copy = strdup(path);
    int fd;

    if (!copy)
        return -ENOMEM;
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    free(copy);
    return fd < 0 ? -errno : fd;
}

/* The same path from the root on. */
static int make_absolute(const char *path, char **out)
{
    char *directory, *root;
    int err = 0;

    if (*path == '/') {
        *out = strdup(path);
        return *out ? 0 : -ENOMEM;
    }
    directory = realpath(".", NULL);
    if (!directory)
        return -errno;
    root = strcmp(directory, "/") ? directory : "";
    if (asprintf(out, "%s/%s", root, path) < 0) {
        *out = NULL;
        err = -ENOMEM;
    }
    free(directory);
    return err;
}

/* Lock the directory of `path`; a descriptor for unlock(), or -errno. Waits for a second at most. */
static int lock(const char *path)
{
    const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };
    int fd = open_directory(path), err = 0;

    for (int i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
        if (!flock(fd, LOCK_EX | LOCK_NB))
            return fd;
        err = -errno;
        if (err != -EWOULDBLOCK && err != -EINTR)
            break;
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    if (fd < 0)
        return fd;
    close(fd);
    return err;
}

static void unlock(int fd)
{
    flock(fd, LOCK_UN); /* a child of fork() may have the descriptor too */
    close(fd);
}

/* ---- open ---- */

/* Does anybody listen there? 0: nobody; -EADDRINUSE, or what else connect(2) says. */
static int ask(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;

    if (fd < 0)
        return -errno;
    err = connect(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : -EADDRINUSE;
    close(fd);
    if (err == -ECONNREFUSED || err == -ENOENT)
        return 0;
    return err == -EAGAIN || err == -EPROTOTYPE ? -EADDRINUSE : err; /* a full backlog; a socket of another type */
}

static int remove_stale(const struct sockaddr_un *address)
{
    struct stat st;
    int err;

    if (lstat(address->sun_path, &st))
        return errno == ENOENT ? 0 : -errno;
    if (!S_ISSOCK(st.st_mode))
        return -EEXIST;
    err = ask(address);
    if (err)
        return err;
    return unlink(address->sun_path) && errno != ENOENT ? -errno : 0;
}

/* The mode of the socket becomes that of the file, so that nobody else could ever connect, and the umask is left alone. */
static int bind_and_listen(struct monitor_listener *listener, const struct sockaddr_un *address)
{
    struct stat st;

    if (fchmod(listener->fd, 0600) || bind(listener->fd, (const struct sockaddr *)address, sizeof(*address)))
        return -errno;
    if (lstat(address->sun_path, &st))
        return -errno;
    listener->device = st.st_dev;
    listener->inode = st.st_ino;
    if ((st.st_mode & 07777) != 0600 && chmod(address->sun_path, 0600)) /* a umask that takes even the owner's rights */
        return -errno;
    return listen(listener->fd, BACKLOG) ? -errno : 0;
}

static int open_locked(struct monitor_listener *listener, const struct sockaddr_un *address)
{
    int err = remove_stale(address);

    if (err)
        return err;
    listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return listener->fd < 0 ? -errno : bind_and_listen(listener, address);
}

static int open_path(struct monitor_listener *listener, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int directory, err;

    if (!*path)
        return -EINVAL;
    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    strcpy(address.sun_path, path);
    err = make_absolute(path, &listener->path);
    if (err)
        return err;
    directory = lock(path);
    if (directory < 0)
        return directory;
    err = open_locked(listener, &address);
    unlock(directory);
    return err;
}

static const char *reason(int err)
{
    switch (-err) {
    case EADDRINUSE: return "somebody listens there already";
    case EEXIST: return "there is a file of that name that is no socket";
    case EWOULDBLOCK: return "somebody keeps a lock on its directory";
    case EINVAL: return "an empty path";
    case ENAMETOOLONG: return "the path of a socket may have 107 bytes at most";
    }
    return strerror(-err);
}

int monitor_listener_open(struct monitor_listener *listener, const char *path, char **errmsg)
{
    int err = open_path(listener, path);

    if (!err)
        return 0;
    if (asprintf(errmsg, "control socket '%s': %s", path, reason(err)) < 0)
        *errmsg = NULL;
    return err;
}

/* ---- close ---- */

static void remove_file(const struct monitor_listener *listener)
{
    int directory = lock(listener->path); /* without it, better leave the file: the next starter removes it */
    struct stat st;

    if (directory < 0)
        return;
    if (!lstat(listener->path, &st) && st.st_dev == listener->device && st.st_ino == listener->inode)
        unlink(listener->path);
    unlock(directory);
}

void monitor_listener_close(struct monitor_listener *listener)
{
    if (listener->inode)
        remove_file(listener);
    if (listener->fd >= 0) {
        shutdown(listener->fd, SHUT_RDWR); /* a child of fork() may have the socket too: it is not to look alive */
        close(listener->fd);
    }
    free(listener->path);
}

/* ---- clients ---- */

/* The mode of the file keeps others out already, unless somebody changed it. */
static bool is_welcome(int fd)
{
    struct ucred peer;
    socklen_t n = sizeof(peer);

    return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) && (peer.uid == geteuid() || peer.uid == 0);
}

static void wait_a_while(struct lariat_monitor *monitor)
{
    lariat_handler_set(monitor->loop, monitor->listener.fd, NULL, NULL, NULL);
    lariat_timer_set_ns(&monitor->listener.retry, lariat_now_ns() + RETRY_NS);
}

static void on_connection(void *opaque)
{
    struct lariat_monitor *monitor = opaque;

    for (int i = 0; i < ACCEPTS_MAX; i++) {
        int fd = accept4(monitor->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0 && is_welcome(fd))
            monitor_client_new(monitor, fd);
        else if (fd >= 0)
            close(fd);
        else if (errno == EAGAIN)
            return;
        else if (errno != EINTR && errno != ECONNABORTED) {
            wait_a_while(monitor);
            return;
        }
    }
}

static void try_again(void *opaque)
{
    struct lariat_monitor *monitor = opaque;

    if (lariat_handler_set(monitor->loop, monitor->listener.fd, on_connection, NULL, monitor))
        lariat_timer_set_ns(&monitor->listener.retry, lariat_now_ns() + RETRY_NS);
}

int monitor_listener_watch(struct lariat_monitor *monitor)
{
    lariat_timer_init(&monitor->listener.retry, monitor->loop, try_again, monitor);
    return lariat_handler_set(monitor->loop, monitor->listener.fd, on_connection, NULL, monitor);
}

void monitor_listener_unwatch(struct lariat_monitor *monitor)
{
    lariat_timer_cancel(&monitor->listener.retry);
    lariat_handler_set(monitor->loop, monitor->listener.fd, NULL, NULL, NULL);
}
