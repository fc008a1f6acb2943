# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Which I/Os a job does: options that fio has too, with the same number of I/Os where that is determined.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

file=$dir/file
head -c 4194304 /dev/zero >"$file"

# "reads writes trims bytes" of the JSON in $1, all jobs together.
counts()
{
    python3 - "$1" <<'END'
import json, sys
jobs = json.load(open(sys.argv[1]))["jobs"]
sums = [sum(job[kind]["total_ios"] for job in jobs) for kind in ("read", "write", "trim")]
print(*sums, sum(job[kind]["io_bytes"] for job in jobs for kind in ("read", "write", "trim")))
END
}

command -v python3 >/dev/null || skip "there is no python3 to read JSON with"

# ours EXPECTED ARG...: the counts of a job
ours()
{
    local expected=$1
    shift
    good --name=a --filename="$file" --size=1m --output-format=json --preflight=0 "$@"
    got=$(counts "$dir/out")
    [ "$got" = "$expected" ] || fail "$got instead of $expected: $*"
}

# What fio does, we do: which engine carries the I/Os out makes no difference to their number.
like_fio()
{
    local expected
    expected=$(fio --name=a --filename="$file" --size=1m --thread --output-format=json --ioengine=psync "$@" 2>/dev/null |
        sed -n '/^{/,$p' >"$dir/fio.json" && counts "$dir/fio.json")
    ours "$expected" "$@"
}

if command -v fio >/dev/null; then
    like_fio --rw=read:4k # ends with its region, which is a part of the file
    head -c 1048576 /dev/zero >"$file"
    like_fio --rw=read:4k # goes round
    like_fio --rw=read:8k
    like_fio --rw=randread:8
    like_fio --rw=randread:8 --rw_sequencer=identical
    like_fio --rw=randread --io_size=3m
    like_fio --rw=read --io_size=3m
    like_fio --rw=write --io_size=512k
    like_fio --rw=read --loops=3
    like_fio --rw=read --number_ios=10
    like_fio --rw=randread --number_ios=300
    like_fio --rw=read --offset=256k --size=512k
    like_fio --rw=read --offset=256k --offset_increment=512k --numjobs=2 --size=512k
    like_fio --rw=randread --random_distribution=zipf:1.2
    like_fio --rw=randread --random_distribution=pareto:0.2
    like_fio --rw=randread --random_distribution=normal:20
    like_fio --rw=randread --random_distribution=zoned:60/10:30/20:10/70
    like_fio --rw=randread --percentage_random=50
    like_fio --rw=randread --random_generator=lfsr
    like_fio --rw=randread --random_generator=tausworthe64 --norandommap
    like_fio --rw=randread --bs=3k --size=100k
    like_fio --rw=randread --blockalign=8k
    like_fio --rw=write --overwrite=1
    like_fio --rw=randwrite --sync=dsync --io_size=64k
else
    skip_part "fio is not there to compare with"
fi

# The sizes of a range move exactly what there is.
for engine in lariat liburing psync; do
    for rw in read randread randwrite; do
        good --name=a --filename="$file" --size=1m --rw=$rw --bsrange=4k-16k --ioengine=$engine --iodepth=4 --output-format=json
        read -r reads writes _ bytes < <(counts "$dir/out")
        [ "$bytes" = 1048576 ] || fail "$engine $rw: --bsrange moved $bytes bytes"
        n=$((reads + writes))
        if [ $n -le 64 ] || [ $n -ge 256 ]; then fail "$engine $rw: $n I/Os of 4k to 16k"; fi
    done
    good --name=a --filename="$file" --size=1m --rw=randrw --bssplit=4k/50:64k/50,8k/100 --ioengine=$engine --output-format=json
    read -r _ _ _ bytes < <(counts "$dir/out")
    [ "$bytes" -ge 1048576 ] || fail "$engine: --bssplit moved $bytes bytes"
    good --name=a --filename="$file" --size=1m --rw=randread --bsrange=1000-5000 --bs_unaligned --ioengine=$engine
    ours "256 0 0 1048576" --rw=randread --bs_is_seq_rand=1 --bs=8k,4k --ioengine=$engine
done

