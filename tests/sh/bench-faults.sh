# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What can go wrong around lariat-bench is told in a sentence, gives the right status, and leaves nothing behind.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

file=$dir/file
job=(--name=a --filename="$file")
good "${job[@]}" --size=1m --rw=read

# Files
fails 2 'neither a regular file nor a block device' --name=a --filename="$dir"
fails 2 'neither a regular file nor a block device' --name=a --filename=/dev/null --size=1m
fails 1 'no file is made under /dev' --name=a --filename=/dev/no-such-disk --size=1m --rw=write
fails 1 'No space left' --name=a --filename="$dir/huge" --size=8191p --rw=read
[ ! -e "$dir/huge" ] || fail "a part of a file that can never fit was made"
touch "$dir/empty"
fails 1 'Not a directory' --name=a --filename="$dir/empty/such" --size=1m
fails 1 'allow_file_create=0' --name=a --filename="$dir/no/such" --size=1m --allow_file_create=0
[ ! -e "$dir/no" ] || fail "a directory was made, though no file was to be made"
fails 2 'less than one block' --name=a --filename="$dir/empty"
fails 2 'multiples of' "${job[@]}" --direct=1 --bs=100

# It vanishes, or shrinks, while the job runs.
(
    sleep 0.3
    rm "$file"
) &
good "${job[@]}" --rw=randread --runtime=600ms --time_based
wait
good "${job[@]}" --size=1m --rw=read
(
    sleep 0.3
    truncate -s 4096 "$file"
) &
bench "${job[@]}" --size=1m --rw=randread --runtime=20 --time_based
wait
[ $status = 1 ] || fail "a file that shrank gave status $status"
grep -q "reading $file at offset [0-9]* (4096 bytes): the file ends there" "$dir/err" || fail "where the file ended is not told"
rm -f "$file"
good "${job[@]}" --size=1m --rw=read

# No permission
chmod 000 "$file"
as_other=()
[ "$(id -u)" != 0 ] || as_other=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod 755 "$dir"
if "${as_other[@]}" "$lariat_bench" --version >"$dir/out" 2>&1; then
    status=0
    "${as_other[@]}" "$lariat_bench" "${job[@]}" >"$dir/out" 2>"$dir/err" || status=$?
    [ $status = 1 ] || fail "a file without permission gave status $status"
    grep -q "$file.*Permission denied" "$dir/err" || fail "the permission is not named"
else
    skip_part "the build is out of reach for another user: no test of a file without permission"
fi
chmod 644 "$file"

# Full disks
mkdir "$dir/full"
if [ "$(id -u)" = 0 ] && mount -t tmpfs -o size=1m lariat-bench-test "$dir/full" 2>"$dir/err"; then
    on_exit umount "$dir/full"
    fails 1 'No space left' --name=a --filename="$dir/full/a" --size=2m --rw=read
    [ ! -e "$dir/full/a" ] || fail "half a file was left on a full disk"
    fails 1 'No space left' --name=a --filename="$dir/full/a" --size=2m --rw=randwrite
    [ ! -e "$dir/full/a" ] || fail "half a file was left on a full disk"
    head -c 4096 /dev/zero >"$dir/full/b"
    fails 1 'No space left' --name=a --filename="$dir/full/b" --size=2m --rw=read
    [ "$(stat -c %s "$dir/full/b")" = 4096 ] || fail "a file that could not be made longer changed"
else
    skip_part "no tmpfs can be mounted: no test of a full disk"
fi

# Where the results go
fails 1 'could not be written' "${job[@]}" --output=/dev/full
fails 1 'could not be written' "${job[@]}" --output=/dev/full --output-format=json
(
    status=0
    "$lariat_bench" "${job[@]}" --rw=randread --runtime=300ms --time_based 2>"$dir/err" || status=$?
    echo $status >"$dir/status"
) | true
for _ in $(seq 300); do
    [ ! -s "$dir/status" ] || break
    sleep 0.01
done
[ "$(cat "$dir/status")" = 1 ] || fail "a closed pipe gave status $(cat "$dir/status")"
grep -q 'Broken pipe' "$dir/err" || fail "the closed pipe is not told"

# Failures of the kernel
inject() # WHAT: bench under strace
{
    local what=$1
    shift
    status=0
    # Leaks are not looked for: that does not work under strace.
    ASAN_OPTIONS=detect_leaks=0 strace -f -qq -o "$dir/trace" -e trace="${what%%:*}" -e inject="$what" "$lariat_bench" "$@" >"$dir/out" 2>"$dir/err" || status=$?
}
if command -v strace >"$dir/out" && strace -o "$dir/trace" true 2>"$dir/err"; then
    for engine in lariat liburing; do
        inject io_uring_setup:error=EPERM "${job[@]}" --ioengine=$engine
        [ $status = 1 ] || fail "$engine without io_uring gave status $status"
        grep -q 'no ring: .*io_uring' "$dir/err" || fail "$engine: the reason is not told"
        [ ! -s "$dir/out" ] || fail "$engine: results without a run"
    done
    inject io_uring_setup:error=EPERM "${job[@]}" --ioengine=psync
    [ $status = 0 ] || fail "psync needs io_uring"
    inject pread64:error=EIO:when=10 "${job[@]}" --ioengine=psync --rw=read
    [ $status = 1 ] || fail "an I/O error gave status $status"
    grep -q "reading $file at offset [0-9]* (4096 bytes): Input/output error" "$dir/err" || fail "the I/O error is not told"
    inject pwrite64:error=ENOSPC:when=3 --name=a --filename="$dir/new" --size=8m --rw=read
    [ $status = 1 ] || fail "a disk that got full gave status $status"
    grep -q "$dir/new: .*No space left" "$dir/err" || fail "the full disk is not told"
    [ ! -e "$dir/new" ] || fail "half a file was left behind"
    cp "$file" "$dir/longer"
    inject pwrite64:error=EIO:when=2 --name=a --filename="$dir/longer" --size=8m --rw=read
    [ $status = 1 ] || fail "an error of the layout gave status $status"
    cmp "$file" "$dir/longer" || fail "a layout that failed left the file changed"
    inject io_uring_register:error=ENOMEM "${job[@]}" --fixedbufs
    [ $status = 1 ] || fail "buffers that cannot be registered gave status $status"
else
    skip_part "no strace here: no test of a refused ring and of an I/O error"
fi

echo "lariat-bench: faults are told and survived"
