# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# --mem and --iomem_align: where the buffers are, as strace sees it.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"

file=$dir/file
head -c 65536 /dev/urandom >"$file"
job=(--name=a --filename="$file" --bs=4k --rw=randrw --ioengine=psync)

{ command -v strace && strace -f -o "$dir/trace" true; } >"$dir/out" 2>&1 || skip "strace does not work here"
traced() # ARG...: leaves the calls in $dir/trace
{
    ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=shmget,mmap,pread64 -e raw=pread64 -o "$dir/trace" "$lariat_bench" \
        --preflight=0 "${job[@]}" "$@" >"$dir/out" 2>"$dir/err" || fail "strace: $*"
}
calls() # PATTERN WHAT
{
    grep -q -e "$1" "$dir/trace" || fail "$2: no call of $1"
}

traced --mem=shm --verify=crc32c
calls 'shmget(IPC_PRIVATE, 4096, IPC_CREAT|0600)' --mem=shm
[ -z "$(ipcs -m 2>/dev/null | awk -v bytes=4096 '$5 == bytes && $6 == 0')" ] || fail "--mem=shm left a segment behind"
traced --iomem=mmapshared
calls 'mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0)' --iomem=mmapshared
traced --mem=mmap:"$dir/memory" --size=64k
calls 'mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE, [0-9]*, 0)' --mem=mmap:PATH
[ ! -e "$dir/memory" ] || fail "--mem=mmap:PATH left the file behind"

# All of the transfers, and only those, are at such addresses.
aligned() # BYTES
{
    awk -v bytes="$1" '/pread64\(0x[0-9a-f]+, 0x[0-9a-f]+, 0x1000,/ { split($0, args, ", "); n++; if (args[2] !~ zeros) bad++ }
        BEGIN { digits = log(bytes) / log(16); for (i = 0; i < digits; i++) zeros = zeros "0"; zeros = zeros "$" }
        END { exit n == 0 || bad > 0 }' "$dir/trace"
}
traced --iomem_align=16m
aligned 16777216 || fail "--iomem_align=16m: a buffer is elsewhere"
traced --mem=mmap --mem_align=1m --bs=4k
aligned 1048576 || fail "--mem_align=1m with --mem=mmap: a buffer is elsewhere"

# Not to be had is no crash, under each kind of page.
for kind in mmaphuge shmhuge; do
    bench "${job[@]}" --mem=$kind
    [ $status = 0 ] || { [ $status = 1 ] && grep -q -e "--mem: 1 buffers: .*huge pages" "$dir/err"; } ||
        fail "--mem=$kind: status $status"
done
bench "${job[@]}" --mem=mmaphuge:"$dir/huge"
{ [ $status != 0 ] && grep -q 'not on a hugetlbfs\|no huge pages' "$dir/err"; } || fail "--mem=mmaphuge:PATH: status $status"
[ ! -e "$dir/huge" ] || fail "--mem=mmaphuge:PATH left a file behind"
fails 1 'No such file' "${job[@]}" --mem=mmap:"$dir/no/such"

# As registered buffers too.
for engine in lariat liburing; do
    for kind in mmap shm mmapshared; do
        bench "${job[@]}" --ioengine=$engine --mem=$kind --iodepth=4 --fixedbufs=1 --verify=crc32c
        ! grep -q 'no ring' "$dir/err" || continue
        [ $status = 0 ] || fail "$engine: --mem=$kind --fixedbufs=1: status $status"
    done
done

echo "lariat-bench: buffers are in the memory that was asked for"
