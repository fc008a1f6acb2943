# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-ctl against a program with two iothreads: every command, in words and as JSON.
set -euo pipefail

# shellcheck source=tests/sh/ctl-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/ctl-functions.sh"
start_server 200 1000

has() { grep -q -E -e "$1" "$dir/out" || fail "\"$1\" is not in the output"; }
json() { jq -e "$1" "$dir/out" >"$dir/jq" || fail "the JSON is not so: $1"; }
command -v jq >/dev/null || json() { echo "SKIP: jq was not found: JSON is not looked at (Debian package: jq)"; json() { :; }; }

# list
good list
has '^ID +THREAD +POLICY +POLL-MAX +GROW +SHRINK +WINDOW +RUNNING$'
has "^io0 +[0-9]+ +auto +200 us +0 +0 +[0-9.]+ [nu]s +yes$"
[ "$(wc -l <"$dir/out")" = 3 ] || fail "not one line for each iothread"
prints $'io0\nio1' list --names
good list --effective
has '^io0 .* 2 +0 '
good --json list
[ "$(wc -l <"$dir/out")" = 1 ] || fail "the JSON is not one line"
json 'length == 2 and .[0].id == "io0" and .[0]["poll-max-ns"] == 200000 and .[0].running'

# get and set, of which the values are those that the other takes
prints 200000 get io0 poll-max-ns
prints 200000 get io0 poll_max_ns
prints 200000 get io0 poll-max-ns --json
prints off get io0 sqpoll
prints false get io0 sqpoll --json
prints auto get io0 poll-policy
prints '"auto"' --json get io0 poll-policy
prints '' set io0 poll-max-ns=100us poll_grow=4
prints 100000 get io0 poll-max-ns
good get io0
has '^poll-max-ns=100000$'
has '^poll-grow=4$'
has '^sqpoll=off$'
good --json get io0
json '.["poll-grow"] == 4 and (has("ring") | not)'
prints '{}' --json set io0 cpu-affinity=0
prints 0 get io0 cpu-affinity
fails 1 'out of range' set io0 poll-max-ns=50us poll-grow=-1
prints 100000 get io0 poll-max-ns
fails 1 'poll-mx-ns.*did you mean poll-max-ns?' set io0 poll-mx-ns=5
fails 1 'poll-shrnk.*did you mean poll-shrink?' get io0 poll-shrnk
fails 1 'io_1.*did you mean io1?' get io_1
fails 1 'oi0.*did you mean io0?' set oi0 poll-grow=1
fails 1 'sq-entries' set io0 sq-entries=8
fails 1 'x' get x poll-grow

# stats
good stats
has '^io1 \(thread [0-9]+, running\)$'
has '^  iterations +[0-9]+$'
has '^  sleep +[0-9.]+ [mu]?s$'
has '^  ops-nop +[0-9]+$'
good stats io1
! grep -q io0 "$dir/out" || fail "stats of one iothread are stats of all"
good --json stats io1
json 'length == 1 and .[0].stats.iterations > 0 and .[0].ops.nop > 0'
good stats --interval=0.1 -n 2 io0
has '^io0 \(thread [0-9]+\), over 0\.[0-9]+ s$'
has '^  iterations +[0-9.]+k?/s$'
has '^  asleep +[0-9.]+ %$'
[ "$(grep -c '^io0' "$dir/out")" = 2 ] || fail "not two samples"
good stats --interval=0.5 -n 2 --json
[ "$(wc -l <"$dir/out")" = 2 ] || fail "not one line for each sample"
json 'length == 2 and .[0]["per-second"].iterations > 0 and .[0].iops > 0'
json '.[0].shares | .spinning + .asleep + .callbacks | . > 0.999 and . < 1.001'
fails 1 'did you mean io1?' stats io11

# top, which is plain without a terminal
good top -n 2 --interval=0.1
[ "$(grep -c ' io0 ' "$dir/out")" = 2 ] || fail "not two samples"
has '^TIME +ID +THREAD'
good top --batch --json -n 1 -i 0.1
json '.[1].id == "io1"'

# add, del, and the events of it
"$lariat_ctl" watch-events >"$dir/events" 2>&1 &
watcher=$!
pids+=("$watcher")
seen() { grep -q -E "$1" "$dir/events"; }
# Each set changes something, so each is an event, once the watcher's connection is there.
grow=2
set_and_see() # COMMAND...
{
    grow=$((grow + 1))
    "$lariat_ctl" set io1 poll-grow=$grow
    "$@"
}
wait_until set_and_see seen '^[0-9:]{8}\.[0-9]{6} POLL_PARAMS_CHANGED io1 .*poll-grow=[0-9]'
prints '' add new.1 poll-max-ns=5us
fails 1 'new.1' add new.1
fails 1 'no properties' add other id=x
fails 1 'did you mean poll-grow?' add other poll-gro=1
prints 5000 get new.1 poll-max-ns
prints $'io0\nio1\nnew.1' list -q
good set new.1 poll-grow=3
prints '' del new.1
prints $'io0\nio1' list -q
fails 1 'in use' del io0
fails 1 'new.1' del new.1
wait_until seen ' IOTHREAD_CREATED new.1 thread-id=[0-9]+$'
wait_until seen ' POLL_PARAMS_CHANGED new.1 .*poll-grow=3'
wait_until seen ' IOTHREAD_STOPPED new.1 thread-id=[0-9]+$'
kill $watcher
timeout 20 "$lariat_ctl" watch-events --json -n 2 >"$dir/out" &
watcher=$!
gone() { ! kill -0 $watcher 2>/dev/null; }
wait_until set_and_see gone
wait $watcher || fail "watch-events -n 2 failed"
json '.event == "POLL_PARAMS_CHANGED" and .data.id == "io1"'
[ "$(wc -l <"$dir/out")" = 2 ] || fail "not two events"

# properties, commands
good properties
has '^poll-max-ns +duration +0 or more +200000 ns +yes +[a-z]'
has '^sqpoll +bool +on off +off +no +'
good properties --names
[ "$(head -n 1 "$dir/out")" = poll-max-ns ] || fail "properties --names begins with something else"
good properties --json
json '.[0].name == "poll-max-ns"'
good commands
has '^query-iothreads$'
good commands --json
json 'map(.name) | index("iothread-set")'

# Readers that go are no error; a full disk is.
for how in default ignore; do
    # head ends at once; a program that is not killed by SIGPIPE gets EPIPE.
    { env --$how-signal=PIPE "$lariat_ctl" stats --interval=0.02 -n 50 2>"$dir/err" || echo $? >"$dir/status"; } | head -n 1 >"$dir/out"
    [ ! -s "$dir/err" ] || fail "a closed pipe is told of ($how)"
done
status=0
"$lariat_ctl" list >/dev/full 2>"$dir/err" || status=$?
[ $status = 1 ] || fail "status $status for a full disk"
grep -q 'No space left' "$dir/err" || fail "a full disk is not told of"

# The program ends while it is watched.
"$lariat_ctl" watch-events >"$dir/out" 2>"$dir/err" &
watcher=$!
pids+=("$watcher")
stop_server
status=0
wait $watcher || status=$?
[ $status = 3 ] || fail "status $status when the program ended"
fails 3 'there is no such file' list

echo "lariat-ctl: all commands"
