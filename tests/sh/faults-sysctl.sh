#!/bin/bash
# SPDX-License-Identifier: MIT
# kernel.io_uring_disabled refuses rings: the error is EPERM, and its explanation names the setting. It holds for the whole
# machine, so it is set only with LARIAT_TEST_SYSCTL=1, and set back at the end, whatever that is; otherwise strace refuses the
# ring, below a file that says so.
set -euo pipefail
# shellcheck source=tests/sh/faults-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/faults-functions.sh"

setting=/proc/sys/kernel/io_uring_disabled
[ -e $setting ] || skip "this kernel has no kernel.io_uring_disabled"

expect_refusal() # VALUE
{
    expect "new EPERM"
    expect_start "io_uring is refused.*kernel.io_uring_disabled is $1\."
    expect "leaked 0 descriptors, 0 threads"
}

# The explanation alone, in a mount namespace where another file stands for the setting.
as_root=()
[ "$(id -u)" = 0 ] || as_root=(--user --map-root-user)
scratch=$(mktemp -d "${TMPDIR:-/tmp}/lariat-sysctl.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
for value in 1 2; do
    echo $value >"$scratch/setting"
    # shellcheck disable=SC2016 # expanded by the inner shell
    if unshare --mount "${as_root[@]}" sh -c 'mount --bind "$1" "$2"' sh "$scratch/setting" $setting 2>/dev/null; then
        for what in loop iothread; do
            prefix=(unshare --mount "${as_root[@]}" sh -c "mount --bind '$scratch/setting' $setting && exec \"\$@\"" sh)
            inject io_uring_setup:error=EPERM $what
            expect_refusal $value
            prefix=()
        done
    else
        skip_part "no file can be put over $setting here: no test of the explanation with $value"
    fi
done

[ "${LARIAT_TEST_SYSCTL:-}" = 1 ] || {
    skip_part "kernel.io_uring_disabled was not really set, since that refuses rings to all: LARIAT_TEST_SYSCTL=1 does"
    exit 0
}
[ -w $setting ] || {
    skip_part "kernel.io_uring_disabled can only be set by root"
    exit 0
}

# A process of its own session sets it back as soon as nobody has the pipe open any more.
before=$(cat $setting)
exec {alive_fd}> >(exec setsid bash -c "trap '' TERM INT HUP; cat; echo $before >$setting" >/dev/null 2>&1)
restorer=$!
restore()
{
    exec {alive_fd}>&-
    wait $restorer || true
    rm -rf "$scratch"
}
trap restore EXIT

run() # COMMAND...; like inject, without a fault
{
    spec="kernel.io_uring_disabled=$(cat $setting)" what=$* status=0
    out=$("$@" 2>&1) || status=$?
    [ $status = 0 ] || fail "exit status $status"
}

echo 2 >$setting
for what in loop iothread; do
    run "$fault_programs/loop_once" $what
    expect_refusal 2
done
echo 1 >$setting
run "$fault_programs/loop_once" loop
expect "new 0"
run setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$fault_programs/loop_once" loop
expect_refusal 1
