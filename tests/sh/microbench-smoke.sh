# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-microbench runs through, writes JSON that is JSON, and refuses bad options as it should. No
# figure is looked at: on a busy machine they mean nothing.
set -euo pipefail

builddir=${LARIAT_BUILDDIR:?}
microbench=$builddir/bench/lariat-microbench
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail()
{
    echo "FAIL: $*"
    exit 1
}

run() # ARG...: sets status; $dir/out and $dir/err hold what it printed
{
    status=0
    timeout -k 1 60 "$microbench" "$@" >"$dir/out" 2>"$dir/err" || status=$?
}

[ -x "$microbench" ] || fail "$microbench was not built"
run --only=nop-b1 --rounds=1 --scale=0.001
if [ $status = 1 ] && grep -q 'no ring' "$dir/err"; then
    echo "SKIP: $(cat "$dir/err")"
    exit 77
fi
[ $status = 0 ] || fail "--only=nop-b1: status $status: $(cat "$dir/err")"
grep -q '^nop-b1 .*lariat' "$dir/out" || fail "the table has no row of the measure asked for"
! grep -q '^bh-1 ' "$dir/out" || fail "--only=nop-b1 ran another measure too"

run --rounds=1 --scale=0.001 --json
[ $status = 0 ] || fail "--json: status $status: $(cat "$dir/err")"
! grep -qv 'left out' "$dir/err" || fail "--json: on stderr: $(cat "$dir/err")"
if command -v python3 >"$dir/which"; then
    python3 - "$dir/out" <<'END' || fail "--json: not the document it should be"
import json, sys

with open(sys.argv[1]) as file:
    document = json.load(file)
assert document["program"] == "lariat-microbench"
names = {measure["name"] for measure in document["measures"]}
assert {"idle", "idle-memory", "nop-b1", "nop-b128", "bh-1", "timer", "handler-same"} <= names, names
for measure in document["measures"]:
    for candidate in measure["candidates"]:
        assert "error" not in candidate, (measure["name"], candidate)
        for figure in candidate["figures"]:
            assert figure["min"] <= figure["median"] <= figure["max"], (measure["name"], candidate)
END
fi

for good in --help --version --list; do
    run $good
    [ $status = 0 ] || fail "$good: status $status"
    [ -s "$dir/out" ] || fail "$good printed nothing"
    [ ! -s "$dir/err" ] || fail "$good wrote to stderr"
done

for bad in --no-such-option --only=nonsense --only= --only=nop,,bh --only --rounds=0 --rounds=x --rounds=1e3 --scale=0 \
    --scale=nan --scale=2x --cpus=0 --cpus=0,99999 --cpus=0,-1 --cpus=a,b --json=1 -x file; do
    run "$bad"
    [ $status = 2 ] || fail "$bad: status $status instead of 2"
    [ ! -s "$dir/out" ] || fail "$bad: wrote to stdout"
    [ "$(wc -l <"$dir/err")" = 1 ] || fail "$bad: not one line on stderr: $(cat "$dir/err")"
    word=${bad%%=*}
    grep -q -e "$word" "$dir/err" || fail "$bad: not named on stderr: $(cat "$dir/err")"
done

echo "lariat-microbench: all measures run, JSON is well formed, bad options are refused"
