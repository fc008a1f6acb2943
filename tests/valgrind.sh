# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# make check-valgrind: runs libcheck suites under memcheck, two at a time, in the build directory.
# Logs and results go to valgrind-logs/, in the form of automake's harness, for tools/count-tests.
#
# Suites named in LEAVE_OUT are left out.
#
# CK_FORK=no: one process per suite, or each test would have a leak report of its own.
# timeout -s KILL: valgrind 3.19 keeps its big lock while a thread waits in io_uring_enter, and a
# program that does so neither goes on nor listens to SIGTERM.
set -euo pipefail

[ "${VALGRIND:-no}" != no ] || {
    echo "SKIP: valgrind was not found by configure (Debian package: valgrind)"
    exit 77
}
srcdir=${LARIAT_SRCDIR:?}
logs=valgrind-logs

if [ "${1:-}" = --one ]; then
    suite=$2
    log=$logs/${suite##*/}.log
    status=0
    CK_FORK=no CK_TIMEOUT_MULTIPLIER=10 timeout -s KILL "${TEST_TIME_LIMIT:-300}" \
        ./libtool --silent --mode=execute "$VALGRIND" -q --error-exitcode=99 --fair-sched=try \
        --leak-check=full --show-leak-kinds=definite,indirect,possible \
        --errors-for-leak-kinds=definite,indirect "./$suite" >"$log" 2>&1 </dev/null || status=$?
    case $status in
        0) result=PASS ;;
        77) result=SKIP ;;
        137) result=FAIL && echo "killed after ${TEST_TIME_LIMIT:-300} s" >>"$log" ;;
        *) result=FAIL ;;
    esac
    echo ":test-result: $result" >"${log%.log}.trs"
    echo "$result: $suite (valgrind, exit status $status)"
    exit 0
fi

[ $# -gt 0 ] || {
    echo "no suites to run under valgrind"
    exit 1
}
rm -rf "$logs"
mkdir "$logs"
for suite in "$@"; do
    case " ${LEAVE_OUT:-} " in *" $suite "*) ;; *) printf '%s\0' "$suite" ;; esac
done | xargs -0 -n 1 -P "$(nproc)" "$BASH" "$0" --one

for trs in "$logs"/*.trs; do
    grep -q FAIL "$trs" || continue
    echo "--- ${trs%.trs}.log"
    cat "${trs%.trs}.log"
done
"$BASH" "$srcdir/tools/count-tests" "$logs"
