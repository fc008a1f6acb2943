# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-ctl tune against a running program: what it says, and what setting is in force afterwards, however it ends. Which setting
# is good is not judged here, but for one where there can be no doubt.
set -euo pipefail

# shellcheck source=tests/sh/ctl-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/ctl-functions.sh"

has() { grep -q -E -e "$1" "$dir/out" || fail "\"$1\" is not in the output"; }

fails 2 'latency, efficiency or balanced' tune io0 --objective=speed
fails 2 'linear: it is off, or POLICY' tune io0 --candidates=off,linear
fails 2 '1 s at least' tune io0 --budget=0.5
fails 2 '1.2 s at least' tune io0 --budget=1 --candidates=off,auto,classic/1us,classic/2us,classic/3us,classic/4us
fails 2 '1 or more' tune io0 --seed=0
fails 2 'tune' tune
fails 2 'apply does not go with' list --apply
fails 3 'no such file' tune io0

start_server 200 1000
polling() { "$lariat_ctl" get io0 | grep '^poll-' | grep -v -e price -e budget | sort; }
# It spins all the time, which nobody who wants CPU time can find good. The rest is there to be put back.
old=(poll-policy=classic poll-max-ns=50ms poll-grow=3 poll-shrink=1 poll-weight=5)
begin() { good set io0 "${old[@]}"; }
is_old() { [ "$(polling)" = "$(printf '%s\n' "${old[@]/50ms/50000000}" | sort)" ]; }
is_other() { ! is_old; }
begin
is_old || fail "the setting is not told as it was set: $(polling)"

fails 1 'did you mean io0' tune io00
good add idle
fails 1 "'idle' has completed nothing in .* nothing to tune by" tune idle --budget=1
fails 1 'the only candidate' tune io0 --budget=1 --candidates=classic/50ms/3/1

# What is better is said, and set only if that was asked for.
good tune io0 --budget=1 --objective=efficiency --candidates=off
has '^io0: [0-9]+ rounds in [0-9.]+ s, by efficiency; counted: ops$'
has '^classic/50ms/3/1 .* the old setting$'
has '^off is [0-9.]+ \([0-9.]+ (to [0-9.]+|and up)\) times as good: '
has '^To have off:$'
has '^  lariat-ctl set io0 poll-policy=classic poll-max-ns=0 poll-grow=0 poll-shrink=0 poll-weight=0$'
is_old || fail "without --apply another setting is in force: $(polling)"
good tune io0 --budget=1 --objective=efficiency --candidates=off --apply --json
! command -v jq >/dev/null || jq -e '.applied and .reason == "better" and .recommended == "off" and .gain.low > 1 and
    (.settings | length) == 2 and .properties["poll-max-ns"] == 0' "$dir/out" >"$dir/jq" || fail "the JSON is not so"
prints 0 get io0 poll-max-ns

# However it ends, once something else is in force. HOW: what to do then.
timeout=
ends() # STATUS WORD HOW...
{
    local expected=$1 word=$2 tuner
    shift 2
    begin
    "$lariat_ctl" tune io0 --budget=4 --objective=latency ${timeout:+--timeout=$timeout} >"$dir/out" 2>"$dir/err" &
    tuner=$!
    pids+=("$tuner")
    wait_until is_other
    "${@//TUNER/$tuner}"
    status=0
    wait "$tuner" || status=$?
    [ $status = "$expected" ] || fail "status $status instead of $expected: $*"
    grep -q -e "$word" "$dir/err" || fail "\"$word\" is not on stderr: $*"
    [ "$(wc -l <"$dir/err")" = 1 ] || fail "not one line on stderr: $*"
    [ ! -s "$dir/out" ] || fail "something is on stdout: $*"
}

ends 130 'interrupted; the old setting is in force' kill -INT TUNER
is_old || fail "SIGINT left another setting: $(polling)"
ends 143 'interrupted; the old setting is in force' kill -TERM TUNER
is_old || fail "SIGTERM left another setting: $(polling)"
ends 3 'closed the connection; the old setting is in force' kill -HUP "$server_pid"
is_old || fail "a lost connection left another setting: $(polling)"
ends 1 'somebody else has changed the polling' "$lariat_ctl" set io0 poll-max-ns=77us poll-grow=9
prints 77000 get io0 poll-max-ns
prints 9 get io0 poll-grow
timeout=0.5
# It may have been the turn of the old setting; in the last case, too.
ends 3 'did not answer.*\(is in force$\|could not be put back.*lariat-ctl set io0 poll-policy=classic poll-max-ns=50000000\)' \
    kill -STOP "$server_pid"
kill -CONT "$server_pid"
wait_until is_old # what was asked for waits in the socket
timeout=
ends 3 'closed the connection; the old setting \(is in force$\|could not be put back: cannot connect to [^;]*set io0 \)' stop_server

# Nobody knows whether the setting that was asked for last is in force, until there is another connection.
setting() { # POLL-MAX-NS
    echo "{\"return\": [{\"id\": \"io0\", \"thread-id\": 7, \"poll-policy\": \"classic\", \"poll-max-ns\": $1," \
        '"poll-grow": 0, "poll-shrink": 0, "poll-weight": 0}]}'
}
stats() { # OPS
    echo "{\"return\": [{\"id\": \"io0\", \"thread-id\": 7, \"cpu-ns\": $1, \"ops\": {\"read\": $1}}]}"
}
greeting='{"QMP": {}}' done='{"return": {}}'
two_servers() # the second begins where the first ends
{
    "$LARIAT_BUILDDIR/tests/bad-server" "$socket" "$dir/first" once
    exec "$LARIAT_BUILDDIR/tests/bad-server" "$socket" "$dir/second" end
}
# What is in force then is 5000 (the old one), 8000 (on trial) or another. LINE: the answer to what set that on trial; without it
# that is lost.
lost_and_found() # STATUS WORD POLL-MAX-NS [LINE]
{
    printf '%s\n' "$greeting" "$done" "$(setting 5000)" "$(stats 1)" "$(stats 2)" "${@:4}" >"$dir/first"
    printf '%s\n' "$greeting" "$done" "$(setting "$3")" "$done" >"$dir/second"
    start_in_background two_servers
    # With this seed the first turn is that of the candidate.
    fails "$1" "$2" tune io0 --budget=1 --candidates=classic/8us --seed=3
    stop_server
}
lost_and_found 3 'the old setting is in force' 8000
lost_and_found 3 'the old setting is in force' 5000 "$done"
lost_and_found 3 'somebody else' 9000

echo "lariat-ctl tune: the old setting comes back, or the better one stays"
