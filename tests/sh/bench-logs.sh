# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Logs have fio's names and lines, for each I/O and for each window; fio's own readers take them and our json+.
set -euo pipefail

# shellcheck source=tests/sh/bench-functions.sh
. "${LARIAT_SRCDIR:?}/tests/sh/bench-functions.sh"
need_ring

good --name=prepare --filename="$dir/file" --size=1m --rw=write
job=(--name=a "--filename=$dir/file" --size=1m --iodepth=4)
all=(--write_bw_log="$dir/x" --write_lat_log="$dir/x" --write_iops_log="$dir/x")

# A line for each I/O: of each clone in files of its own.
good "${job[@]}" --rw=randrw --numjobs=2 "${all[@]}" --bs=8k
for kind in bw lat clat slat iops; do
    for clone in 1 2; do
        log=$dir/x_$kind.$clone.log
        [ "$(wc -l <"$log")" = 128 ] || fail "$(wc -l <"$log") lines in $log"
        ! grep -Evq '^[0-9]+, [0-9]+, [01], 8192, 0$' "$log" || fail "$log: $(grep -Ev '^[0-9]+, [0-9]+, [01], 8192, 0$' "$log" | head -n 1)"
    done
done
! grep -Evq '^[0-9]+, 1, ' "$dir/x_iops.1.log" || fail "an I/O is not one"
good "${job[@]}" --rw=write "${all[@]}" --log_offset=1 --log_issue_time=1 --log_prio=1
[ "$(cut -d, -f 5 "$dir/x_lat.1.log" | sort -un | wc -l)" = 256 ] || fail "--log_offset=1: not 256 offsets"
! grep -Evq '^[0-9]+, [0-9]+, 1, 4096, [0-9]+, 0x0000, [0-9]+$' "$dir/x_lat.1.log" || fail "--log_issue_time=1: $(head -n 1 "$dir/x_lat.1.log")"
good "${job[@]}" --rw=read --write_lat_log="$dir/p" --log_prio=1 --prio=3
[ "$(cut -d, -f 5 "$dir/p_lat.1.log" | sort -u)" = " 0x4003" ] || fail "--log_prio=1: $(head -n 1 "$dir/p_lat.1.log")"
good "${job[@]}" --rw=read --write_lat_log="$dir/e" --log_unix_epoch=1
[ "$(head -n 1 "$dir/e_lat.1.log" | cut -d, -f 1)" -gt 1500000000000 ] || fail "--log_unix_epoch=1 counts from the start"

# lat is slat and clat, I/O by I/O.
paste -d, "$dir/x_lat.1.log" "$dir/x_clat.1.log" "$dir/x_slat.1.log" |
    awk -F, '{ if ($2 != $9 + $16) exit 1 }' || fail "lat is not slat plus clat"

# Windows.
timed=("${job[@]}" --rw=randrw --runtime=800ms --time_based)
good "${timed[@]}" "${all[@]}" --write_hist_log="$dir/x" --log_avg_msec=200 --log_hist_msec=400 --log_hist_coarseness=4
for kind in bw lat clat slat iops; do
    n=$(wc -l <"$dir/x_$kind.1.log")
    ((n >= 4 && n <= 10)) || fail "$n lines of $kind in 800 ms with --log_avg_msec=200"
    ! grep -Evq '^[0-9]+, [0-9]+, [01], 0, 0$' "$dir/x_$kind.1.log" || fail "$(head -n 1 "$dir/x_$kind.1.log")"
done
[ "$(head -n 1 "$dir/x_clat_hist.1.log" | tr -cd , | wc -c)" = 118 ] || fail "--log_hist_coarseness=4 does not leave 116 buckets"
good "${timed[@]}" "${all[@]}" --log_avg_msec=200 --log_window_value=both
for kind in lat clat slat; do
    awk -F', ' '{ if (NF != 6 || $3 < $2) exit 1 }' "$dir/x_$kind.1.log" || fail "--log_window_value=both: $(head -n 1 "$dir/x_$kind.1.log")"
done
awk -F', ' '{ if ($3 > $2 * 1.05) n++ } END { exit !n }' "$dir/x_slat.1.log" || fail "--log_window_value=both: the longest slat is the mean: $(head -n 1 "$dir/x_slat.1.log")"
good "${timed[@]}" "${all[@]}" --log_avg_msec=200 --log_max_value=1
awk -F', ' '{ if (NF != 5) exit 1 }' "$dir/x_clat.1.log" || fail "--log_max_value=1: $(head -n 1 "$dir/x_clat.1.log")"

# The histograms hold each I/O, the last window's included; --per_job_logs=0 is one file for all clones.
good "${job[@]}" --rw=randread --numjobs=2 --write_hist_log="$dir/h" --per_job_logs=0 --log_entries=100000
[ "$(awk -F', ' '{ for (i = 4; i <= NF; i++) n += $i } END { print n }' "$dir/h_clat_hist.log")" = 512 ] || fail "not 512 I/Os in the histograms"
[ "$(head -n 1 "$dir/h_clat_hist.log" | tr -cd , | wc -c)" = 1858 ] || fail "not 1856 buckets"
fails 1 "$dir/none" "${job[@]}" --rw=read --write_bw_log="$dir/none/x"

# fio's readers.
if command -v fio_jsonplus_clat2csv >/dev/null; then
    good "${job[@]}" --rw=randrw --output-format=json+ --output="$dir/plus.json" --slat_percentiles=1
    (cd "$dir" && fio_jsonplus_clat2csv plus.json plus.csv && fio_jsonplus_clat2csv plus.json plus.csv --validate) >"$dir/out" 2>&1 || fail "fio_jsonplus_clat2csv --validate"
    ls "$dir"/plus_job0*.csv >/dev/null || fail "fio_jsonplus_clat2csv wrote nothing"
else
    skip_part "fio_jsonplus_clat2csv is not there"
fi
good "${timed[@]}" --rw=randread "${all[@]}" --write_hist_log="$dir/x" --log_avg_msec=100 --log_hist_msec=200
# The document of Debian's package has them compressed.
reader() # NAME
{
    local packed=/usr/share/doc/fio/$1.gz
    [ ! -e "$packed" ] || ! command -v python3 >/dev/null || { gzip -dc "$packed" >"$dir/$1" && return; }
    skip_part "$1 is not there"
    return 1
}
if reader fiologparser.py; then # the one of fio 3.33 does not know the fifth column that fio 3.33 writes
    cut -d , -f 1-4 "$dir/x_lat.1.log" >"$dir/four.log"
    python3 "$dir/fiologparser.py" -i 200 "$dir/four.log" >"$dir/out" 2>"$dir/err" || fail "fiologparser.py"
    [ -s "$dir/out" ] || fail "fiologparser.py read nothing"
fi
if reader fio-histo-log-pctiles.py; then
    python3 "$dir/fio-histo-log-pctiles.py" --log-hist-msec 200 "$dir/x_clat_hist.1.log" >"$dir/out" 2>"$dir/err" ||
        fail "fio-histo-log-pctiles.py"
    grep -Eq '^ *[0-9.]+, +[1-9][0-9]*, ' "$dir/out" || fail "fio-histo-log-pctiles.py read nothing"
fi
echo "lariat-bench: its logs are fio's"
