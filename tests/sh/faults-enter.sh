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

# For ever, as long as nothing depends on it: an iothread that has nothing to do can still be stopped.
for fault in error=EINTR error=EAGAIN error=EBUSY error=ENOMEM retval=0; do
    inject "io_uring_enter:$fault" iothread
    expect "new 0"
    expect "leaked 0 descriptors, 0 threads"
done

# The write that wakes the loop is interrupted, or told that the counter is full; then the read that empties it is, too.
only_path='anon_inode:[eventfd]'
for faults in write:error=EINTR:when=1+2 write:error=EAGAIN:when=1+2 write:error=EINTR:when=1..3; do
    inject "$faults" wake
    expect "done 50 of 50, 0 wrong"
    expect_start "woken by [1-9]"
    expect "leaked 0 descriptors, 0 threads"
done
inject "write:error=EAGAIN:when=1+2 read:error=EINTR:when=1+2" wake
expect "done 50 of 50, 0 wrong"
only_path=

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
for error in EBADF ENXIO EPERM; do
    inject io_uring_enter:error=$error:when=20+ work
    expect "poll $error"
    expect "close $error"
    expect "leaked 0 descriptors, 0 threads"
done

# So is one that has lost completions, for lack of memory. That is said once.
inject io_uring_enter:error=EBADR:when=20 work
expect "poll EBADR"
expect_start "close"
expect "leaked 0 descriptors, 0 threads"

# On an iothread nobody would learn of it: the process ends, with the reason.
inject_fatal io_uring_enter:error=EBADF:when=2+ iothread
expect_start "lariat.*io0.*Bad file descriptor"
