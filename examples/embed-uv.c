/* SPDX-License-Identifier: MIT */
/*
 * Print a file, read through a Lariat loop that lives inside a libuv loop.
 *
 *     cc embed-uv.c $(pkg-config --cflags --libs lariat libuv) && ./a.out FILE
 */
#include <fcntl.h>
#include <lariat/lariat.h>
#include <stdio.h>
#include <unistd.h>
#include <uv.h>

static struct lariat_loop *loop;
static struct lariat_op op;
static int fd, result = 1;
static int64_t offset;
static char buffer[4096];

static uv_prepare_t before_wait;
static uv_check_t after_wait;
static uv_poll_t poll_handle;
static uv_timer_t timer;

/* These two only end libuv's wait: what there is to do is found by after_the_wait(). */
static void on_event(uv_poll_t *handle, int status, int events) { (void)handle, (void)status, (void)events; }
static void on_time(uv_timer_t *handle) { (void)handle; }

/* libuv asks for its timers after this, so a timer started here bounds the wait. */
static void before_the_wait(uv_prepare_t *handle)
{
    int64_t timeout_ns = -1;
    if (lariat_loop_prepare(loop, &timeout_ns) < 0) /* submits what was queued */
        uv_stop(handle->loop);
    uv_timer_stop(&timer);
    uv_update_time(handle->loop);
    if (timeout_ns >= 0)
        uv_timer_start(&timer, on_time, (uint64_t)(timeout_ns + 999999) / 1000000, 0);
}

static void after_the_wait(uv_check_t *handle)
{
    if ((lariat_loop_check(loop) && lariat_loop_dispatch(loop) < 0) || result <= 0)
        uv_stop(handle->loop);
}

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
    uv_loop_t *uv = uv_default_loop();

    fd = open(argv[argc - 1], O_RDONLY | O_CLOEXEC);
    options.flags = LARIAT_LOOP_EMBED;
    int err = lariat_loop_new(&options, &loop);
    if (fd < 0 || err < 0) {
        fprintf(stderr, "%s\n", err < 0 ? lariat_explain_setup(err) : "no such file");
        return err < 0 ? 77 : 1;
    }
    uv_prepare_init(uv, &before_wait);
    uv_check_init(uv, &after_wait);
    uv_timer_init(uv, &timer);
    uv_poll_init(uv, &poll_handle, lariat_loop_fd(loop));
    uv_prepare_start(&before_wait, before_the_wait);
    uv_check_start(&after_wait, after_the_wait);
    uv_poll_start(&poll_handle, UV_READABLE, on_event);

    op.fn = read_done;
    lariat_read(loop, &op, fd, buffer, sizeof(buffer), offset);
    uv_run(uv, UV_RUN_DEFAULT); /* until read_done() is through */

    uv_poll_stop(&poll_handle); /* before the loop's descriptor goes */
    close(fd);
    lariat_loop_unref(loop); /* closes it */
    return result == 0 ? 0 : 1;
}
