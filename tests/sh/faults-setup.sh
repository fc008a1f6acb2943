#!/bin/bash
# SPDX-License-Identifier: MIT
# Each step of making a loop or an iothread fails: the error reaches the creator, and nothing is left behind.
set -euo pipefail
# shellcheck source=tests/sh/faults-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/faults-functions.sh"

for error in EPERM ENOSYS ENOMEM EMFILE ENFILE; do
    for what in loop iothread; do
        inject "io_uring_setup:error=$error" $what
        expect "new $error"
        expect "leaked 0 descriptors, 0 threads"
    done
done

# One failure for lack of memory is cured by smaller queues.
inject io_uring_setup:error=ENOMEM:when=1 loop
expect "new 0"
expect_start "sizes 64 256,"
expect "leaked 0 descriptors, 0 threads"

# Flags that an older kernel does not know are dropped one set after the other.
for last in 1 2 3 4; do
    inject io_uring_setup:error=EINVAL:when=1..$last work
    expect "new 0"
    expect "done 1051 of 1051, 0 wrong"
    expect "leaked 0 descriptors, 0 threads"
done

for what in loop iothread; do
    inject eventfd2:error=EMFILE $what
    expect "new EMFILE"
    expect "leaked 0 descriptors, 0 threads"
done

# Without registering its descriptor a ring still works.
inject io_uring_register:error=EINVAL:when=1 work
expect "new 0"
expect "done 1051 of 1051, 0 wrong"
expect "leaked 0 descriptors, 0 threads"

inject clone3:error=EAGAIN iothread
expect "new EAGAIN"
expect "leaked 0 descriptors, 0 threads"
