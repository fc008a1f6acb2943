# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The job files of fio-jobs/, as they are, through fio and lariat-bench: our JSON has every key of fio's, with its type, and as many
# I/Os where their number is determined. What that is, the line "; same:" of each file says: directions; bytes, where sizes or
# directions are drawn by lot; or none.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring
command -v python3 >/dev/null || skip "there is no python3 to read JSON with"
command -v fio >/dev/null || skip "there is no fio to compare with"
[ "$(fio --version)" = fio-3.33 ] || skip "$(fio --version) is here, and not fio-3.33"

cat >"$dir/compare.py" <<'END_OF_PYTHON'
import json, re, sys

def compare(theirs, ours, where):
    if isinstance(theirs, dict):
        if where.endswith("job options") or where.endswith("global options"):
            missing = [k for k in theirs if k not in ours]
            if missing:
                yield f"{where} lacks {missing}"
            return
        if where.endswith(".bins"): # their keys are measured
            for key, value in ours.items():
                if not key.isdigit() or type(value) is not int:
                    yield f"{where}: {key} is no bucket"
            if bool(theirs) != bool(ours):
                yield f"{where} is empty in one of them"
            return
        for key, value in theirs.items():
            if key not in ours:
                yield f"{where} lacks {key}"
            else:
                yield from compare(value, ours[key], where + "." + key)
        if where.endswith(".percentile") and list(theirs) != list(ours):
            yield f"{where} has other keys: {list(ours)}"
    elif isinstance(theirs, list):
        if where.endswith("jobs") and len(theirs) != len(ours):
            yield f"{where} has {len(ours)} members and not {len(theirs)}"
        for a, b in zip(theirs, ours):
            yield from compare(a, b, where)
    elif type(theirs) is not type(ours):
        yield f"{where} is {type(ours).__name__} and not {type(theirs).__name__}"

DIRECTIONS = ("read", "write", "trim", "mixed")

def count(job, what):
    if what == "bytes":
        return sum(job[d]["io_bytes"] for d in DIRECTIONS if d in job)
    if what == "sync":
        return job[what]["total_ios"]
    return job[what]["total_ios"], job[what]["io_bytes"]

def problems(name):
    same = re.search(r"^; same: (.*)$", open(f"{sys.argv[1]}/{name}.fio").read(), re.M)[1].split()
    texts = [open(f"{who}/{name}/out.json").read() for who in ("fio", "ours")]
    theirs, ours = map(json.loads, texts)
    yield from compare(theirs, ours, "")
    if '"bins"' in texts[1] and '"bins"' not in texts[0]:
        yield "there are bins"
    for a, b in zip(theirs["jobs"], ours["jobs"]):
        for what in same if same != ["none"] else ():
            if count(a, what) != count(b, what):
                yield f"job {a['jobname']}: {what}: {count(b, what)} and not {count(a, what)}"
        if any(b[d]["total_ios"] == 0 for d in DIRECTIONS if d in a and a[d]["total_ios"]):
            yield f"job {a['jobname']}: nothing in one direction"

wrong = [f"{name}: {problem}" for name in sys.argv[2:] for problem in problems(name)]
print("\n".join(wrong[:30]))
sys.exit(bool(wrong))
END_OF_PYTHON

jobs=$LARIAT_SRCDIR/tests/sh/fio-jobs
format() { case $1 in seq-read | verify-write | group) echo json ;; *) echo json+ ;; esac; }

run() # run WHO NAME COMMAND...: in a folder of its own
{
    local to=$dir/$1/$2
    mkdir -p "$to"
    (cd "$to" && "${@:3}" "$jobs/$2.fio" "--output-format=$(format "$2")" --output=out.json >out 2>err) || echo "status $?" >>"$to/failed"
}

names=()
for file in "$jobs"/*.fio; do
    names+=("$(basename "$file" .fio)")
done
export TRIM_DEVICE=
head -c 1048576 /dev/zero >"$dir/image"
if TRIM_DEVICE=$(losetup -f --show "$dir/image" 2>"$dir/err"); then
    on_exit losetup -d "$TRIM_DEVICE"
else
    skip_part "no loop device to trim: $(cat "$dir/err")"
    mapfile -t names < <(printf '%s\n' "${names[@]}" | grep -vx trim)
fi

# fio takes 0.3 s to start.
for name in "${names[@]}"; do
    run fio "$name" fio &
    while (($(jobs -rp | wc -l) >= 6)); do
        wait -n
    done
done
wait
for name in "${names[@]}"; do
    run ours "$name" "$lariat_bench" --preflight=0
    for who in fio ours; do
        [ ! -e "$dir/$who/$name/failed" ] || fail "$who $name: $(cat "$dir/$who/$name/failed" "$dir/$who/$name/out" "$dir/$who/$name/err")"
    done
done
(cd "$dir" && python3 compare.py "$jobs" "${names[@]}" >"$dir/out" 2>&1) || fail "what comes out differs"

# Reads that verify makes are told apart from those of the run, and only there.
python3 - "$dir/ours" <<'END_OF_PYTHON' >"$dir/check" 2>&1 || fail "lariat.verify: $(cat "$dir/check")"
import json, sys

for name, of_run in (("verify-write", 0), ("verify-backlog", 0), ("verify-randrw", None)):
    job = json.load(open(f"{sys.argv[1]}/{name}/out.json"))["jobs"][0]
    checks, run = job["lariat"]["verify"]["verify_reads"], job["lariat"]["verify"]["run_reads"]
    assert checks["total_ios"] == job["write"]["total_ios"] == checks["lat_ns"]["N"], name
    assert of_run is None or run["total_ios"] == of_run, name
    for key in ("total_ios", "io_bytes"):
        assert checks[key] + run[key] == job["read"][key], (name, key)
    for lat in ("clat_ns", "lat_ns") + (("slat_ns",) if name == "verify-write" else ()): # with psync there is no slat
        assert job["read"][lat]["N"] == job["read"]["total_ios"], (name, lat)
    assert job["read"]["runtime"] > 0 and job["read"]["iops"] > 0
END_OF_PYTHON

# What is said of the disk is not made up: a device below does what the job does, but for what others do to it meanwhile.
good --name=a "--filename=$dir/file" --size=1m --rw=write --fsync=255 --direct=1 --output-format=json
python3 - "$dir/out" <<'END_OF_PYTHON' || fail "disk_util"
import json, sys

disks = json.load(open(sys.argv[1]))["disk_util"]
if disks and sum(d["write_sectors"] for d in disks) * 512 < 1 << 20:
    sys.exit(f"1 MiB was written, and the disks saw {disks}")
END_OF_PYTHON

echo "lariat-bench: ${#names[@]} job files give fio's keys, types and counts"
