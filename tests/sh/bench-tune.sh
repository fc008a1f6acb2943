# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-bench tune: its options, a short search in all forms of output, SIGINT and --resume. What it finds is not judged here.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
preflight= # a subcommand comes first
null=(--name=a --ioengine=null --size=1m --rw=randread --preflight=0)

refused() # WORD ARG...
{
    fails 2 "$1" tune "${null[@]}" "${@:2}"
    [ "$(wc -l <"$dir/err")" = 1 ] || fail "not one line on stderr: ${*:2}"
}

good tune --help
grep -q -e '--objective' "$dir/out" || fail "--help does not tell the options"
refused 'latency, efficiency or balanced' --objective=speed
refused 'list of up to 8 depths' --depths=1,0
refused 'list of up to 8 depths' --depths=8,8
refused 'idle, 10, 50, 80 and full' --loads=20
refused 'time of more than 0' --budget=0
refused 'p99=1lightyear' --p99=1lightyear
refused '1 to 100' --cpu-budget=101
refused '2 to 50' --repeats=1
refused 'POLICY' --candidates=off,linear
refused 'it is empty' --candidates=
refused 'not json, csv and html together' --output-format=json,csv
refused 'the value is missing' --seed
refused 'tune decides' --rate_iops=100
refused 'tune decides' --number_ios=5
refused 'not together with --depths' --iodepth_low=0 --depths=1,2
refused 'polling means nothing there' --ioengine=psync
refused 'depths' --name=b --iodepth=2
refused 'same for all jobs' --name=b --poll_max_ns=1us
fails 2 'there is no such option' tune "${null[@]}" --nosuch=1
fails 2 'no job was given' tune
fails 2 'without tune' tune --version
fails 2 'without tune' tune --cmdhelp=rw
good tune "${null[@]}" --parse-only
[ ! -s "$dir/out" ] || fail "--parse-only ran something"
fails 2 "$dir/none" tune "${null[@]}" --output="$dir/none/file"

# Without a ring: the whole search, and its JSON.
good tune "${null[@]}" --budget=600ms --loads=full,10 --depths=1,4 --output_format json,text --objective=latency
cp "$dir/out" "$dir/a.json"
grep -q '^Recommended' "$dir/err" || fail "beside JSON the text is not on stderr"
printf '[a]\nioengine=null\nsize=1m\nrw=randread\n' >"$dir/jobs.fio"
good tune "$dir/jobs.fio" --preflight=0 --budget=300ms --loads=full --output-format=csv --candidates=classic/8us,auto --repeats=2
[ "$(head -n 1 "$dir/out" | cut -d, -f1-6)" = setting,depth,load_percent,stage,round,missed_rate ] || fail "the CSV has no head"
[ "$(cut -d, -f1 "$dir/out" | sort -u | tr '\n' ' ')" = 'auto/200us classic/8us off setting ' ] ||
    fail "other settings than the candidates were run"

# A budget that allows for little: that is told, and so is how far it is.
good tune "${null[@]}" --budget=200ms --depths=1,2,4 --eta=always
grep -q '^tune: \[ *\] .*calibrate' "$dir/err" || fail "no progress bar"
grep -q 'Left out' "$dir/out" || fail "what was left out is not told"

# SIGINT: the answer so far, status 130, and the file from which it goes on.
state=$dir/state
env --default-signal=INT "$lariat_bench" tune "${null[@]}" --budget=4s --loads=full,50 --resume="$state" >"$dir/out" 2>"$dir/err" &
pid=$!
for _ in $(seq 500); do
    [ ! -e "$state" ] || [ "$(wc -l <"$state")" -lt 3 ] || break
    sleep 0.01
