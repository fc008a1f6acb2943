#!/bin/bash
# SPDX-License-Identifier: MIT
#
# lariat-nbd beside nbdkit's file plugin and qemu-nbd (--aio=io_uring). Run it in a build directory, on a machine with nothing
# else to do:
#
#   ../bench/nbd-figures.sh [--rounds=N] [--seconds=S] [--file=PATH] [--poll=PROPERTIES] [MEASURE...]
#
# MEASURE: depth1 depth32 connections8 direct nbdcopy idle (all).
# --file: what to serve, made if it is not there (nbd-figures.dat in the current directory, 2 GiB): on a disk, for `direct`.
# --poll: properties of lariat-nbd's iothreads, such as poll-max-ns=100us.
# Where one connection is used, the client has CPU 0 and the server CPU 1. Each measure alternates the servers, in another
# order each round; printed are medians [least..most], and the ratio of lariat-nbd to the best of the others, round by round.
# nbdkit's file plugin always goes through the page cache, so it takes no part in `direct`.
set -euo pipefail

rounds=7 seconds=3 file=nbd-figures.dat poll=
measures=()
for arg; do
    case $arg in
    --rounds=*) rounds=${arg#*=} ;;
    --seconds=*) seconds=${arg#*=} ;;
    --file=*) file=${arg#*=} ;;
    --poll=*) poll=,${arg#*=} ;;
    -*) sed -n '4,15s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    *) measures+=("$arg") ;;
    esac
done
[ ${#measures[@]} -gt 0 ] || measures=(depth1 depth32 connections8 direct nbdcopy idle)

work=$(mktemp -d)
server_pid=
stop()
{
    if [ -n "$server_pid" ]; then
        kill "$server_pid" 2>/dev/null || true
        wait "$server_pid" 2>/dev/null || true
    fi
    server_pid=
    rm -f "$work/socket"
}
trap 'stop; rm -rf "$work"' EXIT

[ -e "$file" ] || head -c 2G /dev/urandom >"$file"
file=$(realpath "$file")

# The libtool script execs the program, so the pid is that of the program.
start() # SERVER CPUS THREADS DIRECT
{
    local how=(taskset -c "$2") cache=writeback i iothreads=()
    [ "$4" = no ] || cache=none
    case $1 in
    lariat)
        for ((i = 0; i < $3; i++)); do iothreads+=(--iothread="id=nbd$i$poll"); done
        "${how[@]}" tools/nbd/lariat-nbd --quiet --export=path="$file",readonly,cache=$cache --socket="$work/socket" \
            "${iothreads[@]}" & ;;
    nbdkit) "${how[@]}" nbdkit -f -r -U "$work/socket" file "$file" & ;;
    qemu)
        "${how[@]}" qemu-nbd -t -r -e 1100 -f raw -k "$work/socket" --cache=$cache --aio=io_uring "$file" & ;;
    esac
    server_pid=$!
    for ((i = 0; i < 500; i++)); do
        [ ! -S "$work/socket" ] || break
        sleep 0.01
    done
}

one() # MEASURE SERVER
{
    local load=(./bench/nbd-load --socket="$work/socket" --seconds="$seconds")
    case $1 in
    depth1) start "$2" 1 1 no; taskset -c 0 "${load[@]}" --server=$server_pid ;;
    depth32) start "$2" 1 1 no; taskset -c 0 "${load[@]}" --server=$server_pid --depth=32 ;;
    connections8) start "$2" 0-63 2 no; "${load[@]}" --server=$server_pid --connections=8 --depth=8 ;;
    direct) start "$2" 1 1 yes; taskset -c 0 "${load[@]}" --server=$server_pid --depth=32 ;;
    nbdcopy)
        start "$2" 0-63 2 no
        local begun=${EPOCHREALTIME/./}
        nbdcopy --no-extents "nbd+unix:///?socket=$work/socket" null:
        echo "mib_per_s=$(($(stat -c %s "$file") / (${EPOCHREALTIME/./} - begun)))" ;;
    idle) start "$2" 0-63 2 no; "${load[@]}" --server=$server_pid --idle --connections=1000 ;;
    esac
    stop
}

servers_of() # MEASURE
{
    local server
    for server in lariat nbdkit qemu; do
        case $server:$1 in
        nbdkit:direct) continue ;;
        nbdkit:*) command -v nbdkit >/dev/null || { echo "there is no nbdkit" >&2; continue; } ;;
        qemu:*) command -v qemu-nbd >/dev/null || { echo "there is no qemu-nbd (qemu-utils)" >&2; continue; } ;;
        esac
        echo $server
    done
}

# Lines of "SERVER KEY=VALUE...", a round after the other.
digest()
{
    awk -v measure="$1" '
    function median(list, n,   i, j, t)
    {
        for (i = 2; i <= n; i++)
            for (j = i; j > 1 && list[j - 1] > list[j]; j--) { t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
        least = list[1]; most = list[n]
        return n % 2 ? list[(n + 1) / 2] : (list[n / 2] + list[n / 2 + 1]) / 2
    }
    {
        round = ++rounds[$1]
        for (i = 2; i <= NF; i++) {
            split($i, pair, "=")
            value[$1, pair[1], round] = pair[2]
            keys[pair[1]] = 1
        }
    }
    END {
        for (key in keys)
            for (server in rounds) {
                for (r = 1; r <= rounds[server]; r++) list[r] = value[server, key, r]
                m = median(list, rounds[server])
                printf "%-14s %-8s %-14s %12.4g [%.4g..%.4g]\n", measure, server, key, m, least, most
            }
        for (key in keys) {
            for (r = 1; r <= rounds["lariat"]; r++) {
                best = 0
                for (server in rounds)
                    if (server != "lariat" && (!best || (key ~ /us$|rss/ ? value[server, key, r] < best : value[server, key, r] > best)))
                        best = value[server, key, r]
                ratio[r] = best ? value["lariat", key, r] / best : 0
            }
            m = median(ratio, rounds["lariat"])
            printf "%-14s %-8s %-14s %12.3f [%.3f..%.3f]\n", measure, "/best", key, m, least, most
        }
    }' | sort
}

for measure in "${measures[@]}"; do
    mapfile -t servers < <(servers_of "$measure")
    cat "$file" >/dev/null # into the page cache
    for ((round = 0; round < rounds; round++)); do
        for ((i = 0; i < ${#servers[@]}; i++)); do
            server=${servers[(round + i) % ${#servers[@]}]}
            echo "$server $(one "$measure" "$server")"
        done
    done | digest "$measure"
    echo "($measure: load $(cut -d' ' -f1 /proc/loadavg))"
done
