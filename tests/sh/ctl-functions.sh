# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the shell tests of lariat-ctl.
#
#   dir                  a scratch directory, removed at the end
#   socket               the path of the control socket, in LARIAT_SOCKET too
#   start_server [US...] runs tests/ctl-server; its pid is in server_pid. stop_server ends it
#   start_bad WORD LINE... runs tests/bad-server with these lines and the word "end" or "hang"
#   ctl ARG...           runs lariat-ctl: sets status; $dir/out and $dir/err hold what it printed
#   good ARG...          the same, and it must succeed, silent on stderr
#   fails STATUS WORD ARG...  it must exit with STATUS and say WORD in one line on stderr
#   prints TEXT ARG...   it must print exactly that
#   wait_until COMMAND...  runs the command again and again until it succeeds; fails after 20 s
#   skip REASON          leave the whole test

lariat_ctl=${LARIAT_BUILDDIR:?}/tools/ctl/lariat-ctl
dir=$(mktemp -d "${TMPDIR:-/tmp}/lariat-ctl-test.XXXXXX")
socket=$dir/socket
export LARIAT_SOCKET=$socket
unset NO_COLOR

pids=()
at_exit()
{
    [ ${#pids[@]} = 0 ] || kill -CONT "${pids[@]}" 2>/dev/null || true
    [ ${#pids[@]} = 0 ] || kill "${pids[@]}" 2>/dev/null || true
    [ -z "${tmux_name:-}" ] || tmux -L "$tmux_name" kill-server 2>/dev/null || true
    rm -rf "$dir"
}
trap at_exit EXIT

fail()
{
    echo "FAIL: $*"
    for file in out err; do
        [ ! -s "$dir/$file" ] || sed "s/^/  $file: /" "$dir/$file" | head -n 40
    done
    exit 1
}

skip()
{
    echo "SKIP: $*"
    exit 77
}

wait_until()
{
    local end=$((SECONDS + 20))
    until "$@"; do
        [ $SECONDS -lt $end ] || {
            [ -z "${tmux_name:-}" ] || screen >"$dir/out"
            fail "waited in vain for: $*"
        }
        sleep 0.05
    done
}

started() { [ -s "$dir/started" ] || ! kill -0 "$1" 2>/dev/null; }

start_in_background() # COMMAND...
{
    rm -f "$dir/started" "$dir/stdin"
    # Its stdin ends with this shell, however that ends.
    mkfifo "$dir/stdin"
    "$@" >"$dir/started" 2>"$dir/server.err" <"$dir/stdin" 9>&- &
    server_pid=$!
    exec 9>"$dir/stdin"
    pids+=("$server_pid")
    wait_until started $server_pid
    ! grep '^SKIP: ' "$dir/started" || exit 77
    grep -q ready "$dir/started" || fail "the server did not start: $(cat "$dir/server.err")"
}

start_server() { start_in_background "$LARIAT_BUILDDIR/tests/ctl-server" "$socket" "$@"; }

start_bad()
{
    local last_word=$1
    shift
    printf '%s\n' "$@" >"$dir/script"
    start_in_background "$LARIAT_BUILDDIR/tests/bad-server" "$socket" "$dir/script" "$last_word"
}

stop_server()
{
    kill "$server_pid"
    wait "$server_pid" || true
}

ctl()
{
    status=0
    timeout -k 1 30 "$lariat_ctl" "$@" >"$dir/out" 2>"$dir/err" || status=$?
}

good()
{
    ctl "$@"
    [ $status = 0 ] || fail "status $status: $*"
    [ ! -s "$dir/err" ] || fail "something is on stderr: $*"
}

fails()
{
    local expected=$1 word=$2
    shift 2
    ctl "$@"
    [ $status = "$expected" ] || fail "status $status instead of $expected: $*"
    grep -q -e "$word" "$dir/err" || fail "\"$word\" is not on stderr: $*"
    [ "$(wc -l <"$dir/err")" = 1 ] || fail "not one line on stderr: $*"
}

prints()
{
    local expected=$1
    shift
    good "$@"
    [ "$(cat "$dir/out")" = "$expected" ] || fail "not \"$expected\": $*"
}

[ -x "$lariat_ctl" ] || fail "$lariat_ctl was not built"
