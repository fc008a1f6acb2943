#!/bin/bash
# SPDX-License-Identifier: MIT
# make check-soak: for SOAK_SECONDS (600) the simulator with all faults on, from a seed of its own each time, and beside it the
# stress suites: each in its long form for its share of the time, then in the short ones with new seeds. Ends at the first
# failure, and says how to replay it.
set -euo pipefail

build=${LARIAT_BUILDDIR:?}
seconds=${SOAK_SECONDS:-600}
seed=$(date +%s)
stress=full
end=$((SECONDS + seconds))
work=$(mktemp -d)
trap 'kill "$sim" 2>/dev/null || true; rm -rf "$work"' EXIT

# Only to be asked until it says yes. A simulator that has ended well is not one that failed.
sim_status=
simulator_failed()
{
    ! kill -0 "$sim" 2>/dev/null || return 1
    if [ -z "$sim_status" ]; then
        sim_status=0
        wait "$sim" || sim_status=$?
    fi
    [ "$sim_status" != 0 ]
}

n_passed=0
failed() # how to replay it, log
{
    cat "$2"
    echo "$1"
    echo "$n_passed passed, 1 failed, 0 skipped"
    exit 1
}

"$build/tests/sim/sim" --seconds="$seconds" --seed="${seed}000" --all >"$work/sim.log" 2>&1 &
sim=$!
echo "simulator: all faults, from seed ${seed}000 on, for $seconds s"

# A suite that has not ended after its share is ended, which is no failure and does not count.
share=$((seconds / $# > 0 ? seconds / $# : 1))
while [ $SECONDS -lt $end ]; do
    for suite in "$@"; do
        left=$((end - SECONDS)) status=0
        [ $left -gt 0 ] || break
        seed=$((seed + 1))
        LARIAT_STRESS=$stress LARIAT_TEST_SEED=$seed CK_TIMEOUT_MULTIPLIER=100 \
            timeout -k 5 $((left < share ? left : share)) "$build/$suite" >"$work/log" 2>&1 || status=$?
        case $status in
            0)
                n_passed=$((n_passed + 1))
                echo "$suite, LARIAT_STRESS=$stress, seed $seed: passed; $((end > SECONDS ? end - SECONDS : 0)) s left"
                ;;
            124 | 137) echo "$suite, LARIAT_STRESS=$stress, seed $seed: ended with its time" ;;
            *) failed "replay: LARIAT_STRESS=$stress LARIAT_TEST_SEED=$seed $suite" "$work/log" ;;
        esac
        ! simulator_failed || failed "the simulator failed; its log tells the seed" "$work/sim.log"
    done
    # Long first; then many short ones with other seeds.
    stress=short
done

while kill -0 "$sim" 2>/dev/null; do
    sleep 1
done
! simulator_failed || failed "the simulator failed; its log tells the seed" "$work/sim.log"
n_passed=$((n_passed + 1))
echo "simulator: $(tail -n 1 "$work/sim.log")"
echo "$n_passed passed, 0 failed, 0 skipped"
