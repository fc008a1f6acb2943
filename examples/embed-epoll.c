/* SPDX-License-Identifier: MIT */
/*
 * Print a file, read through a Lariat loop that lives inside an epoll loop.
 *
 *     cc embed-epoll.c $(pkg-config --cflags --libs lariat) && ./a.out FILE
 */
#include <fcntl.h>
#include <lariat/lariat.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

static struct lariat_loop *loop;
static struct lariat_op op;
static int fd, result = 1;
static int64_t offset;
static char buffer[4096];

/* A read has completed: print it and ask for the next one, until the end or an error. */
static void read_done(struct lariat_op *done, int res)
{
    if (res <= 0) {
        result = res;
        return;
    }
    fwrite(buffer, 1, (size_t)res, stdout);
    offset += res;
    lariat_read(loop, done, fd, buffer, sizeof(buffer), offset);
}

int main(int argc, char **argv)
{
    struct lariat_loop_options options = LARIAT_LOOP_OPTIONS_INIT;
    struct epoll_event event = { .events = EPOLLIN }; /* your own descriptors carry something in .data */

    fd = open(argv[argc - 1], O_RDONLY | O_CLOEXEC);
    options.flags = LARIAT_LOOP_EMBED;
    int err = lariat_loop_new(&options, &loop);
    if (fd < 0 || err < 0) {
        fprintf(stderr, "%s\n", err < 0 ? lariat_explain_setup(err) : "no such file");
        return err < 0 ? 77 : 1;
    }
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, lariat_loop_fd(loop), &event);

    op.fn = read_done;
    lariat_read(loop, &op, fd, buffer, sizeof(buffer), offset);
    while (result > 0) {
        int64_t timeout_ns;
        /* 1. What was queued is submitted; this is how long the loop can wait. */
        if (lariat_loop_prepare(loop, &timeout_ns) < 0)
            break;
        /* 2. Wait, for your own descriptors too. Rounded up to ms, since too early would be a turn for nothing. */
        int n = epoll_wait(epoll_fd, &event, 1, timeout_ns < 0 ? -1 : (int)((timeout_ns + 999999) / 1000000));
        (void)n; /* whatever ended the wait, a signal too: look */
        /* 3. If something came, run its callbacks. */
        if (lariat_loop_check(loop) && lariat_loop_dispatch(loop) < 0)
            break;
    }
    close(epoll_fd);
    close(fd);
    lariat_loop_unref(loop); /* closes it */
    return result == 0 ? 0 : 1;
}
