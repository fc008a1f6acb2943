# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# --report writes one page that is well-formed and needs nothing from elsewhere, whatever a job is called.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring
command -v python3 >/dev/null || skip "there is no python3 to read the page with"

cat >"$dir/page.py" <<'END_OF_PYTHON'
import re, sys
import html.parser
import xml.etree.ElementTree as xml

path, wanted = sys.argv[1], sys.argv[2:]
text = open(path, encoding="utf-8").read()
root = xml.fromstring(text)
html.parser.HTMLParser().feed(text)
tag = lambda element: element.tag.split("}")[-1]
everything = list(root.iter())

for element in everything:
    assert tag(element) not in ("script", "link", "img", "iframe", "object"), tag(element)
    for name, value in element.attrib.items():
        assert name.split("}")[-1] not in ("src", "href") and not name.startswith("on"), (name, value)
        assert "nan" not in value.lower() and "inf" not in value.lower() or name in ("aria-label",), (name, value)
assert "url(" not in text and "@import" not in text and not re.search(r"https?://(?!www\.w3\.org/1999/xhtml)", text)
assert "prefers-color-scheme:dark" in text
titles = ["".join(e.itertext()) for e in everything if tag(e) == "figcaption"]
for title in wanted:
    assert any(t.startswith(title) for t in titles), f"no figure {title} in {titles}"
for svg in (e for e in everything if tag(e) == "svg"):
    x, y, width, height = map(float, svg.attrib["viewBox"].split())
    assert svg.attrib["role"] == "img" and svg.attrib["aria-label"]
    for line in svg.iter():
        if tag(line) == "path":
            numbers = [float(n) for n in re.findall(r"-?[0-9.]+", line.attrib["d"])]
            assert all(-1 <= n <= width + 1 for n in numbers), numbers
        if tag(line) == "rect":
            assert float(line.attrib["width"]) >= 0 and float(line.attrib["height"]) >= 0
print(["".join(e.itertext()) for e in everything if tag(e) == "h2"])
END_OF_PYTHON

page() # FIGURE...
{
    python3 "$dir/page.py" "$dir/page.html" "$@" >"$dir/titles" 2>&1 || fail "the page: $(cat "$dir/titles")"
}

name=$'a <&> "quoted" \xff\x01 \xe2\x82\xac'
good --name="$name" --filename="$dir/file" --size=1m --rw=randrw --iodepth=4 --direct=0 --runtime=700ms --time_based \
    --report="$dir/page.html"
page 'Latency by percentile' 'Latency histogram' IOPS Bandwidth 'Latency over time' 'Poll window' CPU
grep -q 'a <&> "quoted" ?? €' "$dir/titles" || fail "the name of the job: $(cat "$dir/titles")"

# Without latencies, without time, without I/O, and many at once.
good --name=a --filename="$dir/file" --rw=read --gtod_reduce=1 --runtime=300ms --time_based --report="$dir/page.html"
page CPU
good --name=a --filename="$dir/file" --size=4k --rw=read --ioengine=psync --report="$dir/page.html"
page 'Latency histogram'
good --name=a --filename="$dir/file" --rw=randread --numjobs=3 --group_reporting --name=b --filename="$dir/file" --rw=write --poll_max_ns=0 \
    --runtime=300ms --time_based --report="$dir/page.html"
page IOPS
grep -q "(3 jobs)" "$dir/titles" || fail "the group is not one: $(cat "$dir/titles")"

good --name=a --filename="$dir/file" --size=1m --rw=randrw --rate_iops=1000,500 --runtime=400ms --time_based --report="$dir/page.html"
page 'Response time by percentile'

good --name=a --filename="$dir/file" --rw=read --preflight=0 --report="$dir/page.html" --output-format=json
grep -q '^{' "$dir/out" || fail "the page took the place of the JSON"
fails 2 "$dir/none" --name=a --filename="$dir/file" --rw=read --report="$dir/none/page.html"

echo "lariat-bench: the page is well-formed"
