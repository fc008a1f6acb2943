/* SPDX-License-Identifier: MIT */
/*
 * What the shell tests of file systems and devices run: one loop does I/O on one file, as told, while the script changes the
 * world around it.
 *
 *   file_ops MODE PATH COMMAND...
 *
 * MODE is r or w, d for O_DIRECT, and l: put a loop device over PATH, which goes away with this process, and do it on that
 * ($DEVICE). Commands, done one after the other:
 *   [+][full-][file-]OP:OFFSET:LENGTH   OP is read, write, readv, writev, fallocate, zeroes, discard, fsync or fdatasync. "full-": with
 *                    LARIAT_OP_FULL; "file-": by the calls of lariat/file.h (zeroes and discard always are); "+": without waiting
 *   check:OFFSET:LENGTH   read, and compare with what a write there would have written
 *   wait             for all that is in flight
 *   cancel           ask for the op submitted last to be cancelled
 *   sh:COMMAND       run it, and the loop meanwhile; must succeed
 *   shutdown         the file system, which shall not touch its device any more (ext4, xfs; root)
 *   alive            BHs, timers, a pipe and nops must work
 *
 * Prints each op when it completes, "COMMAND RESULT" (a count or the name of an error), and at the end "alive", "close RESULT"
 * and what was leaked.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/loop.h>

#include "fault_support.h"

enum { ALIGN = 4096, N_PIECES = 4, N_OPS_MAX = 64 };

struct request {
    struct lariat_op op;
    const char *command;
    unsigned char *buf;
    struct iovec iov[N_PIECES];
    int64_t offset, len;
    bool check;
    int n_done;
};

static struct lariat_loop *loop;
static struct lariat_file *file;
static struct request requests[N_OPS_MAX];
static int n_requests, n_done;

static unsigned char byte_at(int64_t offset)
{
    return (unsigned char)(offset % 251 + offset / 4096);
}

static _Noreturn void usage(const char *command)
{
    fprintf(stderr, "file_ops: what is '%s'?\n", command);
    exit(2);
}

static void print_done(struct lariat_op *op, int res)
{
    struct request *request = op->opaque;
    int i = 0;
    while (request->check && i < res && request->buf[i] == byte_at(request->offset + i))
        i++;
    printf("%s %s%s%s\n", request->command, result_name(res), request->check && i < res ? ", other data" : "",
           request->n_done++ ? ", again" : "");
    n_done++;
}

static struct request *request_new(const char *command, int64_t offset, int64_t len)
{
    struct request *request = &requests[n_requests++];
    if (n_requests > N_OPS_MAX)
        usage("more than 64 requests");
    *request = (struct request){ .op = { .fn = print_done, .opaque = request }, .command = command, .offset = offset, .len = len };
    request->buf = lariat_buffer_alloc(ALIGN, (size_t)len);
    if (request->buf == NULL)
        exit(3);
    for (int64_t i = 0; i < len; i++)
        request->buf[i] = byte_at(offset + i);
    for (int i = 0; i < N_PIECES; i++)
        request->iov[i] = (struct iovec){ request->buf + i * (len / N_PIECES), (size_t)(len / N_PIECES) };
    return request;
}

static void submit_transfer(struct request *request, const char *op, bool by_file)
{
    bool writing = op[0] == 'w', vector = strchr(op, 'v') != NULL;
    int fd = lariat_file_fd(file);
    size_t len = (size_t)request->len;
    if (!writing)
        memset(request->buf, 0xee, len);
    if (by_file && vector)
        (writing ? lariat_file_writev : lariat_file_readv)(loop, &request->op, file, request->iov, N_PIECES, request->offset);
    else if (by_file && writing)
        lariat_file_write(loop, &request->op, file, request->buf, len, request->offset);
    else if (by_file)
        lariat_file_read(loop, &request->op, file, request->buf, len, request->offset);
    else if (vector)
        (writing ? lariat_writev : lariat_readv)(loop, &request->op, fd, request->iov, N_PIECES, request->offset);
    else if (writing)
        lariat_write(loop, &request->op, fd, request->buf, len, request->offset);
    else
        lariat_read(loop, &request->op, fd, request->buf, len, request->offset);
}

static bool is_transfer(const char *op)
{
    return strcmp(op, "read") == 0 || strcmp(op, "write") == 0 || strcmp(op, "readv") == 0 || strcmp(op, "writev") == 0;
}

static void submit(struct request *request, const char *op, bool by_file)
{
    bool datasync = strcmp(op, "fdatasync") == 0;
    if (is_transfer(op))
        submit_transfer(request, op, by_file);
    else if (strcmp(op, "fallocate") == 0)
        lariat_fallocate(loop, &request->op, lariat_file_fd(file), 0, request->offset, request->len);
    else if (strcmp(op, "zeroes") == 0)
        lariat_file_write_zeroes(loop, &request->op, file, request->offset, request->len);
    else if (strcmp(op, "discard") == 0)
        lariat_file_discard(loop, &request->op, file, request->offset, request->len);
    else if (datasync || strcmp(op, "fsync") == 0)
        by_file ? lariat_file_fsync(loop, &request->op, file, datasync)
                : lariat_fsync(loop, &request->op, lariat_file_fd(file), datasync);
    else
        usage(op);
}

/* Strips a prefix. */
static bool begins_with(const char **text, const char *prefix)
{
    size_t n = strlen(prefix);
    bool yes = strncmp(*text, prefix, n) == 0;
    if (yes)
        *text += n;
    return yes;
}

static void poll_until_done(const int *value, int target)
{
    int rc = 0;
    while (*value < target && rc >= 0)
        rc = lariat_loop_poll(loop, true);
    if (rc < 0) {
        print_result("poll", rc);
        exit(4);
    }
}

