/* SPDX-License-Identifier: MIT */
/*
 * What tests/sh/faults-register.sh runs under strace: registers and unregisters memory and descriptors, and uses them. Each
 * registering step is tried up to three times. Prints a line per step, its name and its results, and "reads N", how many ops
 * on ordinary descriptors and memory were done at the end, whatever had failed before.
 */
#include <errno.h>
#include <fcntl.h>

#include "fault_support.h"

enum { BYTES = 4096, N_TRIES = 3, N_READS = 10 };

static struct lariat_loop *loop;
static char memory[BYTES] __attribute__((aligned(BYTES)));
static const struct iovec iov = { memory, BYTES };
static int file;

static int add_buffers(void) { return lariat_register_buffers(loop, &iov, 1); }
static int remove_buffers(void) { return lariat_register_buffers(loop, NULL, 0); }
static int add_files(void) { return lariat_register_files(loop, (const int[]){ file, -1 }, 2); }
static int fill_slot(void) { return lariat_register_files_update(loop, 1, &file, 1); }
static int empty_slot(void) { return lariat_register_files_update(loop, 0, (const int[]){ -1 }, 1); }
static int remove_files(void) { return lariat_register_files(loop, NULL, 0); }

static void try_thrice(const char *name, int (*step)(void))
{
    int res = -1;
    printf("%s", name);
    for (int i = 0; i < N_TRIES && res < 0; i++) {
        res = step();
        printf(" %s", result_name(res));
    }
    printf("\n");
}

static void note_result(struct lariat_op *op, int res)
{
    *(int *)op->opaque = res;
}

/* Polls until the op, submitted already, has its result. */
static int result_of(int *result)
{
    int rc = 0;
    while (*result == -EINPROGRESS && rc >= 0)
        rc = lariat_loop_poll(loop, true);
    return rc < 0 ? rc : *result;
}

static void read_into_buffer(const char *name)
{
    int result = -EINPROGRESS;
    struct lariat_op op = { .fn = note_result, .opaque = &result };
    lariat_read_fixed(loop, &op, file, memory, BYTES, 0, 0);
    printf("%s %s\n", name, result_name(result_of(&result)));
}

static int read_from(int fd, unsigned flags)
{
    int result = -EINPROGRESS;
    struct lariat_op op = { .fn = note_result, .opaque = &result, .flags = flags };
    lariat_read(loop, &op, fd, memory, BYTES, 0);
    return result_of(&result);
}

static void read_slot(const char *name, int slot)
{
    printf("%s %s\n", name, result_name(read_from(slot, LARIAT_OP_FIXED_FILE)));
}

static void take_all_steps(void)
{
    try_thrice("buffers", add_buffers);
    read_into_buffer("read into buffer");
    try_thrice("no buffers", remove_buffers);
    read_into_buffer("read without buffer");
    try_thrice("files", add_files);
    read_slot("read slot 0", 0);
    try_thrice("fill slot 1", fill_slot);
    read_slot("read slot 1", 1);
    try_thrice("empty slot 0", empty_slot);
    read_slot("read slot 0 again", 0);
    try_thrice("no files", remove_files);
    read_slot("read without slot", 1);
}

int main(void)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    int n_fds = count_entries("/proc/self/fd"), n_reads = 0;
    file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return 1;
    if (print_new_loop(&loop) == 0) {
        take_all_steps();
        for (int i = 0; i < N_READS; i++)
            n_reads += read_from(file, 0) == BYTES;
        printf("reads %d\n", n_reads);
        print_close(loop);
    }
    close(file);
    print_leaks(n_fds);
    return 0;
}
