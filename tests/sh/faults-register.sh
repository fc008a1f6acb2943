#!/bin/bash
# SPDX-License-Identifier: MIT
# io_uring_register fails at each of its uses, once and for ever: the caller gets the error, what was not registered is not
# used, and the loop goes on.
set -euo pipefail
# shellcheck source=tests/sh/faults-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/faults-functions.sh"
program=register_once

# What the Nth call is for, and what is printed about it if it succeeds. The first and the last are for the ring's own descriptor.
steps=('' "registered" "new" "" "buffers" "no buffers" "files" "fill slot 1" "empty slot 0" "no files" "")
good=('' "" "0" "" "0" "0" "0" "1" "1" "0" "")

expect_common()
{
    expect "new 0"
    expect "reads 10"
    expect "close 0"
    expect "leaked 0 descriptors, 0 threads"
}

# Once: trying again is enough.
for error in EINVAL ENOMEM EBUSY; do
    for n in 4 5 6 7 8 9; do
        inject "io_uring_register:error=$error:when=$n" ''
        expect "${steps[n]} $error ${good[n]}"
        for other in 4 5 6 7 8 9; do
            [ $other = $n ] || expect "${steps[other]} ${good[other]}"
        done
        expect "read into buffer 4096"
        expect "read slot 0 4096"
        expect "read slot 1 4096"
        expect "read slot 0 again EBADF"
        expect_common
    done
done

# For ever: what comes before still works, what comes after does not.
for error in EINVAL ENOMEM EMFILE EBUSY; do
    inject "io_uring_register:error=$error:when=4+" ''
    expect "buffers $error $error $error"
    expect "read into buffer EFAULT"
    expect "files $error $error $error"
    expect "read slot 0 EBADF"
    expect_common
    inject "io_uring_register:error=$error:when=6+" ''
    expect "buffers 0"
    expect "read into buffer 4096"
    expect "files $error $error $error"
    expect "fill slot 1 $error $error $error"
    expect "read slot 1 EBADF"
    expect_common
    # Slots that cannot be changed stay as they were.
    inject "io_uring_register:error=$error:when=7+" ''
    expect "fill slot 1 $error $error $error"
    expect "read slot 1 EBADF"
    expect "read slot 0 again 4096"
    expect "no files $error $error $error"
    expect_common
done

# The ring's own descriptor is only nice to have registered, and given back or not; nor need workers be limited.
for when in 1 3 10; do
    inject "io_uring_register:error=EINVAL:when=$when" ''
    expect "buffers 0"
    expect "read slot 1 4096"
    expect_common
done

# Without the probe there is no loop, and nothing is left of it.
for error in EINVAL ENOMEM EMFILE EBUSY EPERM ENOSYS; do
    inject "io_uring_register:error=$error:when=$([ $error = ENOMEM ] && echo 1+ || echo 2)" ''
    expect "new $error"
    expect "leaked 0 descriptors, 0 threads"
done

# A signal that comes while it waits is nobody's business; liburing raises the limit of descriptors where it can.
for n in 2 4 5 6 7 8 9; do
    inject "io_uring_register:error=EINTR:when=$n..$((n + 2))" ''
    [ $n = 2 ] || expect "${steps[n]} ${good[n]}"
    expect_common
done
inject "io_uring_register:error=EMFILE:when=6" ''
expect "files 0"
expect "read slot 1 4096"
expect_common

# What is queued has to reach the kernel first. If that takes nothing just now, nothing is registered.
for error in EAGAIN EBUSY ENOMEM; do
    inject "io_uring_enter:error=$error:when=3+2" ''
    expect_common
    inject "io_uring_enter:error=$error:when=2+3 io_uring_register:error=ENOMEM:when=4+2" ''
    expect_common
done