done
kill -INT $pid
status=0
wait $pid || status=$?
[ $status = 130 ] || fail "SIGINT: status $status"
grep -q 'early answer' "$dir/out" || fail "SIGINT: no answer"
lines=$(wc -l <"$state")
head -n $((lines - 1)) "$state" >"$dir/cut" && printf '{"torn' >>"$dir/cut" && mv "$dir/cut" "$state"
good tune "${null[@]}" --budget=500ms --loads=full,50 --resume="$state" --output-format=csv
cp "$dir/out" "$dir/first.csv"
good tune "${null[@]}" --budget=500ms --loads=full,50 --resume="$state" --output-format=csv
cmp -s "$dir/out" "$dir/first.csv" || fail "a search that is all in the file was run again"
refused 'another workload' --bs=8k --resume="$state" --budget=1s
refused 'another workload, or of another --seed' --seed=2 --resume="$state" --budget=1s
echo hello >"$dir/other"
refused 'not a file of lariat-bench tune' --resume="$dir/other" --budget=1s

need_ring
# A real file, several jobs that write, and the page.
good tune --filename="$dir/file" --size=1m --rw=randrw --preflight=0 --name=a --name=b --numjobs=2 --budget=1500ms --depths=1,2 \
    --candidates=auto --repeats=2 --loads=idle,50,full --output-format=json --report="$dir/page.html" --p99=1s --cpu-budget=100
cp "$dir/out" "$dir/b.json"
[ -s "$dir/page.html" ] || fail "no page"
fails 2 'readonly' tune --name=a --filename="$dir/file" --rw=randwrite --readonly --budget=1s
if command -v python3 >/dev/null; then
    cat >"$dir/check.py" <<'END_OF_PYTHON'
import json, re, sys
import xml.etree.ElementTree as xml
directory = sys.argv[1]
for name in "a", "b":
    j = json.load(open(f"{directory}/{name}.json"))
    assert set(j["recommended"]) == {"latency", "efficiency", "balanced"}
    settings = {s["setting"] for s in j["settings"]}
    for pick in j["recommended"].values():
        assert pick["setting"] in settings and pick["leader"] in settings
        assert pick["paste"]["lariat_bench"].startswith("--poll_policy=")
        assert pick["setting"] == j["default"] or pick["reason"] in ("better", "default_beyond_limits"), pick
    cells = j["cells"]
    assert {c["depth"] for c in cells} <= ({1, 4} if name == "a" else {1, 2}) and cells
    assert all(c["samples"] > 0 for c in cells) and any(c["iops"] > 0 for c in cells if c["load_percent"])
    target = {(s["depth"], s["load_percent"]): s["target_iops"] for s in j["scenarios"]}
    for c in cells: # arrivals are random
        wanted = target[c["depth"], c["load_percent"]]
        assert wanted is None or c["iops"] < 1.5 * wanted + 300, (c, wanted)
    assert all((wanted is None) == (load == 100) for (_, load), wanted in target.items()), target
root = xml.parse(f"{directory}/page.html").getroot()
tag = lambda e: e.tag.split("}")[-1]
titles = ["".join(e.itertext()) for e in root.iter() if tag(e) == "figcaption"]
wanted = ["Response at depth 1", "Latency by percentile"]
if any(s["on_front"] for s in j["settings"]): # else the machine was too busy to run one setting at all loads
    wanted += ["Response at depth 2", "99th percentile against"]
for title in wanted:
    assert any(t.startswith(title) for t in titles), (title, titles)
assert not [e for e in root.iter() if tag(e) in ("script", "link", "img")]
for e in root.iter():
    for value in e.attrib.values():
        assert not re.search(r"\b-?(nan|inf)\b", value), value
END_OF_PYTHON
    python3 "$dir/check.py" "$dir" >"$dir/err" 2>&1 || fail "the documents"
else
    skip_part "no python3 to read the documents"
fi

status=0
"$lariat_bench" tune "${null[@]}" --budget=100ms --loads=full >/dev/full 2>"$dir/err" || status=$?
[ $status = 1 ] || fail "/dev/full: status $status"