# Trims: what was trimmed reads as zeroes, and what was written after it does not.
if bench --name=a --filename="$file" --size=4k --rw=trim && [ $status = 0 ]; then
    for engine in lariat liburing psync; do
        head -c 1048576 /dev/urandom >"$file"
        ours "0 0 256 1048576" --rw=randtrim --ioengine=$engine --iodepth=4
        [ "$(tr -d '\0' <"$file" | wc -c)" = 0 ] || fail "$engine: something was left after --rw=randtrim"
        ours "0 256 256 2097152" --rw=randtrimwrite --ioengine=$engine --iodepth=4
        zero=$(head -c 4096 /dev/zero | cksum)
        ! split -b 4096 --filter=cksum "$file" | grep -q -x "$zero" || fail "$engine: --rw=randtrimwrite left holes"
    done
else
    skip_part "files cannot be trimmed here"
fi

# Seeds.
offsets() { good --name=a --filename="$file" --size=1m --rw=randwrite --number_ios=20 --verify=crc32c --do_verify=0 "$@"; }
sum_of() { head -c 1048576 /dev/zero >"$file" && offsets "$@" && cmp -l "$file" /dev/zero 2>/dev/null | awk '{ print int($1 / 4096) }' | uniq | cksum; }
[ "$(sum_of --randseed=5)" = "$(sum_of --randseed=5)" ] || fail "one --randseed gave two orders"
[ "$(sum_of --randseed=5)" != "$(sum_of --randseed=6)" ] || fail "--randseed changed nothing"
[ "$(sum_of --randrepeat=0)" != "$(sum_of --randrepeat=0)" ] || fail "--randrepeat=0 repeats"
[ "$(sum_of --randrepeat=0 --allrandrepeat=1)" = "$(sum_of --randrepeat=0 --allrandrepeat=1)" ] || fail "--allrandrepeat=1 does not repeat"

# Buffers.
zipped() { good --name=a --filename="$file" --size=1m --rw=write "$@" && gzip -1 -c "$file" | wc -c; }
[ "$(zipped --zero_buffers)" -lt 20000 ] || fail "--zero_buffers wrote no zeroes"
[ "$(zipped --buffer_pattern=0xabcd)" -lt 20000 ] || fail "--buffer_pattern wrote no pattern"
[ "$(head -c 4 "$file" | od -An -tx1)" = " ab cd ab cd" ] || fail "--buffer_pattern wrote another one"
half=$(zipped --buffer_compress_percentage=50)
if [ "$half" -le 440000 ] || [ "$half" -ge 620000 ]; then fail "--buffer_compress_percentage=50 gave $half of 1048576"; fi
[ "$(zipped --refill_buffers)" -gt 1000000 ] || fail "--refill_buffers can be compressed"
good --name=a --filename="$file" --size=1m --rw=write --dedupe_percentage=50
n=$(split -b 4096 --filter='cksum' "$file" | sort -u | wc -l)
if [ "$n" -le 90 ] || [ "$n" -ge 166 ]; then fail "--dedupe_percentage=50 left $n different blocks of 256"; fi
good --name=a --filename="$file" --size=1m --rw=write --scramble_buffers=0
n=$(split -b 4096 --filter='cksum' "$file" | sort -u | wc -l)
[ "$n" = 1 ] || fail "--scramble_buffers=0 left $n different blocks"

# Syncs: as strace sees them.
if command -v strace >/dev/null && strace -f -o "$dir/trace" true 2>/dev/null; then
    for options in "--end_fsync=1:fsync:1" "--fsync_on_close=1:fsync:1" "--sync_file_range=write:16:sync_file_range:15"; do
        call=$(cut -d: -f"$(($(tr -dc : <<<"$options" | wc -c)))" <<<"$options")
        n=${options##*:}
        option=${options%:"$call":*}
        ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=fsync,sync_file_range -o "$dir/trace" "$lariat_bench" --name=a --filename="$file" --size=1m --rw=write \
            --ioengine=psync "$option" >"$dir/out" 2>"$dir/err" || fail "strace: $option"
        [ "$(grep -c "$call(" "$dir/trace")" = "$n" ] || fail "$option: not $n calls of $call"
    done
else
    skip_part "strace does not work here: no test of end_fsync, fsync_on_close, sync_file_range"
fi

echo "lariat-bench: jobs do the I/Os that were asked for"
