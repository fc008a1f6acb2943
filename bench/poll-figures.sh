#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The figures that the policy auto is judged by. Run it in a build directory, best as root on a machine with nothing else to do:
#
#   ../bench/poll-figures.sh [--rounds=N] [--seconds=S] [--file=PATH] [--fifo] [MEASURE...]
#
# MEASURE: simulate disk loop pingpong-two-cpus pingpong-one-cpu idle ticks neighbours (all).
# --file: what to read, made if it is not there (poll-figures.dat in the current directory, 256 MiB; for `loop` a copy in
# /dev/shm behind a loop device). --fifo runs the loads with real-time priority, so that a busy machine disturbs less; but
# then its CPUs never sleep, and waking up is cheaper than on one that idles.
# Each measure alternates the policies, in another order each round; printed are medians [least..most] and the median of the
# ratios to polling off, round by round, with the share of the CPUs that others used.
set -euo pipefail

rounds=7 seconds=2 file=poll-figures.dat fifo=
measures=()
for arg; do
    case $arg in
    --rounds=*) rounds=${arg#*=} ;;
    --seconds=*) seconds=${arg#*=} ;;
    --file=*) file=${arg#*=} ;;
    --fifo) fifo='chrt -f 5' ;;
    -*) sed -n '4,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    *) measures+=("$arg") ;;
    esac
done
[ ${#measures[@]} -gt 0 ] || measures=(simulate pingpong-two-cpus pingpong-one-cpu idle ticks disk loop neighbours)

loop_device=
cleanup()
{
    [ -z "$loop_device" ] || losetup -d "$loop_device" || true
    rm -f /dev/shm/poll-figures.$$
}
trap cleanup EXIT

busy_ticks() { awk '/^cpu /{ print $2 + $3 + $4 + $7 + $8 + $9, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat; }

# Medians of each figure and policy, and of the ratios to polling off.
digest()
{
    awk '
    function sorted(values, n, out,   i, j, t)
    {
        for (i = 1; i <= n; i++) out[i] = values[i]
        for (i = 2; i <= n; i++)
            for (j = i; j > 1 && out[j - 1] > out[j]; j--) { t = out[j]; out[j] = out[j - 1]; out[j - 1] = t }
    }
    function median(values, n,   out) { sorted(values, n, out); return n % 2 ? out[(n + 1) / 2] : (out[n / 2] + out[n / 2 + 1]) / 2 }
    {
        if (!($2 in seen)) { seen[$2] = 1; order[++n_policies] = $2 }
        for (i = 4; i <= NF; i++) {
            split($i, pair, "=")
            if (pair[1] == "spins") break
            if (!(pair[1] in known)) { known[pair[1]] = 1; keys[++n_keys] = pair[1] }
            value[$2, pair[1], $3] = pair[2]
        }
        if ($3 + 1 > n_rounds) n_rounds = $3 + 1
        what = $1
    }
    END {
        for (p = 1; p <= n_policies; p++)
            for (k = 1; k <= n_keys; k++) {
                n_ratios = 0
                for (r = 0; r < n_rounds; r++) {
                    all[r + 1] = value[order[p], keys[k], r]
                    off = value["off", keys[k], r]
                    if (off > 0) ratios[++n_ratios] = all[r + 1] / off
                }
                sorted(all, n_rounds, out)
                line = sprintf("%-18s %-8s %-12s %12.4g [%.4g..%.4g]", what, order[p], keys[k], median(all, n_rounds), out[1], out[n_rounds])
                if (n_ratios) {
                    sorted(ratios, n_ratios, out)
                    line = line sprintf("  /off %.3f [%.3f..%.3f]", median(ratios, n_ratios), out[1], out[n_ratios])
                }
                print line
            }
    }'
}

load() # MEASURE FILE POLICY...
{
    local measure=$1 path=$2 before after raw
    shift 2
    read -r -a before < <(busy_ticks)
    raw=$($fifo ./bench/poll-figures "$measure" "$path" "$rounds" "$seconds" "$@")
    read -r -a after < <(busy_ticks)
    printf '%s\n' "$raw" >>poll-figures.raw
    printf '%s\n' "$raw" | digest
    echo "($measure: all CPUs $((100 * (after[0] - before[0]) / (after[1] - before[1] + 1))) % busy, load $(cut -d' ' -f1 /proc/loadavg))"
}

simulated() # ARG...
{
    ./bench/lariat-bench simulate "$@" | awk 'NR > 1 { print "  " $0 }'
}

measure()
{
    case $1 in
    simulate)
        echo "== policy, waits, cost, spun, caught, latency; cost against clairvoyant and the best fixed window; that window"
        for price in 100 25; do
            for kind in constant exponential bimodal lognormal pareto bursts phases shifting-phases drift same-cpu; do
                echo "$kind, price $price"
                simulated --trace=<(./bench/lariat-bench simulate --generate=$kind) --poll-price=$price --poll-max-ns=200000
            done
            echo "adversary, price $price"
            simulated --adversary --poll-price=$price --poll-max-ns=200000
        done
        # All 76 traces, four seeds: the suite prints the worst and the mean.
        if [ -x tests/unit/test_bench_simulate ]; then
            LARIAT_STRESS=full ./tests/unit/test_bench_simulate
        fi ;;
    pingpong-two-cpus) load "$1" - off auto classic ;;
    pingpong-one-cpu) load "$1" - off auto ;;
    idle | ticks) load "$1" - off auto ;;
    disk) load disk "$file" off auto spin ;;
    neighbours) load neighbours "$file" off auto spin ;;
    loop)
        dd if="$file" of=/dev/shm/poll-figures.$$ bs=1M count=64 status=none
        if ! loop_device=$(losetup --find --show --direct-io=on /dev/shm/poll-figures.$$ 2>/dev/null); then
            loop_device=
            echo "loop: no loop device to be had"
            return
        fi
        load loop "$loop_device" off auto classic spin ;;
    *) echo "no such measure: $1" >&2; exit 2 ;;
    esac
}

[ -e "$file" ] || dd if=/dev/urandom of="$file" bs=1M count=256 status=none
for m in "${measures[@]}"; do
    measure "$m"
done
