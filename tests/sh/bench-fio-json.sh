# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The same command lines through fio and lariat-bench: our JSON has every key of fio's, with its type, in json and in json+.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring
command -v python3 >/dev/null || skip "there is no python3 to read JSON with"
command -v fio >/dev/null || skip "there is no fio to compare with"
[ "$(fio --version)" = fio-3.33 ] || skip "$(fio --version) is here, and not fio-3.33"

cat >"$dir/compare.py" <<'END_OF_PYTHON'
import json, sys

ANY_KEYS = ("bins",)  # their keys are measured

def compare(theirs, ours, where):
    if isinstance(theirs, dict):
        if where.endswith("job options") or where.endswith("global options"):
            missing = [k for k in theirs if k not in ours]
            if missing:
                yield f"{where} lacks {missing}"
            return
        if where.split(".")[-1] in ANY_KEYS:
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

def ios(document):
    return [[job[d]["total_ios"] if d in job else None for d in ("read", "write", "trim", "mixed")] for job in document["jobs"]]

theirs, ours = (json.load(open(path)) for path in sys.argv[1:3])
wrong = list(compare(theirs, ours, ""))
if sys.argv[3] == "counts" and ios(theirs) != ios(ours):
    wrong.append(f"{ios(ours)} I/Os and not {ios(theirs)}")
for line in wrong[:20]:
    print(line)
sys.exit(bool(wrong))
END_OF_PYTHON

n=0
# same counts|keys ARG...: `counts`: the number of I/Os of each direction must be the same as well.
same()
{
    local how=$1 format
    shift
    for format in json json+; do
        n=$((n + 1))
        (cd "$dir" && fio "$@" --output-format=$format --output="$dir/fio.json" >"$dir/out" 2>"$dir/err") || fail "fio $*"
        good "$@" --output-format=$format --output="$dir/ours.json"
        python3 "$dir/compare.py" "$dir/fio.json" "$dir/ours.json" "$how" >"$dir/out" 2>&1 || fail "$format: $*"
    done
}

one=(--name=a "--filename=$dir/file" --size=1m)
same counts "${one[@]}" --rw=read --ioengine=psync
same counts "${one[@]}" --rw=randread --ioengine=io_uring --iodepth=8 --bs=8k
same counts "${one[@]}" --rw=randread --ioengine=io_uring --iodepth=8 --slat_percentiles=1 --lat_percentiles=1
same counts "${one[@]}" --rw=randread --ioengine=io_uring --clat_percentiles=0 --lat_percentiles=1
same counts "${one[@]}" --rw=write --ioengine=io_uring --iodepth=4 --percentile_list=50:99.9:99
same keys "${one[@]}" --rw=randrw --ioengine=io_uring --iodepth=4 --rwmixread=30
same keys "${one[@]}" --rw=randrw --ioengine=psync --unified_rw_reporting=mixed
same keys "${one[@]}" --rw=rw --ioengine=psync --unified_rw_reporting=both
same counts "${one[@]}" --rw=randwrite --ioengine=io_uring --iodepth=4 --fdatasync=8
same counts "${one[@]}" --rw=randwrite --ioengine=psync --fsync=8 --description=words
same counts "${one[@]}" --rw=randread --ioengine=io_uring --numjobs=3 --thread
same counts "${one[@]}" --rw=randread --ioengine=io_uring --numjobs=3 --group_reporting --thread
same counts "${one[@]}" --rw=read --name=b "--filename=$dir/other" --size=64k --rw=write --new_group
same counts --bs=8k "--directory=$dir" --size=256k --direct=0 --group_reporting --name=a --rw=read --name=b --rw=write
same keys "${one[@]}" --rw=randread --ioengine=io_uring --runtime=700ms --time_based --disable_lat=1
same keys "${one[@]}" --rw=randread --ioengine=io_uring --runtime=1 --time_based --gtod_reduce=1 --bwavgtime=100
same keys "${one[@]}" --rw=read --ioengine=null --runtime=1 --time_based
same keys "${one[@]}" --rw=randrw --ioengine=io_uring --iodepth=4 --rate_iops=2000,1000 --runtime=1 --time_based
same counts "${one[@]}" --rw=read --ioengine=io_uring --continue_on_error=read
same counts --ioengine=psync "${one[@]}" --rw=read --name=b "--filename=$dir/late" --size=64k --rw=write --stonewall
same counts "${one[@]}" --rw=read --ioengine=psync --bs=8k,4k --number_ios=50

# What is said of the disk is not made up: a device below does what the job does, but for what others do to it meanwhile.
good "${one[@]}" --rw=write --fsync=256 --direct=1 --output-format=json
python3 - "$dir/out" <<'END_OF_PYTHON' || fail "disk_util"
import json, sys

disks = json.load(open(sys.argv[1]))["disk_util"]
if disks and sum(d["write_sectors"] for d in disks) * 512 < 1 << 20:
    sys.exit(f"1 MiB was written, and the disks saw {disks}")
END_OF_PYTHON

echo "lariat-bench: $n documents have fio's keys and types"
