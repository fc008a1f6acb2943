# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# make check-flags: runs the suites that have a ring once per flag set (tests/unit/flag_sets.h tells the words), two at a
# time, in the build directory. Logs and results go to flag-logs/SET/, in the form of automake's harness, for
# tools/count-tests. FLAG_SETS="SET..." in the environment runs others, for example one that failed.
set -euo pipefail

# Not each combination, but: all words; plain, coop and defer with and without a registered descriptor; small queues, and
# an SQ thread, with polling and without. What make check runs, the default without any word, is not run again.
default_sets="
    sqpoll,poll
    plain,noreg,sqpoll,cq8,nopoll
    plain,poll
    plain,noreg,cq8,nopoll
    coop,nopoll
    coop,noreg,poll
    single,cq8,poll
    defer,poll
    defer,noreg,nopoll
    defer,cq8,nopoll
"
srcdir=${LARIAT_SRCDIR:?}
logs=flag-logs

if [ "${1:-}" = --one ]; then
    set=${2%%:*} suite=${2#*:}
    log=$logs/$set/${suite##*/}.log
    status=0
    # With several threads to a loop on few CPUs everything may take its time.
    LARIAT_TEST_FLAGS=$set CK_TIMEOUT_MULTIPLIER=${CK_TIMEOUT_MULTIPLIER:-4} \
        timeout -k 5 "${TEST_TIME_LIMIT:-300}" "./$suite" >"$log" 2>&1 </dev/null || status=$?
    case $status in
        0) result=PASS ;;
        77) result=SKIP ;;
        124 | 137) result=FAIL && echo "killed after ${TEST_TIME_LIMIT:-300} s" >>"$log" ;;
        *) result=FAIL ;;
    esac
    echo ":test-result: $result" >"${log%.log}.trs"
    if [ $result = FAIL ]; then
        echo "--- FAIL: LARIAT_TEST_FLAGS=$set $suite (exit status $status)"
        cat "$log"
    fi
    exit 0
fi

# The longest first. Pure functions, suites of the bare kernel, and those that answer in its place know no flag sets.
suites=() slow=()
for suite in "$@"; do
    case $suite in
        tests/sim/* | tests/seam/* | tests/fault/* | */test_bench_* | */test_histogram | */test_kernel* | */test_poll) ;;
        */test_config | */test_keyval | */test_property) ;;
        tests/stress/* | */test_embed) slow+=("$suite") ;;
        *) suites+=("$suite") ;;
    esac
done
suites=("${slow[@]}" "${suites[@]}")
read -r -d '' -a sets <<<"${FLAG_SETS:-$default_sets}" || true

rm -rf "$logs"
for set in "${sets[@]}"; do
    mkdir -p "$logs/$set"
    for suite in "${suites[@]}"; do
        # It makes submissions fail, and with an SQ thread there are none.
        [[ $set != *sqpoll* || $suite != */test_loop_wrapped ]] || continue
        printf '%s:%s\0' "$set" "$suite"
    done
done | xargs -0 -n 1 -P "$(nproc)" "$BASH" "$0" --one

for set in "${sets[@]}"; do
    printf '%-32s %s\n' "$set" "$("$BASH" "$srcdir/tools/count-tests" "$logs/$set" || true)"
done
"$BASH" "$srcdir/tools/count-tests" "$logs"
