# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What would spoil the figures is told before the run, on stderr and in the JSON, unless --preflight=0.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring
preflight=

good --name=a --filename="$dir/file" --size=64k --rw=write
grep -q '^lariat-bench: preflight: warning: cache: .*page cache is in play' "$dir/err" ||
    grep -q '^lariat-bench: preflight: memory: ' "$dir/err" || fail "buffered writes: the page cache is not told"
! grep -q preflight "$dir/out" || fail "preflight is on standard output"

good --name=a --filename="$dir/file" --size=64k --rw=read --output-format=json --name=b --rw=read --ioengine=null --size=64k
if command -v python3 >/dev/null; then
    python3 - "$dir/out" <<'END_OF_PYTHON' || fail "lariat.preflight"
import json, sys

a, b = (job["lariat"]["preflight"] for job in json.load(open(sys.argv[1]))["jobs"])
assert a["kernel"] and isinstance(a["cpu"], str), a
for finding in a["findings"]:
    assert finding["check"] and finding["text"] and type(finding["warning"]) is bool, finding
assert {"cache", "memory"} & {f["check"] for f in a["findings"]}, a
assert not {"cache", "memory"} & {f["check"] for f in b["findings"]}, b
END_OF_PYTHON
else
    skip_part "there is no python3 to read JSON with"
fi

good --name=a --filename="$dir/file" --size=64k --rw=write --preflight=0 --output-format=json
! grep -q preflight "$dir/err" "$dir/out" || fail "--preflight=0 looks all the same"

echo "lariat-bench: preflight tells what it finds"
