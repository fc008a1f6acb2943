#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Is what `lariat-bench tune` picks as good as the best of the policy auto and of fixed windows? Run it in a build directory, best
# as root on a machine with nothing else to do:
#
#   ../bench/tune-check.sh [--file=PATH] [--objective=WHAT] [--budget=TIME] [--rounds=N] [--round-time=SECONDS] [OPTION...]
#
# --file: what to read, made if it is not there (tune-check.dat in the current directory, 256 MiB). Each OPTION goes to
# lariat-bench tune, as --depths=1,8 or --loads=full; without any the workload is O_DIRECT random reads at depth 1.
# First tune searches (--budget, 3m). Then its pick and {auto, classic at 0, 8, 16, 32, 64, 128, 256 us} are run again, alternated
# in --rounds (10) rounds of --round-time (30) seconds each. Printed is the cost of each setting against polling off, and the cost
# of the best of the latter over that of the pick: median [least..most] over the rounds. Status 0 if the median is 0.95 or more.
set -euo pipefail

file=tune-check.dat objective=balanced budget=3m rounds=10 round_time=30
options=()
for arg; do
    case $arg in
    --file=*) file=${arg#*=} ;;
    --objective=*) objective=${arg#*=} ;;
    --budget=*) budget=${arg#*=} ;;
    --rounds=*) rounds=${arg#*=} ;;
    --round-time=*) round_time=${arg#*=} ;;
    --help) sed -n '4,15s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) options+=("$arg") ;;
    esac
done
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

tune=(bench/lariat-bench tune --name=tune --filename="$file" --size=256m --rw=randread --direct=1 --objective="$objective"
    "${options[@]}")
"${tune[@]}" --budget="$budget" --output-format=json,text --output="$dir/tune.json"
# The first "setting" behind the objective's name among what is recommended.
pick=$(awk -v objective="\"$objective\": {" '
    /"recommended"/ { found = 1 }
    found && index($0, objective) { here = 1 }
    here && /"setting"/ { gsub(/[",]/, "", $2); print $2; exit }' "$dir/tune.json")
ladder=auto,off,classic/8us,classic/16us,classic/32us,classic/64us,classic/128us,classic/256us
echo
echo "The pick for $objective: $pick; against $ladder:"
"${tune[@]}" --preflight=0 --budget="$((rounds * round_time))" --repeats="$rounds" --candidates="$pick,$ladder" --output-format=csv \
    --seed=2 >"$dir/again.csv"

# Of each setting and round: the mean over depths and loads of the logarithm of its cost, as tune has it.
awk -F, -v objective="$objective" -v pick="$pick" -v ladder="$ladder" '
function cost(    latency, cpu) {
    if ($3 == 0)
        return objective == "latency" ? "" : log($12 + 1)
    latency = log($8); cpu = log($11)
    return objective == "latency" ? latency : objective == "efficiency" ? cpu : (latency + cpu) / 2
}
function median(list, n,    i, j, x) {
    for (i = 2; i <= n; i++) {
        x = list[i]
        for (j = i - 1; j > 0 && list[j] > x; j--)
            list[j + 1] = list[j]
        list[j + 1] = x
    }
    return (list[int((n + 1) / 2)] + list[int(n / 2) + 1]) / 2
}
# Logarithms of cost of a over that of b, one for each round, into list. How many.
function compare(a, b, list,    round, scenario, sum, n, n_rounds) {
    for (round in is_round) {
        sum = n = 0
        for (scenario in is_scenario)
            if (((a, round, scenario) in mean) && ((b, round, scenario) in mean)) {
                sum += mean[a, round, scenario] - mean[b, round, scenario]
                n++
            }
        if (n)
            list[++n_rounds] = sum / n
    }
    return n_rounds
}
NR > 1 && $4 == "final" && cost() != "" {
    key = $1 SUBSEP $5 SUBSEP $2 "/" $3
    if ($6) { missed[key] = 1; next }
    total[key] += cost(); count[key]++
    is_round[$5] = is_scenario[$2 "/" $3] = is_setting[$1] = 1
}
END {
    for (key in total)
        if (!(key in missed))
            mean[key] = total[key] / count[key]
    sub(/^auto,/, "auto/200us,", ladder)
    n = split(ladder, names, ",")
    best = ""
    for (i = 1; i <= n; i++) {
        n_rounds = compare(names[i], "off", list)
        if (!n_rounds)
            continue
        value = median(list, n_rounds)
        printf "%-16s %.3f of polling off (%d rounds)\n", names[i], exp(value), n_rounds
        if (best == "" || value < least) { least = value; best = names[i] }
    }
    n_rounds = best == "" ? 0 : compare(best, pick, list)
    if (!n_rounds) { print "nothing to compare"; exit 1 }
    value = exp(median(list, n_rounds))
    printf "cost of the best, %s, over that of the pick, %s: %.3f [%.3f..%.3f] in %d rounds\n", best, pick, value, exp(list[1]),
        exp(list[n_rounds]), n_rounds
    exit value < 0.95
}' "$dir/again.csv"
