# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-ctl with wrong words, without a server, and with servers that do not behave: one sentence, and the right status.
set -euo pipefail

# shellcheck source=tests/sh/ctl-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/ctl-functions.sh"

for option in --help --version -h; do
    good $option
    [ -s "$dir/out" ] || fail "$option printed nothing"
done
good --version
grep -q "^lariat-ctl ${LARIAT_VERSION:?}$" "$dir/out" || fail "--version: another version than $LARIAT_VERSION"

# Usage: before anything is connected.
fails 2 'did you mean list?' lsit
fails 2 'no command'
fails 2 'does not go with' list --count=3
fails 2 'PROPERTY=VALUE' set io0 poll-max-ns
fails 2 'not UTF-8' get $'io\xff'
LARIAT_SOCKET='' fails 2 'LARIAT_SOCKET' list

# No connection: which path, and why.
fails 3 "$socket: there is no such file" list
fails 3 "$dir/other: there is no such file" --socket="$dir/other" list
: >"$dir/file"
fails 3 'nobody listens' -s "$dir/file" list
fails 3 'at most 107 bytes' -s "/$(printf '%0200d' 0)" list

greeting='{"QMP": {"version": {}, "capabilities": []}}'
ready='{"return": {}, "id": 1}'

start_bad end 'SSH-2.0-OpenSSH_9.2p1'
fails 3 'no control socket' list
stop_server
start_bad end '{"hello": 1}'
fails 3 'no control socket' list
stop_server
start_bad end "$greeting" "$ready" 'garbage'
fails 3 'no control socket' list
stop_server
start_bad end "$greeting" "$ready" '{"id": 2}'
fails 3 'gave an answer that is none' list
stop_server

# It goes, before and in the middle of an answer.
start_bad end "$greeting"
fails 3 'closed the connection' list
stop_server
start_bad end "$greeting" "$ready"
printf '{"return": [{"id": "i' >>"$dir/script"
fails 3 'closed the connection' list
stop_server

# It does not answer: at the greeting, at a command, in the middle of a line.
start_bad hang ''
fails 3 'did not answer within 0.2 s' --timeout=0.2 list
stop_server
start_bad hang "$greeting" "$ready"
fails 3 'did not answer within 0.2 s' --timeout=200ms list
printf '{"return": [' >>"$dir/script"
fails 3 'did not answer within 0.2 s' -t 0.2 list
kill -STOP "$server_pid"
fails 3 'did not answer within 0.2 s' -t 0.2 list
kill -CONT "$server_pid"
stop_server

# Refused, in its words.
start_bad end "$greeting" "$ready" '{"error": {"class": "GenericError", "desc": "not today"}, "id": 2}'
fails 1 '^lariat-ctl: not today$' list
stop_server

# Events between a request and its answer are kept for those who watch; and then the program ends.
event='{"event": "E", "data": {"id": "io0"}, "timestamp": {"seconds": 1, "microseconds": 2}}'
start_bad end "$greeting" "$event+$ready"
fails 3 'closed the connection' watch-events
grep -q ':01.000002 E io0$' "$dir/out" || fail "the event is not in the output"
good watch-events -n 1 --json
grep -q '"event": "E"' "$dir/out" || fail "the event is not in the output as JSON"
stop_server

echo "lariat-ctl: nothing that a server does is a surprise"
