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

# Short of memory again and again: the queues are at their smallest by then, and creation waits a little.
for when in 1..4 1..6; do
    inject io_uring_setup:error=ENOMEM:when=$when work
    expect "new 0"
    expect_start "sizes 32 128,"
    expect "done 1051 of 1051, 0 wrong"
    expect "leaked 0 descriptors, 0 threads"
done

for error in EMFILE ENFILE ENOMEM ENODEV; do
    for what in loop iothread; do
        inject eventfd2:error=$error $what
        expect "new $error"
        expect "leaked 0 descriptors, 0 threads"
    done
done

for error in EAGAIN ENOMEM; do # which pthread_create() makes one of
    inject clone3:error=$error iothread
    expect "new EAGAIN"
    expect "leaked 0 descriptors, 0 threads"
done
inject clone3:error=EPERM iothread
expect "new EPERM"
expect "leaked 0 descriptors, 0 threads"

# Each mapping made for a loop: the page that tells a fork, the ring, its SQEs. For lack of memory the ring may be smaller.
if [ -n "${LARIAT_SANITIZED:-}" ]; then
    skip_part "mappings are not made to fail in a build with a sanitizer, which maps memory itself and ends if it cannot"
else
    before=$(count_calls mmap nothing)
    n=$(($(count_calls mmap loop) - before))
    [ $n -ge 3 ] || fail "a loop makes $n mappings"
    for ((i = before + 1; i <= before + n; i++)); do
        for error in ENOMEM EPERM; do
            inject "mmap:error=$error:when=$i" loop
            grep -qE "^new (0|ENOMEM|$error)$" <<<"$out" || fail "another result of creation"
            expect "leaked 0 descriptors, 0 threads"
        done
        inject "mmap:error=ENOMEM:when=$i+" loop
        expect "new ENOMEM"
        expect "leaked 0 descriptors, 0 threads"
    done
    inject "mmap:error=ENOMEM:when=$((before + 2))" work
    expect_start "sizes 64 256,"
    expect "done 1051 of 1051, 0 wrong"
fi

# Telling a fork does without madvise(); a ring that cannot be kept from children is refused.
if [ -n "${LARIAT_SANITIZED:-}" ]; then
    skip_part "madvise() is not made to fail in a build with a sanitizer, which calls it itself"
else
    inject "madvise:error=EINVAL:when=1" work
    expect "new 0"
    expect "done 1051 of 1051, 0 wrong"
    for when in 2 3 2+; do
        for error in ENOMEM EINVAL; do
            inject "madvise:error=$error:when=$when" loop
            expect "new $error"
            expect "leaked 0 descriptors, 0 threads"
        done
    done
fi
