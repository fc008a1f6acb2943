# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The normal report has fio's lines in fio's order, and terse has fio's fields; only the figures are others.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring
command -v fio >/dev/null || skip "there is no fio to compare with"
[ "$(fio --version)" = fio-3.33 ] || skip "$(fio --version) is here, and not fio-3.33"

# What is left of a report when numbers, units, dates and padding are gone. Lines of latency classes and of samples come
# only if there is something in them, the layout is told elsewhere by us, and poll and loop are ours.
shape()
{
    sed -E -e '/^  (poll|loop) +:/d' -e '/^[a-z]+: Laying out/d' -e '/^  lat \(/d' -e '/^   (bw|iops) /d' -e '/^$/d' \
        -e 's/^(lariat-bench|fio)-[0-9.]+/VERSION/' -e 's/(process(es)?|threads?)$/JOBS/' -e 's/pid=[0-9]+: .*/pid=N: DATE/' \
        -e 's/\((n|u|m)sec\)/(UNIT)/' -e 's/ioengine=[a-z_]+/ioengine=E/' \
        -e 's/[0-9]+(\.[0-9]+)?(k|M|G|Ki|Mi|Gi)?(B\/s|bit\/s|B)/SIZE/g' -e 's/IOPS=[0-9.]+[kM]?/IOPS=N/' \
        -e '/^     \|/!s/[0-9]+(\.[0-9]+)?[kM]?/N/g' -e 's/\[ *[0-9]+\]/[N]/g' -e 's/^     \|//' -e 's/th=\[N\],/&\n/g' -e 's/= +/=/g' -e 's/ +/ /g' "$1" |
        sed -E -e 's/^ +//' -e '/^$/d'
}

n=0
same() # ARG...
{
    n=$((n + 1))
    fio --output="$dir/fio.txt" "$@" >"$dir/out" 2>"$dir/err" || fail "fio $*"
    good "$@" --output="$dir/ours.txt"
    diff <(shape "$dir/fio.txt") <(shape "$dir/ours.txt") >"$dir/out" || fail "the lines of: $*"
}

one=(--name=a "--filename=$dir/file" --size=1m)
same "${one[@]}" --rw=read --ioengine=psync
same "${one[@]}" --rw=randrw --ioengine=io_uring --iodepth=8
same "${one[@]}" --rw=randread --ioengine=io_uring --iodepth=8 --slat_percentiles=1 --lat_percentiles=1 --clat_percentiles=0
same "${one[@]}" --rw=write --ioengine=psync --fdatasync=8 --description=words
same "${one[@]}" --rw=randread --ioengine=psync --numjobs=2
same "${one[@]}" --rw=randread --ioengine=psync --numjobs=2 --group_reporting
same "${one[@]}" --rw=rw --ioengine=psync --unified_rw_reporting=mixed
same --ioengine=psync "${one[@]}" --rw=read --name=b "--filename=$dir/other" --size=64k --rw=write --new_group --bs=16k
same "${one[@]}" --rw=randread --ioengine=psync --percentile_list=50:99.9:99.999 --unit_base=1 --kb_base=1000
same "${one[@]}" --rw=randread --ioengine=psync --disable_lat=1 --disable_clat=1

# The lines that were left out above.
good "${one[@]}" --rw=randread --runtime=700ms --time_based
for line in '^   bw \( +[KM]iB/s\): min= *[0-9]+, max= *[0-9]+, per=[0-9.]+%, avg= *[0-9.]+, stdev= *[0-9.]+, samples=[0-9]+$' \
    '^   iops        : min= *[0-9]+, max= *[0-9]+, avg= *[0-9.]+, stdev= *[0-9.]+, samples=[0-9]+$' \
    '^  lat \([num]sec\)   : [0-9]+=[0-9.]+%(, [0-9]+=[0-9.]+%)*$' '^  poll         : ' '^  loop         : cpu/IO='; do
    grep -Eq "$line" "$dir/out" || fail "no line $line"
done
good "${one[@]}" --rw=randread --runtime=700ms --time_based --disable_bw=1
! grep -Eq '^   (bw|iops) ' "$dir/out" || fail "--disable_bw left the samples"
good "${one[@]}" --rw=randread --significant_figures=8
grep -Eq 'IOPS=[0-9]+,' "$dir/out" || fail "--significant_figures=8 abbreviates"
good "${one[@]}" --rw=randread --stats=0
! grep -q IOPS "$dir/out" || fail "--stats=0 left the job in the report"
good "${one[@]}" --rw=randread --disk_util=0
! grep -q 'Disk stats' "$dir/out" || fail "--disk_util=0 left the disks in the report"

# Terse: the same fields, of which those that do not depend on the run are equal.
fields() { tail -n 1 "$1" | tr ';' '\n' | sed -E -e 's/=[0-9]+$/=N/' -e '/%$/s/[0-9.]+%/N%/' -e '4,$s/^[0-9]+(\.[0-9]+)?$/N/'; }
for version in 2 3 4 5; do
    for rw in read randrw; do
        fio "${one[@]}" --rw=$rw --ioengine=psync --output-format=terse --terse-version=$version >"$dir/fio.txt"
        good "${one[@]}" --rw=$rw --ioengine=psync --output-format=terse --terse-version=$version
        diff <(fields "$dir/fio.txt") <(fields "$dir/out") >"$dir/err" || fail "terse $version of $rw"
        n=$((n + 1))
    done
done
good "${one[@]}" --rw=read --minimal
[ "$(wc -l <"$dir/out")" = 1 ] || fail "--minimal is not one line"
[ "$(cut -d ';' -f 1-5 "$dir/out")" = "3;fio-3.33;a;0;0" ] || fail "--minimal is not terse version 3"
[ "$(tr -cd ';' <"$dir/out" | wc -c)" -ge 120 ] || fail "terse version 3 has too few fields"
good "${one[@]}" --rw=read --append-terse
grep -q IOPS= "$dir/err" || fail "--append-terse: no normal report on stderr"
fails 2 'not json' "${one[@]}" --output-format=json,terse

echo "lariat-bench: $n reports look like fio's"
