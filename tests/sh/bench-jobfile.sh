# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Job files: bad ones are refused with status 2 and the line, good ones are understood as fio understands them.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"

cd "$dir"
mkdir -p jobs jobs/sub

refused() # WORD ARG...
{
    fails 2 "$@"
    [ "$(wc -l <"$dir/err")" = 1 ] || fail "not one line on stderr: ${*:2}"
}

printf '[a]\nsize=64k\nbs=1.5k\n' >jobs/bad.fio
refused 'jobs/bad.fio:3: bs=1.5k: fractions' jobs/bad.fio
refused 'jobs/bad.fio:3: ' --parse-only jobs/bad.fio
refused 'jobs: this is a directory' jobs
refused 'nosuch.fio: No such file' nosuch.fio
printf '[a]\nsize=64k\nioengine=null\n[b]\nsize=128k\nioengine=null\nrw=write' >jobs/two.fio
refused 'no job of that name' --section=c jobs/two.fio
printf '[a]\n\0\n' >jobs/nul.fio
refused 'jobs/nul.fio:2: there is a NUL byte' jobs/nul.fio
refused 'did you mean hipri' --cmdhelp=hipr
refused 'no such engine' --enghelp=nosuch

for mode in --cmdhelp --cmdhelp=bssplit --enghelp --enghelp=io_uring --enghelp=io_uring,fixedbufs; do
    good $mode
    [ -s "$dir/out" ] || fail "$mode printed nothing"
    [ ! -s "$dir/err" ] || fail "$mode wrote to stderr"
done

