# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the shell tests of lariat-nbd.
#
#   dir                  a scratch directory on a disk, removed at the end; the server listens on $dir/socket
#   start_nbd ARG...     runs the server until it serves; its pid is in nbd_pid, what it says in $dir/log
#   stop_nbd             ends it by SIGTERM; it must exit with 0
#   refuses WORD ARG...  it must not start, and say WORD
#   uri NAME             the URI of an export
#   need TOOL PACKAGE    false, and said, if the tool is not there
#   python ARG...        runs it, with the client of nbd_client.py
#   wait_until COMMAND...  again and again until it succeeds; fails after 20 s

lariat_nbd=${LARIAT_BUILDDIR:?}/tools/nbd/lariat-nbd
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/lariat-nbd-test.XXXXXX")
nbd_pid=''

at_exit()
{
    [ -z "$nbd_pid" ] || kill -KILL "$nbd_pid" 2>/dev/null || true
    rm -rf "$dir"
}
trap at_exit EXIT

fail()
{
    echo "FAIL: $*"
    for file in out log; do
        [ ! -s "$dir/$file" ] || sed "s/^/  $file: /" "$dir/$file" | tail -n 40
    done
    exit 1
}

skip()
{
    echo "SKIP: $*"
    exit 77
}

need() # TOOL PACKAGE
{
    command -v "$1" >/dev/null || {
        echo "SKIP: $1 was not found (Debian package: $2)"
        return 1
    }
}

wait_until()
{
    local end=$((SECONDS + 20))
    until "$@"; do
        [ $SECONDS -lt $end ] || fail "waited in vain for: $*"
        sleep 0.02
    done
}

serves() { [ -e "$dir/pid" ] || ! kill -0 "$nbd_pid" 2>/dev/null; }

start_nbd()
{
    rm -f "$dir/pid"
    "$lariat_nbd" --socket="$dir/socket" --pid-file="$dir/pid" "$@" 2>"$dir/log" &
    nbd_pid=$!
    wait_until serves
    [ -e "$dir/pid" ] || fail "the server did not start"
}

stop_nbd()
{
    local status=0
    kill "$nbd_pid"
    wait "$nbd_pid" || status=$?
    nbd_pid=''
    [ $status = 0 ] || fail "the server ended with status $status"
}

refuses()
{
    local word=$1 status=0
    shift
    timeout 10 "$lariat_nbd" "$@" >"$dir/out" 2>&1 || status=$?
    case $status in 1 | 2) ;; *) fail "status $status: $*" ;; esac
    grep -q -e "$word" "$dir/out" || fail "\"$word\" is not said: $*"
}

uri() { echo "nbd+unix:///$1?socket=$dir/socket"; }

python() { PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$LARIAT_SRCDIR/tests/sh timeout 60 python3 "$@" >"$dir/out" 2>&1 || fail "$1"; }

# O_DIRECT works there.
can_direct() { dd if=/dev/zero of="$dir/direct-probe" oflag=direct bs=4096 count=1 2>/dev/null; }

"$LARIAT_BUILDDIR/tests/ring-probe" || exit 77