static void do_op(const char *command)
{
    long long offset = 0, len = 0;
    char op[16];
    bool later = begins_with(&command, "+");
    const char *rest = command;
    bool full = begins_with(&rest, "full-");
    bool by_file = begins_with(&rest, "file-");
    if (sscanf(rest, "%15[a-z]:%lli:%lli", op, &offset, &len) < 1)
        usage(command);
    struct request *request = request_new(command, offset, len);
    request->check = strcmp(op, "check") == 0;
    request->op.flags = full ? LARIAT_OP_FULL : 0;
    submit(request, request->check ? "read" : op, by_file);
    if (!later)
        poll_until_done(&request->n_done, 1);
}

static void add_one(void *opaque)
{
    ++*(int *)opaque;
}

static void op_add_one(struct lariat_op *op, int res)
{
    *(int *)op->opaque += res == 1 || res == 0;
}

static void prove_alive(void)
{
    int n = 0, fds[2];
    char byte;
    struct lariat_op read = { .fn = op_add_one, .opaque = &n }, nop = read;
    struct lariat_timer timer;
    if (pipe2(fds, O_CLOEXEC) != 0 || lariat_bh_schedule_oneshot(loop, add_one, &n) != 0)
        exit(3);
    lariat_timer_init(&timer, loop, add_one, &n);
    lariat_timer_set_ns(&timer, lariat_now_ns() + 1000);
    lariat_read(loop, &read, fds[0], &byte, 1, -1);
    lariat_nop(loop, &nop);
    if (write(fds[1], "x", 1) != 1)
        exit(3);
    poll_until_done(&n, 4);
    close(fds[0]);
    close(fds[1]);
    printf("alive\n");
}

static void run_command(const char *text)
{
    char *const args[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char *)(uintptr_t)text, NULL };
    int ended = 0, status = -1;
    pid_t pid;
    if (posix_spawnp(&pid, "sh", NULL, NULL, args, environ) != 0)
        exit(3);
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (lariat_handler_set(loop, pidfd, add_one, NULL, &ended) != 0)
        exit(3);
    poll_until_done(&ended, 1);
    (void)lariat_handler_set(loop, pidfd, NULL, NULL, NULL);
    close(pidfd);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        printf("failed: %s\n", text);
}

static void shut_down(void)
{
    uint32_t flags = 2; /* without writing its log */
    if (ioctl(lariat_file_fd(file), _IOR('X', 125, uint32_t), &flags) != 0)
        printf("shutdown %s\n", result_name(-errno));
}

static void obey(const char *command)
{
    const char *rest = command;
    if (strcmp(command, "wait") == 0)
        poll_until_done(&n_done, n_requests);
    else if (strcmp(command, "cancel") == 0)
        printf("cancel %s\n", result_name(lariat_op_cancel(loop, &requests[n_requests - 1].op)));
    else if (strcmp(command, "alive") == 0)
        prove_alive();
    else if (strcmp(command, "shutdown") == 0)
        shut_down();
    else if (!begins_with(&rest, "sh:"))
        do_op(command);
    else
        run_command(rest);
}

static int open_file(const char *mode, const char *path)
{
    int oflags = (strchr(mode, 'w') ? O_RDWR : O_RDONLY) | (strchr(mode, 'd') ? O_DIRECT : 0);
    char *errmsg = NULL;
    int rc = lariat_file_open(path, oflags, 0, &file, &errmsg);
    if (rc != 0)
        printf("open %s: %s\n", result_name(rc), errmsg);
    free(errmsg);
    return rc;
}

/* A loop device, not used by anybody else; it ends when the last one closes it. Its descriptor, or -1. */
static int make_device(int backing, char *path, size_t path_bytes)
{
    struct loop_config config = { .fd = (__u32)backing, .info.lo_flags = LO_FLAGS_AUTOCLEAR | LO_FLAGS_DIRECT_IO };
    int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), fd = -1;
    for (int tries = 0; tries < 50 && control >= 0 && fd < 0; tries++) { /* another process may take the number first */
        snprintf(path, path_bytes, "/dev/loop%d", ioctl(control, LOOP_CTL_GET_FREE));
        fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd >= 0 && ioctl(fd, LOOP_CONFIGURE, &config) != 0) {
            close(fd);
            fd = -1;
        }
    }
    if (control >= 0)
        close(control);
    return fd;
}

static int open_device(const char *mode, const char *path)
{
    char name[32];
    int backing = open(path, O_RDWR | O_CLOEXEC | O_DIRECT), rc = -ENXIO;
    int device = backing < 0 ? -1 : make_device(backing, name, sizeof(name));
    if (device < 0) {
        printf("no loop device\n");
    } else {
        setenv("DEVICE", name, 1);
        rc = open_file(mode, name);
        close(device);
    }
    if (backing >= 0)
        close(backing);
    return rc;
}

int main(int argc, char **argv)
{
    int n_fds = count_entries("/proc/self/fd");
    setvbuf(stdout, NULL, _IOLBF, 0);
    signal(SIGXFSZ, SIG_IGN);
    if (argc < 3)
        usage("nothing");
    if (lariat_loop_new(NULL, &loop) != 0)
        return 77;
    int rc = strchr(argv[1], 'l') ? open_device(argv[1], argv[2]) : open_file(argv[1], argv[2]);
    if (rc == 0) {
        for (int i = 3; i < argc; i++)
            obey(argv[i]);
        prove_alive();
    }
    print_close(loop);
    lariat_file_close(file);
    for (int i = 0; i < n_requests; i++)
        lariat_buffer_free(requests[i].buf);
    print_leaks(n_fds);
    return 0;
}
