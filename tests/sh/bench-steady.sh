# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# steadystate=: a job ends when its load is steady, and not before; what is said of it.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
command -v python3 >/dev/null || skip "there is no python3 to read JSON with"

# check CODE: of the last document, with jobs, a (the first) and ss (what is said of it).
check()
{
    python3 - "$dir/out" "$1" >"$dir/check" 2>&1 <<'END_OF_PYTHON' || fail "$1: $(cat "$dir/check")"
import json, sys

jobs = json.load(open(sys.argv[1]))["jobs"]
a, ss = jobs[0], jobs[0].get("steadystate")
exec(sys.argv[2])
END_OF_PYTHON
}

load=(--ioengine=null --size=1g --rw=randrw "--rate_iops=2000,1000" --output-format=json --ss_interval=20ms)

# The limit is so wide that any load keeps it: the window decides when.
good "${load[@]}" --name=a --runtime=25 --steadystate=iops:10000% --ss_dur=100ms
check 'assert ss["attained"] == 1 and ss["ss"] == "iops:10000.000000%" and ss["criterion"][-1] == "%" and ss["duration"] == 1'
check 'assert 95 <= a["job_runtime"] < 20000, a["job_runtime"]'
check 'd = ss["data"]; assert len(d["iops"]) == len(d["bw"]) == 5 and d["iops_mean"] > 0 and "lat_ns" not in d'
check 'd = ss["data"]; m = sum(d["iops"]) / 5; assert abs(m - d["iops_mean"]) < 2 and abs(max(abs(i - m) for i in d["iops"]) - ss["max_deviation"]) < 3'
check 'd = ss["data"]; assert abs(d["bw_mean"] - 4096 * d["iops_mean"]) <= 4096 and ss["slope"] == 0'

# A limit that no load keeps: it goes on to its end, which is no failure.
good "${load[@]}" --name=a --runtime=200ms --steadystate=lat_slope:0 --ss_dur=60ms
check 'assert ss["attained"] == 0 and a["job_runtime"] >= 199 and ss["max_deviation"] == 0 and ss["criterion"][-1] != "%"'
check 'd = ss["data"]; assert len(d["lat_ns"]) == 3 and d["lat_mean"] > 0 and abs(float(ss["criterion"]) - ss["slope"]) < 0.001'

# Both ramps come first; with one window for all, the clones end together, and without it each has its own.
good "${load[@]}" --name=a --runtime=25 --ss=bw:10000% --ss_dur=40ms --ramp_time=100ms --ss_ramp=200ms --numjobs=2 --group_reporting
check 'assert len(jobs) == 1 and ss["attained"] == 1 and len(ss["data"]["bw"]) == 2 and 230 <= a["read"]["runtime"] < 20000'
good "${load[@]}" --name=a --runtime=25 --ss=bw_slope:100000% --ss_dur=40ms --numjobs=2 --name=b --runtime=50ms
check 'assert [j["steadystate"]["attained"] if "steadystate" in j else None for j in jobs] == [1, 1, None]'

# By default it is the slope of IOPS; the report for people has fio's line.
good "${load[@]}" --name=a --runtime=100ms --ss_dur=5 --output-format=normal
grep -Eq '^  steadystate  : attained=no, bw=[^ ]+iB/s \([^ ]+B/s\), iops=[0-9.]+k?, iops slope=-?[0-9.]+%$' "$dir/out" || fail "no line in the report"

good "${load[@]}" --name=a --runtime=50ms --steadystate=iops:1
check 'assert ss is None'
grep -q 'no effect' "$dir/err" || fail "--steadystate alone: no warning"
fails 2 steadystate_duration "${load[@]}" --name=a --runtime=1 --ss=iops:1 --ss_dur=10ms
fails 2 disable_lat "${load[@]}" --name=a --runtime=1 --ss=lat:1 --ss_dur=1 --disable_lat=1
echo "lariat-bench: steady states end jobs"
