# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# CPUs, nice value, I/O priority and NUMA policy: of the threads that do the I/O, as /proc shows them.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"

file=$dir/file
head -c 65536 /dev/urandom >"$file"
job=(--filename="$file" --bs=4k --rw=randread --size=64k)

# The first and the last CPU that we may use; they may be one.
list=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
first=${list%%[-,]*}
last=${list##*[-,]}
[ "$last" -lt 63 ] || last=$first
cpus=$first,$last
[ "$first" != "$last" ] || cpus=$first
[ "$first" -lt 63 ] || skip "the first CPU is number $first, and --cpumask ends with 63"

# Start jobs that go on until they are stopped.
start() # ARG...
{
    "$lariat_bench" --preflight=0 --time_based --runtime=60 "$@" >"$dir/out" 2>"$dir/err" &
    pid=$!
}
stop()
{
    kill -INT "$pid"
    status=0
    wait "$pid" || status=$?
    [ $status = 130 ] || fail "interrupted, it gave status $status"
}

# "CPUS NICE" of the thread of job number $1, under each engine; and its id in $tid.
look()
{
    local task comm tries
    for ((tries = 0; tries < 1000; tries++)); do
        for task in "/proc/$pid"/task/*; do
            comm=$(cat "$task/comm" 2>/dev/null) || continue
            [ "$comm" = "IO job$1" ] || [ "$comm" = "job$1" ] || continue
            tid=${task##*/}
            seen=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' "$task/status")
            # a thread is named before it is placed
            seen+=" $(sed 's/.*) //' "$task/stat" | cut -d ' ' -f 17)"
            return
        done
        kill -0 "$pid" 2>/dev/null || fail "it ended before its time"
        sleep 0.01
    done
    fail "there is no thread of job $1"
}
expect() # JOB CPUS NICE WHAT
{
    local tries
    for ((tries = 0; tries < 100; tries++)); do
        look "$1"
        [ "$seen" != "$2 $3" ] || return 0
        sleep 0.01
    done
    fail "$4: the thread is on CPUs and at nice value $seen, and not $2 $3"
}
priority() # WORDS WHAT: of thread $tid
{
    command -v ionice >/dev/null || return 0
    [ "$(ionice -p "$tid")" = "$1" ] || fail "$2: the thread has $(ionice -p "$tid")"
}

need_ring
nice=$(($(nice) + 2))
mask=$(printf '0x%x' $((1 << first)))
last_mask=$(printf '0x%x' $((1 << last)))
for engine in lariat psync; do # liburing has the thread of psync
    start "${job[@]}" --ioengine=$engine --name=a --cpus_allowed="$first" --nice=$nice --prio=6 \
        --name=b --cpumask="$mask" --prioclass=3 --name=c --cpus_allowed="$first" --cpumask="$last_mask" --prioclass=2 --prio=5
    expect 0 "$first" $nice "$engine: --cpus_allowed, --nice"
    priority "best-effort: prio 6" "$engine: --prio=6"
    expect 1 "$first" "$(nice)" "$engine: --cpumask"
    priority idle "$engine: --prioclass=3"
    expect 2 "$last" "$(nice)" "$engine: --cpumask behind --cpus_allowed"
    priority "best-effort: prio 5" "$engine: --prioclass=2 --prio=5"
    stop
done
start "${job[@]}" --cpus_allowed="$cpus" --cpus_allowed_policy=split --name=a --numjobs=2 --name=b
expect 0 "$first" "$(nice)" "--cpus_allowed_policy=split"
expect 1 "$last" "$(nice)" "--cpus_allowed_policy=split, the second clone"
expect 2 "$first" "$(nice)" "--cpus_allowed_policy=split, the next job"
stop

# One thread is in one place.
shared=(--name=a "${job[@]}" --iothread=x)
fails 2 'shares iothread x with job a, which has another --nice' "${shared[@]}" --nice=$nice --name=b "${job[@]}" --iothread=x
fails 2 'another --cpus_allowed' "${shared[@]}" --cpus_allowed="$first" --name=b "${job[@]}" --iothread=x
fails 2 'another --prio' "${shared[@]}" --name=b "${job[@]}" --iothread=x --prio=2
[ "$first" = "$last" ] || fails 2 'shares iothread iothread0' "${job[@]}" --name=a --iothreads=1 --numjobs=2 \
    --cpus_allowed="$cpus" --cpus_allowed_policy=split
good "${shared[@]}" --nice=$nice --prio=1 --name=b "${job[@]}" --iothread=x --nice=$nice --prio=1

# NUMA nodes.
bench --name=a "${job[@]}" --numa_cpu_nodes=0 --number_ios=1
if grep -q 'made without libnuma' "$dir/err"; then
    [ $status = 2 ] || fail "--numa_cpu_nodes without libnuma: status $status"
    fails 2 'numa_mem_policy: .*made without libnuma' --name=a "${job[@]}" --numa_mem_policy=local
elif [ $status = 0 ]; then
    for engine in lariat psync; do
        start "${job[@]}" --ioengine=$engine --numa_cpu_nodes=0 --name=a --numa_mem_policy=bind:0 \
            --name=b --numa_mem_policy=prefer:0 --name=c --numa_mem_policy=interleave:0
        for i in 0 1 2; do
            look $i
            policies=(bind:0 prefer:0 interleave:0)
            for ((tries = 0; tries < 100; tries++)); do
                ! grep -q " ${policies[i]} " "/proc/$pid/task/$tid/numa_maps" || break
                sleep 0.01
            done
            [ $tries -lt 100 ] || fail "$engine: not ${policies[i]}: $(head -n 1 "/proc/$pid/task/$tid/numa_maps")"
            nodes=$(cat /sys/devices/system/node/node0/cpulist)
            [ "${seen% *}" = "$nodes" ] || fail "$engine: --numa_cpu_nodes=0: on CPUs ${seen% *}, and not $nodes"
        done
        stop
    done
    if command -v strace >/dev/null && strace -f -o "$dir/trace" true 2>/dev/null; then
        ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=set_mempolicy -o "$dir/trace" "$lariat_bench" --preflight=0 --name=a "${job[@]}" \
            --numa_mem_policy=bind:0 >"$dir/out" 2>"$dir/err" || fail "strace: --numa_mem_policy=bind:0"
        [ "$(grep -c 'set_mempolicy(MPOL_BIND' "$dir/trace")" = 2 ] || fail "not both buffers and the iothread were made where they should be"
    fi
    fails 1 'no such NUMA node' --name=a "${job[@]}" --numa_cpu_nodes=1000
    fails 1 'no such NUMA node' --name=a "${job[@]}" --numa_mem_policy=bind:1000
else
    skip_part "no NUMA here: $(cat "$dir/err")"
fi

[ -e /sys/devices/system/cpu/cpu63 ] || fails 1 'cpumask: there is no such CPU here, or it may not be used: 63' \
    --name=a "${job[@]}" --cpumask=0x8000000000000000
fails 2 'not together' --name=a "${job[@]}" --numa_cpu_nodes=0 --cpumask=1

echo "lariat-bench: threads are where the options say"