ios() # sets names_and_ios: what ran, in order
{
    names_and_ios=$(python3 -c "
import json, sys
for job in json.load(open(sys.argv[1]))['jobs']:
    print(job['jobname'], job['read']['total_ios'], job['write']['total_ios'])" "$1" | tr '\n' ';')
}

command -v python3 >/dev/null || skip "there is no python3 to read JSON with"

# Standard input, parts of a file, nothing run; what --showcmd prints runs the same.
good --output-format=json - <jobs/two.fio
ios out
[ "$names_and_ios" = 'a 16 0;b 0 32;' ] || fail "standard input: $names_and_ios"
good --output-format=json jobs/two.fio --section=b
ios out
[ "$names_and_ios" = 'b 0 32;' ] || fail "--section: $names_and_ios"
good --parse-only jobs/two.fio --output=never
if [ -e never ] || [ -s out ]; then fail "--parse-only ran something"; fi
good --showcmd jobs/two.fio
read -r _ line <out
# shellcheck disable=SC2086 # words are wanted
good --output-format=json $line
ios out
[ "$names_and_ios" = 'a 16 0;b 0 32;' ] || fail "the line of --showcmd: $names_and_ios"

if ! command -v fio >/dev/null; then
    skip_part "there is no fio to compare with"
    echo "lariat-bench: job files are read"
    exit 0
fi

# Files that fio reads, of which all that follows is determined.
export BLOCK=2k
unset NOTHING
printf '[global]\nioengine=null\nsize=64k\t; a comment\nrw=read # another\n[a]\nnumjobs=2\n[b]\nbs=8k\n' >jobs/comments.fio
printf '[global]\nioengine=null\nsize=64k\n[a]\n[global]\nbs=16k\n[b]\nname=renamed\n' >jobs/globals.fio
printf '[globalx]\r\nioengine=null\r\nsize=64k\r\n  [ a b ]  \r\n  bs=8k\r\n' >jobs/crlf.fio
printf '[a]\ninclude sub/one\nsize=64k\n[b]\nioengine=null\nsize=64k\nrw=randrw\nrwmixread=30' >jobs/include.fio
printf 'include two\nbs=8k\n' >jobs/sub/one
printf 'ioengine=null\nrw=randwrite\n' >jobs/sub/two
# shellcheck disable=SC2016 # it is for the job file
printf '[a]\nioengine=null\nsize=16384*$ncpus\nbs=${BLOCK}\nfilename=x${NOTHING}y\n' >jobs/variables.fio
printf '[a]\nioengine=null\nsize=64k\nbs=8k\nkb_base=1000\n[b]\nioengine=null\nsize=64k\nbs=8k\n' >jobs/base.fio
printf '[a]\nioengine=null\nblocksize=0x1000\nsize=1M\nreadwrite=randread\nnorandommap=1\n' >jobs/spellings.fio
printf '[a]\nioengine=null\nsize=256k\nbs=4k,8k\nrw=write\nbs=8k\n' >jobs/overrides.fio
printf '[a]\nioengine=null\nsize=64k\nnumjobs=3\n[a]\nioengine=null\nsize=64k\n' >jobs/clones.fio
printf '[a]\nioengine=null\nsize=64k\nfdatasync=4\nrw=write\niodepth=4\niodepth=8\n[b]\nioengine=null\nsize=64k\nrw=rw\nrwmixwrite=100\n' \
    >jobs/mix.fio

cat >compare.py <<'END'
import json, sys

def load(path):
    text = open(path).read()
    return json.loads(text[text.index("{"):])

fio, ours = load(sys.argv[1]), load(sys.argv[2])
assert len(fio["jobs"]) == len(ours["jobs"]), "%d jobs instead of %d" % (len(ours["jobs"]), len(fio["jobs"]))
ours_global = ours.get("global options", {})
for key, value in fio.get("global options", {}).items():
    assert ours_global.get(key) == value, "global options: %s is %s and not %s" % (key, ours_global.get(key), value)
for theirs, mine in zip(fio["jobs"], ours["jobs"]):
    name = theirs["jobname"]
    assert mine["jobname"] == name, "a job is called %s and not %s" % (mine["jobname"], name)
    assert mine["groupid"] == theirs["groupid"], "%s: group %d" % (name, mine["groupid"])
    for key, value in (theirs.get("job options") or {}).items():
        got = mine["job options"].get(key)
        assert got == value, "%s: %s is %s and not %s" % (name, key, got, value)
    mixed = mine["job options"]["rw"] in ("rw", "randrw")
    count = lambda job, d: job[d]["total_ios"]
    if mixed: # which of them are reads is chance
        counts = [sum(count(job, d) for d in ("read", "write")) for job in (theirs, mine)]
    else:
        counts = [[count(job, d) for d in ("read", "write", "trim")] for job in (theirs, mine)]
    assert counts[0] == counts[1], "%s: I/Os %s and not %s" % (name, counts[1], counts[0])
END

for file in jobs/{comments,globals,crlf,include,variables,base,spellings,overrides,clones,mix}.fio; do
    fio --parse-only "$file" >fio.out 2>&1 || fail "fio does not take $file: $(cat fio.out)"
    good --parse-only "$file"
    fio --output-format=json "$file" >fio.json 2>fio.err || fail "fio fails with $file: $(cat fio.err)"
    good --output-format=json --output=ours.json "$file"
    python3 compare.py fio.json ours.json >compare.out 2>&1 || fail "$file: $(tail -n 1 compare.out)"
done

# One line of words for a file whose globals stand at its top; fio does not quote them.
for file in jobs/{comments,include,spellings,overrides,clones,mix,two}.fio; do
    # "readwrite" and the like are printed as they were typed by fio, and by their names by us.
    fio --showcmd "$file" 2>/dev/null | sed 's/^fio//; s/ *$//; s/--blocksize=/--bs=/; s/--readwrite=/--rw=/' >fio.words
    good --showcmd "$file"
    sed 's/^lariat-bench//' out >our.words
    diff fio.words our.words >words.diff || fail "--showcmd $file: $(cat words.diff)"
done

# What fio refuses is refused.
i=0
# shellcheck disable=SC2016 # these are texts of job files
for text in 'bs=4k' '[a]\nsize' '[a]\n=3' '[a]\nbogus=1' '[a]\ninclude nosuch2' '[a]\nsize=1m\nrw=sideways' '[a]\nbs=${X' \
    '[a]\nnumjobs=x' '[a]\ninclude sub/section'; do
    i=$((i + 1))
    printf '[x]\n' >jobs/sub/section
    printf '%b\n' "$text" >jobs/refused$i.fio
    refused . --parse-only jobs/refused$i.fio
    # A missing include is an error of which fio's --parse-only makes status 0.
    fio --parse-only jobs/refused$i.fio >/dev/null 2>fio.err || continue
    [ -s fio.err ] || fail "fio takes $text"
done

echo "lariat-bench: job files are read as fio reads them"
