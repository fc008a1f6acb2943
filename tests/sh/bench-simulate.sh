# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-bench simulate: its options, its JSON, and that a seed says it all. Needs no ring.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
preflight= # a subcommand comes first

refused() # WORD ARG...
{
    fails 2 "$1" simulate "${@:2}"
    [ "$(wc -l <"$dir/err")" = 1 ] || fail "not one line on stderr: ${*:2}"
}

good simulate --help
grep -q -e '--adversary' "$dir/out" || fail "--help does not tell the options"
refused 'one of them is needed'
refused 'one of them' --adversary --generate=constant
refused 'classic, weighted and auto' --adversary --policy=linear
refused 'classic, weighted and auto' --adversary --policy=auto,
refused '0 to 10000' --adversary --poll-price=10001
refused '0 to 63' --adversary --poll-weight=64
refused '1 to ' --adversary --penalty-ns=0
refused 'out of range\|negative' --adversary --poll-max-ns=-1
refused 'no such option' --adversary --poll-maximum=1
refused 'needs a value' --trace
refused 'is no option' --adversary constant
refused 'bimodal' --generate=nosuch
refused 'No such file' --trace="$dir/nosuch"
printf '1000\nabc\n' >"$dir/bad"
refused 'line 2' --trace="$dir/bad"
: >"$dir/empty"
refused 'holds no waits' --trace="$dir/empty"

# Each kind makes what can be read again, the same for the same seed.
for kind in constant exponential bimodal lognormal pareto bursts phases shifting-phases drift adversarial same-cpu; do
    good simulate --generate=$kind --waits=2000 --seed=5
    cp "$dir/out" "$dir/$kind"
    [ "$(wc -l <"$dir/$kind")" = 2000 ] || fail "$kind: other than 2000 waits"
    good simulate --generate=$kind --waits=2000 --seed=5
    cmp -s "$dir/out" "$dir/$kind" || fail "$kind: another trace for the same seed"
    good simulate --trace="$dir/$kind" --json
    cp "$dir/out" "$dir/$kind.json"
    good simulate --trace=- --json <"$dir/$kind"
    cmp -s "$dir/out" "$dir/$kind.json" || fail "$kind: another result for the same trace"
done

# 9000 ns of waits that an endless window catches all: price 50 % of it.
printf '1000\n3000\n5000 # the longest\n' >"$dir/three"
good simulate --trace="$dir/three" --policy=auto --poll-price=50 --poll-max-ns=1ms --json
for text in '"policy": "auto"' '"waits": 3' '"cost_ns": 4500' '"spun_ns": 9000' '"caught": 3' '"ratio_clairvoyant": 1.000000' \
    '"ratio_best_fixed": 1.000000'; do
    grep -q "$text" "$dir/out" || fail "$text is not in the document"
done
! grep -q classic "$dir/out" || fail "a policy that was not asked for"
# Spelt as the other options of the program are.
cp "$dir/out" "$dir/before"
good simulate --trace="$dir/three" --policy=auto --poll_price=50 --poll_max_ns=1000us --json
cmp -s "$dir/out" "$dir/before" || fail "underscores mean something else"

good simulate --trace="$dir/three" --poll-max-ns=0
[ "$(wc -l <"$dir/out")" = 4 ] || fail "not a line for each policy"
good simulate --trace="$dir/three" --poll-price=0 --poll-max-ns=2000 --json
if command -v python3 >/dev/null; then
    python3 -c 'import json, sys
for name in sys.argv[1:]:
    policies = json.load(open(name))["policies"]
    assert [p["policy"] for p in policies] == ["classic", "weighted", "auto"], name
    for p in policies:
        assert p["waits"] == 2000 and 0 <= p["caught"] <= 2000 and p["spun_ns"] >= 0, name
        assert p["ratio_clairvoyant"] >= 0.999999 and p["ratio_clairvoyant"] >= p["ratio_best_fixed"] - 1e-6, name
    assert policies[2]["ratio_clairvoyant"] <= 1.7, name' "$dir"/*.json || fail "a document is not what it should be"
else
    skip_part "no python3 to read the documents"
fi
good simulate --adversary --policy=auto --waits=1000 --json
grep -Eq '"ratio_clairvoyant": (1\.|2\.0|2\.10)' "$dir/out" || fail "the adversary wins"

# A full disk is no success.
status=0
"$lariat_bench" simulate --generate=constant >/dev/full 2>"$dir/err" || status=$?
[ $status = 1 ] || fail "/dev/full: status $status"
