# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sourced by the shell tests of lariat-bench.
#
#   dir                a scratch directory on a disk, removed at the end
#   bench ARG...       runs it: sets status; $dir/out and $dir/err hold what it printed
#   good ARG...        the same, and it must succeed
#   fails STATUS WORD ARG...  it must exit with STATUS and name WORD on stderr, and stdout must stay empty
#   on_exit COMMAND... run at the end, the last one first
#   skip REASON        leave the whole test; skip_part REASON: say that a part was left out

lariat_bench=${LARIAT_BUILDDIR:?}/bench/lariat-bench
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/lariat-bench-test.XXXXXX")

at_exit=()
on_exit() { at_exit=("$*" "${at_exit[@]}"); }
run_at_exit()
{
    local command
    for command in "${at_exit[@]}"; do
        $command || true
    done
    rm -rf "$dir"
}
trap run_at_exit EXIT

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

skip_part() { echo "SKIP: $*"; }

preflight=--preflight=0 # it takes 100 ms, and is the business of bench-preflight.sh
bench()
{
    status=0
    timeout -k 1 30 "$lariat_bench" $preflight "$@" >"$dir/out" 2>"$dir/err" || status=$?
}

good()
{
    bench "$@"
    [ $status = 0 ] || fail "status $status: $*"
}

fails()
{
    local expected=$1 word=$2
    shift 2
    bench "$@"
    [ $status = "$expected" ] || fail "status $status instead of $expected: $*"
    grep -q -e "$word" "$dir/err" || fail "\"$word\" is not on stderr: $*"
    [ ! -s "$dir/out" ] || fail "something is on stdout: $*"
}

# Most of these tests are about the lariat engine.
need_ring()
{
    bench --name=probe --filename="$dir/probe" --size=4k --rw=write
    ! grep -q 'no ring' "$dir/err" || skip "$(cat "$dir/err")"
    rm -f "$dir/probe"
}

[ -x "$lariat_bench" ] || fail "$lariat_bench was not built"
