# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the fault tests: they run tests/fault/loop_once under strace, which makes system calls fail.
#
#   inject SPEC WHAT    run `loop_once WHAT` with strace's `-e inject=SPEC`; its output is in $out, its exit status in $status.
#                       SPEC may be several, with spaces between; only_path=PATH: only of calls on this file
#   inject_fatal SPEC WHAT  the same, where the program must abort
#   count_calls NAME WHAT   print how often `loop_once WHAT` calls this system call
#   program=NAME        another program of tests/fault; prefix=(COMMAND...)  what runs strace in its turn
#   expect TEXT         $out must hold this line
#   expect_start TEXT   $out must hold a line that begins so
#   skip REASON         leave the whole test; skip_part REASON: say that a part was left out

program=loop_once
only_path=
prefix=()
fault_programs=${LARIAT_BUILDDIR:?}/tests/fault

# The leak checker of ASan traces the process itself and cannot do so below strace.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

skip()
{
    echo "SKIP: $*"
    exit 77
}

skip_part() { echo "SKIP: $*"; }

command -v strace >/dev/null || skip "strace is not installed"
strace -qq -f -o /dev/null -e inject=getppid:error=EPERM true 2>/dev/null || skip "strace may not trace here"
[ "$("$fault_programs/loop_once" loop | sed -n 's/^new //p')" = 0 ] || skip "no ring to be had, even without faults"

run_with()
{
    spec=$1 what=$2 status=0
    local one calls='' args=()
    for one in $spec; do
        calls=$calls,${one%%:*}
        args+=(-e inject="$one")
    done
    [ -z "$only_path" ] || args+=(-P "$only_path")
    out=$(ulimit -c 0 && timeout -s KILL 30 "${prefix[@]}" strace -qq -f -o /dev/null -e trace="${calls#,}" "${args[@]}" \
        "$fault_programs/$program" "$what" 2>&1) || status=$?
}

count_calls()
{
    strace -qq -f -e trace="$1" -e signal=none "$fault_programs/$program" "$2" 2>&1 >/dev/null | grep -c "$1("
}

inject()
{
    run_with "$@"
    [ $status = 0 ] || fail "exit status $status"
}

inject_fatal()
{
    run_with "$@"
    [ $status = 134 ] || fail "exit status $status, and not that of SIGABRT"
}

fail()
{
    echo "FAIL: with $spec, $what: $*"
    echo "  ${out//$'\n'/$'\n'  }"
    exit 1
}

expect()
{
    grep -qxF -- "$1" <<<"$out" || fail "no line '$1'"
}

expect_start()
{
    grep -q "^$1" <<<"$out" || fail "no line that begins with '$1'"
}
