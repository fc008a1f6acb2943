# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The JSON is what doc/lariat-bench.schema.json says, by python3-jsonschema or by the few rules of it that the schema uses.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring
command -v python3 >/dev/null || skip "there is no python3 to read JSON with"
preflight=

cat >"$dir/validate.py" <<'END_OF_PYTHON'
import json, re, sys

schema = json.load(open(sys.argv[1]))
TYPES = dict(object=dict, array=list, string=str, boolean=bool)
KNOWN = {"$schema", "$id", "$comment", "$defs", "$ref", "title", "description", "type", "properties", "required",
    "additionalProperties", "items", "propertyNames", "pattern", "enum", "minimum", "maximum", "anyOf"}

def has_type(value, name):
    if name == "integer":
        return type(value) is int
    if name == "number":
        return type(value) in (int, float)
    return type(value) is TYPES[name]

def problems(rule, value, where):
    if set(rule) - KNOWN:
        yield f"the schema uses {set(rule) - KNOWN}"
    if "$ref" in rule:
        yield from problems(schema["$defs"][rule["$ref"].split("/")[-1]], value, where)
    if "type" in rule and not has_type(value, rule["type"]):
        yield f"{where}: {value!r} is no {rule['type']}"
        return
    if "enum" in rule and value not in rule["enum"] or "pattern" in rule and not re.search(rule["pattern"], value):
        yield f"{where}: {value!r}"
    if value < rule.get("minimum", value) if type(value) in (int, float) else False:
        yield f"{where}: {value} is too small"
    if value > rule.get("maximum", value) if type(value) in (int, float) else False:
        yield f"{where}: {value} is too large"
    if "anyOf" in rule and all(any(True for _ in problems(r, value, where)) for r in rule["anyOf"]):
        yield f"{where}: none of anyOf"
    if type(value) is list:
        for i, item in enumerate(value):
            yield from problems(rule.get("items", {}), item, f"{where}[{i}]")
    if type(value) is dict:
        for key in rule.get("required", ()):
            if key not in value:
                yield f"{where} lacks {key}"
        for key, item in value.items():
            if "propertyNames" in rule:
                yield from problems(rule["propertyNames"], key, f"{where}: the key")
            if key in rule.get("properties", {}):
                yield from problems(rule["properties"][key], item, f"{where}.{key}")
            elif rule.get("additionalProperties", True) is False:
                yield f"{where}: {key} is not in the schema"
            elif isinstance(rule.get("additionalProperties"), dict):
                yield from problems(rule["additionalProperties"], item, f"{where}.{key}")

for path in sys.argv[2:]:
    document = json.load(open(path))
    found = list(problems(schema, document, ""))
    if found:
        sys.exit("\n".join(found[:20]))
    try:
        import jsonschema
    except ImportError:
        continue
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(document)
END_OF_PYTHON

n=0
valid() # ARG...
{
    for format in json json+; do
        good "$@" --output-format=$format
        python3 "$dir/validate.py" "$LARIAT_SRCDIR/doc/lariat-bench.schema.json" "$dir/out" >"$dir/check" 2>&1 ||
            fail "$format, $*: $(cat "$dir/check")"
        n=$((n + 1))
    done
}

job=(--name=a "--filename=$dir/file" --size=256k)
for engine in lariat liburing psync null; do
    valid "${job[@]}" --rw=randrw --iodepth=4 --ioengine=$engine
done
valid "${job[@]}" --rw=randrw --fsync=4 --slat_percentiles=1 --runtime=500ms --time_based
valid "${job[@]}" --rw=rw --unified_rw_reporting=both --description=words
valid "${job[@]}" --rw=rw --unified_rw_reporting=mixed --numjobs=3 --group_reporting
valid "${job[@]}" --rw=write --verify=crc32c --lat_percentiles=0
valid --bs=8k "${job[@]}" --rw=read --name=b "--filename=$dir/file" --rw=read --new_group --gtod_reduce=1
valid "${job[@]}" --rw=randrw --rate_iops=2000,1000 --runtime=300ms --time_based --iodepth=4
python3 - "$dir/out" <<'END_OF_PYTHON' || fail "lariat.response_ns and lariat.schedule"
import json, sys

job = json.load(open(sys.argv[1]))["jobs"][0]
for name in ("read", "write"):
    response, schedule = job["lariat"]["response_ns"][name], job["lariat"]["schedule"][name]
    assert response["N"] == schedule["n"] == job[name]["total_ios"] > 0, (response["N"], schedule, job[name]["total_ios"])
    assert sum(response["bins"].values()) == response["N"]
    assert response["mean"] >= job[name]["lat_ns"]["mean"] * 0.99
assert "trim" not in job["lariat"]["response_ns"]
END_OF_PYTHON
valid "${job[@]}" --rw=read --continue_on_error=read --bsrange=4k-16k
valid "${job[@]}" --rw=read --ioengine=null --runtime=1 --time_based --steadystate=lat:1000% --ss_dur=40ms --ss_interval=20ms
valid "${job[@]}" --rw=read --name=b "--filename=$dir/late" --size=64k --rw=write --stonewall

# The schema can fail.
sed 's/"total_ios": [0-9]*/"total_ios": "many"/' "$dir/out" >"$dir/bad"
! python3 "$dir/validate.py" "$LARIAT_SRCDIR/doc/lariat-bench.schema.json" "$dir/bad" >"$dir/check" 2>&1 || fail "a wrong type is valid"
sed 's/"groupid"/"group"/' "$dir/out" >"$dir/bad"
! python3 "$dir/validate.py" "$LARIAT_SRCDIR/doc/lariat-bench.schema.json" "$dir/bad" >"$dir/check" 2>&1 || fail "another key is valid"

echo "lariat-bench: $n documents are what the schema says"
