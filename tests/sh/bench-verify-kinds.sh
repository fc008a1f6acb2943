# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The kinds of --verify, and the options around it: each finds a changed byte, and only that.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

file=$dir/file
cd "$dir"
change() { printf 'XY' | dd of="$file" bs=1 seek="$1" conv=notrunc status=none; }
expect() # STATUS COUNT ARG...
{
    local expected=$1 wrong=$2
    shift 2
    bench --preflight=0 --name=v --filename="$file" --size=256k "$@"
    [ $status = "$expected" ] || fail "status $status instead of $expected: $*"
    grep -q "verify: [0-9]* blocks checked, $wrong wrong" "$dir/out" || fail "not $wrong wrong: $*"
}

kinds=0
for kind in crc32c crc32c-intel crc7 crc16 crc32 crc64 xxhash md5 sha1 sha256 sha512 sha3-224 sha3-256 sha3-384 sha3-512 \
    pattern pattern_hdr; do
    options=("--verify=$kind")
    case $kind in pattern*) options+=(--verify_pattern='0xdeadbeef"text"%o') ;; esac
    bench --preflight=0 --name=v --filename="$file" --size=256k --rw=randwrite --iodepth=8 "${options[@]}"
    if grep -q 'this build was made without' "$dir/err"; then
        [ $status = 2 ] || fail "$kind is missing and gave status $status"
        continue
    fi
    [ $status = 0 ] || fail "$kind: status $status"
    kinds=$((kinds + 1))
    expect 0 0 --rw=randread "${options[@]}"
    change $((9 * 4096 + 2000))
    expect 3 1 --rw=randread --iodepth=4 "${options[@]}"
    grep -q "$file at offset \(36864\|38864\)" "$dir/err" || fail "$kind: the offset is not told"
    expect 3 1 --rw=randwrite --verify_only "${options[@]}" # the same writes, not carried out
done
[ $kinds -ge 7 ] || fail "only $kinds kinds are there"

# Another kind than it was written with, and a header that says another place.
good --preflight=0 --name=v --filename="$file" --size=256k --rw=write --verify=crc32
expect 3 64 --rw=read --verify=crc64
grep -q 'another --verify' "$dir/err" || fail "the other kind is not told"
expect 0 0 --rw=read --verify=null

# Intervals, each with a header of its own, also not at its beginning.
good --preflight=0 --name=v --filename="$file" --size=256k --rw=write --bs=16k --verify=crc32c --verify_interval=1k --verify_offset=64
expect 0 0 --rw=read --bs=4k --verify=crc32c --verify_interval=1k --verify_offset=64
change 5000
expect 3 1 --rw=read --bs=4k --verify=crc32c --verify_interval=1k --verify_offset=64
grep -q 'offset 4096' "$dir/err" || fail "the interval is not told: $(cat "$dir/err")"

# verify_fatal ends it at the first, verify_dump keeps what was there.
head -c 262144 /dev/zero >"$file"
expect 3 1 --rw=read --verify=crc32c --verify_fatal=1
expect 3 64 --rw=read --verify=crc32c --verify_fatal=1 --continue_on_error=verify
good --preflight=0 --name=v --filename="$file" --size=256k --rw=write --verify=pattern --verify_pattern=0x5a
change 8192
expect 3 1 --rw=read --verify=pattern --verify_pattern=0x5a --verify_dump=1
[ "$(head -c 2 file.8192.received)$(head -c 2 file.8192.expected)" = XYZZ ] || fail "--verify_dump kept something else"

# Backlog: checked meanwhile, so that even with do_verify=0 most is; and overlapping writes of many sizes.
for engine in lariat liburing psync; do
    good --preflight=0 --name=v --filename="$file" --size=256k --rw=randwrite --verify=crc32c --verify_backlog=8 --do_verify=0 \
        --iodepth=4 --ioengine=$engine
    grep -q 'verify: \(5[6-9]\|6[0-4]\) blocks checked, 0 wrong' "$dir/out" || fail "$engine: --verify_backlog=8 did not check"
    good --preflight=0 --name=v --filename="$file" --size=256k --rw=randwrite --verify=crc32c --verify_backlog=16 \
        --verify_backlog_batch=4 --iodepth=8 --ioengine=$engine --norandommap --bsrange=4k-32k --io_size=2m
    good --preflight=0 --name=v --filename="$file" --size=256k --rw=randwrite --verify=crc32c --do_verify=0 --ioengine=$engine
    ! grep -q 'blocks checked' "$dir/out" || grep -q 'verify: 0 blocks' "$dir/out" || fail "$engine: --do_verify=0 verified"
    good --preflight=0 --name=v --filename="$file" --size=256k --rw=randrw --serialize_overlap=1 --iodepth=16 --norandommap \
        --ioengine=$engine
    good --preflight=0 --name=v --filename="$dir/x:$dir/y" --size=256k --rw=randtrimwrite --verify=md5 --iodepth=8 --loops=2 \
        --ioengine=$engine
done

fails 2 'verify_pattern' --name=v --filename="$file" --size=64k --rw=write --verify=pattern

echo "lariat-bench: $kinds kinds of --verify find what is wrong, and nothing else"
