#!/bin/bash
# SPDX-License-Identifier: MIT
# io_uring_enter fails, or submits nothing: every op, BH and timer is still done exactly once.
set -euo pipefail
# shellcheck source=tests/sh/faults-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/faults-functions.sh"

# Once, early and late; then again and again, so that retries fail too. "retval": the kernel does nothing, and says that it
# took nothing, or one.
for fault in error=EINTR error=EAGAIN error=EBUSY error=ENOMEM retval=0 retval=1; do
    for when in 1 2 3 4 5 10 20 50 3+7 2+3 1+2; do
        inject "io_uring_enter:$fault:when=$when" work
        expect "new 0"
        expect "done 1051 of 1051, 0 wrong"
        expect "poll 0"
        expect "close 0"
        expect "leaked 0 descriptors, 0 threads"
    done
done

# The queue is full and the kernel takes nothing: the ops that find no room are refused, by their result.
for fault in error=EAGAIN error=EBUSY retval=0 retval=1; do
    inject "io_uring_enter:$fault:when=2..40" flood
    expect "new 0"
    expect "done 1000 of 1000, 0 wrong"
    expect_start "[1-9][0-9]* refused"
    expect "close 0"
    expect "leaked 0 descriptors, 0 threads"
done

# A ring that is broken for good ends the loop with that error. It must not spin, and give everything back.
inject io_uring_enter:error=EBADF:when=20+ work
expect "poll EBADF"
expect_start "close"
expect "leaked 0 descriptors, 0 threads"

# On an iothread nobody would learn of it: the process ends, with the reason.
inject_fatal io_uring_enter:error=EBADF:when=2+ iothread
expect_start "lariat.*io0.*Bad file descriptor"
