#!/bin/bash
# SPDX-License-Identifier: MIT
#
# lariat-bench beside fio, same options, full statistics on both. Run it in a build directory on a machine with nothing else to do:
#
#   ../bench/fio-figures.sh [--rounds=N] [--seconds=S] [--file=PATH] [CASE...]
#
# CASE: cached-1 cached-32 disk-1 disk-8 disk-32 write-8 (all); the number is the depth. --file: made if it is not there
# (fio-figures.dat in the current directory, 256 MiB; write-8 writes to it).
# The two alternate, in another order each round. Printed are medians [least..most] of IOPS, of CPU time per I/O and of the 99th
# percentile (from the preparation of an I/O to its end), and the median of the ratios, round by round.
set -euo pipefail

rounds=7 seconds=2 file=fio-figures.dat
cases=()
for arg; do
    case $arg in
    --rounds=*) rounds=${arg#*=} ;;
    --seconds=*) seconds=${arg#*=} ;;
    --file=*) file=${arg#*=} ;;
    -*) sed -n '4,11s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    *) cases+=("$arg") ;;
    esac
done
[ ${#cases[@]} -gt 0 ] || cases=(cached-1 cached-32 disk-1 disk-8 disk-32 write-8)

one_run() # PROGRAM NAME ARG...: what it measured, as one line of JSON
{
    local program=$1 name=$2
    shift 2
    "$program" --name=figures --filename="$file" --bs=4k --ioengine=io_uring --fixedbufs --registerfiles --thread --runtime="$seconds" \
        --time_based --norandommap --lat_percentiles=1 "$@" --output-format=json 2>/dev/null |
        jq -c --arg name "$name" '.jobs[0] | (if .read.total_ios > 0 then .read else .write end) as $io | { program: $name, iops: $io.iops,
            cpu_us: ((.usr_cpu + .sys_cpu) / 100 * 1e6 / $io.iops), p99_us: ($io.lat_ns.percentile["99.000000"] / 1000) }'
}

digest()
{
    jq -r -s --arg what "$1" '
        def median: sort | if length % 2 == 1 then .[length / 2 | floor] else (.[length / 2 - 1] + .[length / 2]) / 2 end;
        def figure: if . >= 1000 then round else . * 100 | round / 100 end;
        def spread: "\(median | figure) [\(min | figure)..\(max | figure)]";
        (map(select(.program == "fio"))) as $fio | (map(select(.program == "lariat"))) as $lariat |
        ("iops", "cpu_us", "p99_us") as $key |
        "\($what) \($key): fio \($fio | map(.[$key]) | spread), lariat-bench \($lariat | map(.[$key]) | spread), ratio \(
            [range($fio | length) | $lariat[.][$key] / $fio[.][$key]] | spread)"'
}

measure() # CASE
{
    local options round programs program
    case $1 in
    cached-*) options=(--rw=randread --invalidate=0) ;;
    disk-*) options=(--rw=randread --direct=1) ;;
    write-*) options=(--rw=randwrite --direct=1) ;;
    *) echo "no such case: $1" >&2; exit 2 ;;
    esac
    for ((round = 0; round < rounds; round++)); do
        programs=(fio lariat)
        ((round % 2 == 0)) || programs=(lariat fio)
        for program in "${programs[@]}"; do
            case $program in
            fio) one_run fio fio "${options[@]}" --iodepth="${1##*-}" ;;
            lariat) one_run ./bench/lariat-bench lariat "${options[@]}" --iodepth="${1##*-}" ;;
            esac
        done
    done | digest "$1"
}

[ -e "$file" ] || dd if=/dev/urandom of="$file" bs=1M count=256 status=none
cat "$file" >/dev/null
for c in "${cases[@]}"; do
    measure "$c"
done
