# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# lariat-bench refuses bad options with status 2 and one line, before it touches anything.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"

for option in --help --version -h; do
    good $option
    [ -s "$dir/out" ] || fail "$option printed nothing"
    [ ! -s "$dir/err" ] || fail "$option wrote to stderr"
done
good --version
grep -q "lariat-bench ${LARIAT_VERSION:?}" "$dir/out" || fail "--version: another version than $LARIAT_VERSION"

refused() # WORD ARG...
{
    fails 2 "$@"
    [ "$(wc -l <"$dir/err")" = 1 ] || fail "not one line on stderr: ${*:2}"
    [ ! -e "$dir/file" ] || fail "the file was touched: ${*:2}"
}

job=(--name=a --filename="$dir/file" --size=1m)
refused 'did you mean --iodepth?' "${job[@]}" --iodeth=8
refused 'did you mean randread?' "${job[@]}" --rw=ranread
refused '1 to 32768' "${job[@]}" --iodepth=0
refused 'fractions' "${job[@]}" --bs=1.5k
refused 'not supported' "${job[@]}" --zonemode=strided
refused 'IOPOLL is not built yet' "${job[@]}" --hipri
refused 'accepted: lariat, liburing, psync, null' "${job[@]}" --ioengine=posixai
refused 'accepted: classic' "${job[@]}" --poll-policy=lazy
refused 'accepted: 0, crc32c' "${job[@]}" --verify=md6
refused 'it needs --runtime' "${job[@]}" --time_based
refused 'max_jobs' "${job[@]}" --name=b --max-jobs=1
fails 2 'means 4000' "${job[@]}" --bs=4KiB --warnings-fatal
refused 'no job was given' --rw=read
refused 'no job was given'
refused 'No such file' job.fio
refused 'would write or trim' "${job[@]}" --readonly --rw=randwrite
refused '\-\-output' "${job[@]}" --output="$dir/no/such/directory"
refused 'less than one block' --name=a --filename="$dir/file" --size=1k --bs=4k
refused 'must say how large' --name=a --filename="$dir/file" --rw=randwrite
refused 'must say how large' --name=a --filename="$dir/file" --size=50% --rw=randwrite

echo "lariat-bench: bad options are refused"
