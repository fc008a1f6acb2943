# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# --output-format=json writes fio's document: one, whole, with fio's keys and types, and nothing beside it.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring
command -v python3 >/dev/null || skip "there is no python3 to read JSON with"

cat >"$dir/check.py" <<'END'
import json, sys

def must(condition, *what):
    if not condition:
        sys.exit("FAIL: " + " ".join(map(str, what)))

def typed(object, types, where):
    for key, type_ in types.items():
        must(key in object, where, "has no", key)
        value = object[key]
        must(type(value) is type_, where, key, "is", type(value).__name__, "and not", type_.__name__)

LATENCY = dict(min=int, max=int, mean=float, stddev=float, N=int)
DIRECTION = dict(io_bytes=int, io_kbytes=int, bw_bytes=int, bw=int, iops=float, runtime=int, total_ios=int, short_ios=int,
    drop_ios=int, slat_ns=dict, clat_ns=dict, lat_ns=dict, bw_min=int, bw_max=int, bw_agg=float, bw_mean=float, bw_dev=float,
    bw_samples=int, iops_min=int, iops_max=int, iops_mean=float, iops_stddev=float, iops_samples=int)
JOB = dict(jobname=str, groupid=int, error=int, eta=int, elapsed=int, read=dict, write=dict, trim=dict, sync=dict,
    job_runtime=int, usr_cpu=float, sys_cpu=float, ctx=int, majf=int, minf=int, iodepth_level=dict, iodepth_submit=dict,
    iodepth_complete=dict, latency_ns=dict, latency_us=dict, latency_ms=dict, latency_depth=int, latency_target=int,
    latency_percentile=float, latency_window=int, lariat=dict)
JOB["job options"] = dict
LARIAT = dict(version=str, engine=str, tid=int, depth_mean=float, cpu_ns_per_io=float, cpu_usr_ns_per_io=float,
    cpu_sys_ns_per_io=float, syscalls=int, syscalls_per_io=float, asleep=float, enters=int, eventfd_writes=int,
    ios_per_enter=float, spins=int, spins_hit=int, spin_hit_ratio=float, spin_ns=int, spin_vain_ns=int, sleeps=int,
    sleep_ns=int, waits_batched=int, cqes_batched=int, window_ns=int, poll_max_ns=int, options=dict)
PERCENTILES = ["%f" % p for p in (1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99)]
NS = "2 4 10 20 50 100 250 500 750 1000".split()

def shares(object, keys, where):
    must(list(object) == keys, where, "has keys", list(object))
    must(all(type(v) is float for v in object.values()), where, "has values that are not real")
    total = sum(object.values())
    must(total == 0 or abs(total - 100) < 0.01, where, "sums to", total)

document = json.load(open(sys.argv[1]))
n_jobs, ios = int(sys.argv[2]), int(sys.argv[3])
top = {"fio version": str, "timestamp": int, "timestamp_ms": int, "time": str, "jobs": list, "disk_util": list}
typed(document, top, "the document")
must(document["fio version"].startswith("fio-3."), document["fio version"])
must(len(document["jobs"]) == n_jobs, len(document["jobs"]), "jobs")
for job in document["jobs"]:
    typed(job, JOB, "job")
    for key in ("rw", "bs", "iodepth", "numjobs", "ioengine"):
        must(isinstance(job["job options"].get(key), str), "job options lack", key)
    total = 0
    for name in ("read", "write", "trim"):
        d = job[name]
        typed(d, DIRECTION, name)
        for latency in ("slat_ns", "clat_ns", "lat_ns"):
            typed(d[latency], LATENCY, name + " " + latency)
        must(d["clat_ns"]["N"] == d["total_ios"], name, "N is not total_ios")
        if d["total_ios"]:
            must(list(d["lat_ns"]["percentile"]) == PERCENTILES, list(d["lat_ns"]["percentile"]))
            values = list(d["clat_ns"]["percentile"].values())
            must(values == sorted(values) and all(type(v) is int for v in values), "percentiles", values)
            must(d["lat_ns"]["min"] <= d["lat_ns"]["mean"] <= d["lat_ns"]["max"], "mean out of min..max")
            must(d["iops"] > 0 and d["bw_bytes"] > 0 and d["io_kbytes"] * 1024 <= d["io_bytes"], name, "rates")
        total += d["total_ios"]
    must(total == ios, total, "I/Os instead of", ios)
    typed(job["sync"], dict(total_ios=int, lat_ns=dict), "sync")
    typed(job["sync"]["lat_ns"], LATENCY, "sync lat_ns")
    typed(job["lariat"], LARIAT, "lariat")
    shares(job["iodepth_level"], "1 2 4 8 16 32 >=64".split(), "iodepth_level")
    shares(job["iodepth_submit"], "0 4 8 16 32 64 >=64".split(), "iodepth_submit")
    shares(job["iodepth_complete"], "0 4 8 16 32 64 >=64".split(), "iodepth_complete")
    must(list(job["latency_ns"]) == NS and list(job["latency_us"]) == NS, "latency_ns or latency_us")
    must(list(job["latency_ms"]) == NS + ["2000", ">=2000"], "latency_ms")
    total = sum(sum(job[k].values()) for k in ("latency_ns", "latency_us", "latency_ms"))
    must(abs(total - 100) < 0.01, "latency classes sum to", total)
END

check() # NAME FILE JOBS IOS
{
    python3 "$dir/check.py" "$2" "$3" "$4" >"$dir/check.out" 2>&1 || fail "$1: $(cat "$dir/check.out")"
}

for engine in lariat liburing psync null; do
    good --name=a --filename="$dir/file" --size=1m --rw=randrw --iodepth=8 --ioengine=$engine --output-format=json
    check $engine "$dir/out" 1 256
