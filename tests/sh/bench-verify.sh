# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# --verify=crc32c passes what is right and finds what is wrong.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

file=$dir/file

for engine in lariat liburing psync; do
    for rw in write randwrite randrw; do
        rm -f "$file"
        good --name=a --filename="$file" --size=1m --rw=$rw --rwmixread=30 --iodepth=16 --verify=crc32c --ioengine=$engine
        grep -q 'verify: [1-9][0-9]* blocks checked, 0 wrong' "$dir/out" || fail "$engine $rw: nothing was verified"
    done
    good --name=a --filename="$file" --size=256k --rw=randwrite --iodepth=32 --norandommap --time_based --runtime=200ms \
        --verify=crc32c --ioengine=$engine --direct=1
done

good --name=w --filename="$file" --size=1m --rw=randwrite --verify=crc32c
good --name=r --filename="$file" --size=1m --rw=randread --verify=crc32c --iodepth=8
grep -q 'verify: 256 blocks checked, 0 wrong' "$dir/out" || fail "a job that reads did not verify all blocks"

# One byte changed in block 5.
printf 'X' | dd of="$file" bs=1 seek=$((5 * 4096 + 1000)) conv=notrunc status=none
for engine in lariat liburing psync; do
    bench --name=r --filename="$file" --size=1m --rw=read --verify=crc32c --ioengine=$engine
    [ $status = 3 ] || fail "$engine: a changed byte gave status $status"
    grep -q 'err=84' "$dir/out" || fail "$engine: the report calls it a success"
    grep -q "$file at offset 20480: the checksum is wrong" "$dir/err" || fail "$engine: file and offset are not told"
    grep -q 'verify: 256 blocks checked, 1 wrong' "$dir/out" || fail "$engine: the report does not count it"
done

# A block that belongs elsewhere.
good --name=w --filename="$file" --size=1m --rw=write --verify=crc32c
dd if="$file" of="$file" bs=4096 skip=1 seek=2 count=1 conv=notrunc status=none
bench --name=r --filename="$file" --size=1m --rw=read --verify=crc32c
[ $status = 3 ] || fail "a misplaced block gave status $status"
grep -q 'offset 8192: the block belongs to another offset' "$dir/err" || fail "the misplaced block is not told"

# Nothing of ours was written there at all.
head -c 1048576 /dev/zero >"$file"
bench --name=r --filename="$file" --size=1m --rw=read --verify=crc32c
[ $status = 3 ] || fail "a file without our blocks gave status $status"
[ "$(wc -l <"$dir/err")" -le 12 ] || fail "each of 256 blocks got its own message"

fails 2 'less than --size' --name=r --filename="$file" --size=2m --rw=read --verify=crc32c
fails 1 'less than --size' --name=r --filename="$dir/none" --size=2m --rw=read --verify=crc32c
[ ! -e "$dir/none" ] || fail "a file was made to be verified"
good --name=a --filename="$dir/small" --size=64k --rw=randwrite --verify=crc32c --iodepth=17
fails 2 'at least' --name=a --filename="$dir/small" --size=64k --rw=randwrite --verify=crc32c --bs=16
fails 2 'give each a file of its own' --name=a --filename="$file" --size=1m --rw=write --verify=crc32c --numjobs=2

echo "lariat-bench: --verify finds what is wrong, and nothing else"
