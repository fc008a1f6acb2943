/* SPDX-License-Identifier: MIT */
/*
 * Exits 0 if the kernel gives this process a ring, else says why not and exits 77. It asks the kernel
 * itself and not the library, so that a broken library is not taken for a machine without io_uring.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/io_uring.h>

#include <lariat/loop.h>

int main(void)
{
    struct io_uring_params params;
    memset(&params, 0, sizeof(params));

    long fd = syscall(__NR_io_uring_setup, 32, &params);
    if (fd >= 0) {
        close((int)fd);
        return 0;
    }

    int err = errno;
    char *reason = lariat_explain_setup(-err);
    printf("SKIP: %s\n", reason ? reason : strerror(err));
    free(reason);
    return 77;
}