done

# The floor to compare with has the ring that the library has.
for engine in lariat liburing; do
    good --name=a --filename="$dir/file" --rw=randread --iodepth=200 --ioengine=$engine --output-format=json --output="$dir/$engine"
done
python3 - "$dir/lariat" "$dir/liburing" <<'END' || fail "the lariat and the liburing engine have different rings"
import json, sys

rings = [json.load(open(path))["jobs"][0]["lariat"]["ring"] for path in sys.argv[1:]]
if rings[0] != rings[1]:
    sys.exit(f"{rings[0]} {rings[1]}")
END

# What is said goes to stderr; with both formats, the normal report too.
rm -f "$dir/file"
good --bs=4k --size=256k --direct=0 --name=a --filename="$dir/file" --numjobs=2 --fdatasync=4 --rw=rw --output-format=normal,json
check both "$dir/out" 2 64
grep -q 'laying out' "$dir/err" || fail "the layout was not told on stderr"
grep -q 'IOPS=' "$dir/err" || fail "the normal report is not on stderr"
python3 - "$dir/out" <<'END' || fail "the echo of options, or the syncs"
import json, sys

document = json.load(open(sys.argv[1]))
assert document["global options"] == {"bs": "4k", "size": "256k", "direct": "0"}, document["global options"]
job = document["jobs"][0]
assert job["job options"]["fdatasync"] == "4" and job["job options"]["rw"] == "rw", job["job options"]
assert job["job options"]["numjobs"] == "2" and job["job options"]["bs"] == "4k", job["job options"]
understood = job["lariat"]["options"]
assert understood["bs"] == "4096" and understood["size"] == "262144" and understood["rw"] == "rw", understood
assert understood["direct"] == "0" and "rwmixread" not in understood, understood
assert job["sync"]["total_ios"] == job["write"]["total_ios"] // 4, job["sync"]
assert job["sync"]["lat_ns"]["N"] == job["sync"]["total_ios"]
END

good --name=a --filename="$dir/file" --rw=randread --verify=0 --output="$dir/result" --output-format=json
[ ! -s "$dir/out" ] || fail "--output: something is on stdout"
check --output "$dir/result" 1 64

good --name=a --filename="$dir/file" --rw=write --verify=crc32c --output-format=json
check verify "$dir/out" 1 128
python3 -c "import json, sys; v = json.load(open(sys.argv[1]))['jobs'][0]['lariat']['verify']; sys.exit(v['blocks'] != 64 or v['errors'] != 0)" \
    "$dir/out" || fail "lariat.verify does not count 64 blocks"

# While it verifies, the rate of writes is not sampled as 0.
good --name=a --filename="$dir/large" --size=32m --bs=256k --rw=write --verify=crc64 --iopsavgtime=5 --output-format=json
python3 -c "import json, sys; j = json.load(open(sys.argv[1]))['jobs'][0]; w = j['write']; print(w['iops_samples'], w['runtime'], j['lariat']['verify']); sys.exit(w['iops_samples'] > w['runtime'] / 4 + 2)" \
    "$dir/out" >"$dir/check" || fail "writes were sampled during verification: $(cat "$dir/check")"
rm "$dir/large"

# What is switched off is not there, and samples are taken as often as asked.
timed=(--name=a "--filename=$dir/file" --rw=read --runtime=800ms --time_based --output-format=json)
measured() # CONDITION ARG...: of the reads, as a Python expression in r and j
{
    local condition=$1
    shift
    good "${timed[@]}" "$@"
    python3 -c "import json, sys; j = json.load(open(sys.argv[1]))['jobs'][0]; r = j['read']; sys.exit(not ($condition))" "$dir/out" ||
        fail "not $condition: $*"
}
measured "r['slat_ns']['N'] > 0 and r['clat_ns']['N'] > 0 and r['lat_ns']['N'] > 0 and r['bw_samples'] == 1"
measured "r['slat_ns']['N'] == 0 and r['clat_ns']['N'] > 0 and r['lat_ns']['N'] > 0" --disable_slat=1
measured "r['slat_ns']['N'] > 0 and r['clat_ns']['N'] == 0 and r['lat_ns']['N'] > 0" --disable_clat=1
measured "r['slat_ns']['N'] > 0 and r['clat_ns']['N'] > 0 and r['lat_ns']['N'] == 0 and sum(j['latency_us'].values()) > 0" --disable_lat=1
measured "r['clat_ns']['N'] > 0 and r['bw_samples'] == 0 and r['iops_samples'] == 0" --disable_bw_measurement=1
measured "r['total_ios'] > 0 and r['slat_ns']['N'] == r['clat_ns']['N'] == r['lat_ns']['N'] == r['bw_samples'] == 0" --gtod_reduce=1
measured "r['bw_samples'] > 2 and r['iops_samples'] == 1" --bwavgtime=100
measured "r['bw_samples'] == 1 and r['iops_samples'] > 2" --iopsavgtime=100
measured "'percentile' not in r['clat_ns'] and 'percentile' in r['lat_ns']" --clat_percentiles=0
measured "'percentile' in r['clat_ns'] and 'percentile' not in r['lat_ns']" --lat_percentiles=0
measured "list(r['clat_ns']['percentile']) == ['10.000000', '50.000000', '99.900000']" --percentile_list=50:10:99.9
fails 2 'out of range' "${timed[@]}" --percentile_list=0:50

# A name that is not UTF-8 does not spoil the document.
cp "$dir/file" "$dir/"$'\xff'
good --name=a --filename="$dir/"$'\xff' --rw=read --output-format=json
check 'not UTF-8' "$dir/out" 1 64

echo "lariat-bench: the JSON has fio's keys and types"
