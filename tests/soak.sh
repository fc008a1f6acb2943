#!/bin/bash
# SPDX-License-Identifier: MIT
# make check-soak: for SOAK_SECONDS (600) the simulator with all faults on, from a seed of its own each time, and beside it the
# stress suites in their long form, again and again with new seeds. Ends at the first failure, and says how to replay it.
set -euo pipefail

build=${LARIAT_BUILDDIR:?}
seconds=${SOAK_SECONDS:-600}
seed=$(date +%s)
end=$((SECONDS + seconds))
work=$(mktemp -d)
trap 'kill "$sim" 2>/dev/null || true; rm -rf "$work"' EXIT

"$build/tests/sim/sim" --seconds="$seconds" --seed="${seed}000" --all >"$work/sim.log" 2>&1 &
sim=$!
echo "simulator: all faults, from seed ${seed}000 on, for $seconds s"

n_passed=0
failed() # what, log
{
    cat "$2"
    echo "$1"
    echo "$n_passed passed, 1 failed, 0 skipped"
    exit 1
}

# One suite may take longer than what is left: then it is ended, which is no failure.
while [ $SECONDS -lt $end ]; do
    for suite in "$@"; do
        left=$((end - SECONDS)) status=0
        [ $left -gt 0 ] || break
        seed=$((seed + 1))
        LARIAT_STRESS=full LARIAT_TEST_SEED=$seed CK_TIMEOUT_MULTIPLIER=100 timeout -k 5 $left "$build/$suite" \
            >"$work/log" 2>&1 || status=$?
        case $status in
            0) n_passed=$((n_passed + 1)) ;;
            124 | 137) echo "$suite, seed $seed: ended with the time" ;;
            *) failed "replay: LARIAT_STRESS=full LARIAT_TEST_SEED=$seed $suite" "$work/log" ;;
        esac
        [ $status != 0 ] || echo "$suite, seed $seed: passed; $((end > SECONDS ? end - SECONDS : 0)) s left"
    done
done

status=0
wait "$sim" || status=$?
[ $status = 0 ] || failed "the simulator failed" "$work/sim.log"
n_passed=$((n_passed + 1))
echo "simulator: $(tail -n 1 "$work/sim.log")"
echo "$n_passed passed, 0 failed, 0 skipped"
