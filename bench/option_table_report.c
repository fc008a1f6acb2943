/* SPDX-License-Identifier: MIT */
/* Options about what is reported of a job. */
#include "option_table.h"
#include "options.h"

static const struct option_choice unified_choices[] = {
    { "none", UNIFIED_NONE, NULL },
    { "mixed", UNIFIED_MIXED, NULL },
    { "both", UNIFIED_BOTH, NULL },
    { "0", UNIFIED_NONE, NULL },
    { "1", UNIFIED_MIXED, NULL },
    { "2", UNIFIED_BOTH, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice kb_choices[] = {
    { "1024", 1024, NULL },
    { "1000", 1000, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice unit_choices[] = {
    { "0", 0, NULL },
    { "8", 8, NULL },
    { "1", 1, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice window_choices[] = {
    { "avg", LOG_AVERAGE, NULL }, { "max", LOG_MAXIMUM, NULL }, { "both", LOG_BOTH, NULL }, { "0", LOG_AVERAGE, NULL },
    { "1", LOG_MAXIMUM, NULL },   { "2", LOG_BOTH, NULL },      { NULL, 0, NULL },
};

const struct option_row option_table_report[] = {
    { "group_reporting", NULL, OPTION_BUILT, TYPE_FLAG, JOB(group_reporting), 0, 0, NULL, NULL,
      "one report for each group of jobs, and not for each clone" },
    { "stats", NULL, OPTION_BUILT, TYPE_FLAG, JOB(stats), 0, 0, NULL, "0|1", "the job is in the report; default 1" },
    { "unified_rw_reporting", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(unified_rw_reporting), 0, 0, unified_choices, "KIND",
      "reads, writes and trims as one (mixed), or both ways; default none" },
    { "clat_percentiles", NULL, OPTION_BUILT, TYPE_FLAG, JOB(clat_percentiles), 0, 0, NULL, "0|1",
      "percentiles of completion latency; default 1" },
    { "lat_percentiles", NULL, OPTION_BUILT, TYPE_FLAG, JOB(lat_percentiles), 0, 0, NULL, "0|1",
      "percentiles of total latency; default 1 in JSON, 0 in the normal report" },
    { "slat_percentiles", NULL, OPTION_BUILT, TYPE_FLAG, JOB(slat_percentiles), 0, 0, NULL, "0|1",
      "percentiles of submission latency; default 0" },
    { "percentile_list", NULL, OPTION_BUILT, TYPE_FLOATS, JOB(percentile_list), 0, 100, NULL, "PERCENT[:...]",
      "which percentiles: up to 20, more than 0, up to 100" },
    { "significant_figures", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(significant_figures), 1, 10, NULL, "N",
      "digits of the numbers in the normal report; default 4" },
    { "kb_base", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(kb_base), 0, 0, kb_choices, "1024|1000",
      "what k is in the values of options that follow; kib is then the other one; default 1024" },
    { "unit_base", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(unit_base), 0, 0, unit_choices, "0|8|1",
      "report bytes (8) or bits (1); default 0: what suits" },
    { "disable_lat", NULL, OPTION_BUILT, TYPE_FLAG, JOB(disable_lat), 0, 0, NULL, "0|1", "no total latency; default 0" },
    { "disable_clat", NULL, OPTION_BUILT, TYPE_FLAG, JOB(disable_clat), 0, 0, NULL, "0|1",
      "no completion latency; default 0" },
    { "disable_slat", NULL, OPTION_BUILT, TYPE_FLAG, JOB(disable_slat), 0, 0, NULL, "0|1",
      "no submission latency; default 0" },
    { "disable_bw_measurement", "disable_bw", OPTION_BUILT, TYPE_FLAG, JOB(disable_bw), 0, 0, NULL, "0|1",
      "no samples of bandwidth and IOPS; default 0" },
    { "gtod_reduce", NULL, OPTION_BUILT, TYPE_FLAG, JOB(gtod_reduce), 0, 0, NULL, "0|1", "all of these four; default 0" },
    { "bwavgtime", NULL, OPTION_BUILT, TYPE_MS, JOB(bwavgtime_ns), 1, INT64_MAX, NULL, "TIME",
      "how often bandwidth is sampled (ms); default 500" },
    { "iopsavgtime", NULL, OPTION_BUILT, TYPE_MS, JOB(iopsavgtime_ns), 1, INT64_MAX, NULL, "TIME",
      "how often IOPS are sampled (ms); default 500" },
    { "disk_util", NULL, OPTION_BUILT, TYPE_FLAG, JOB(disk_util), 0, 0, NULL, "0|1", "report what disks did; default 1" },
    { "write_bw_log", NULL, OPTION_BUILT, TYPE_TEXT, JOB(write_bw_log), 0, 0, NULL, "PREFIX", "write a log of bandwidth" },
    { "write_lat_log", NULL, OPTION_BUILT, TYPE_TEXT, JOB(write_lat_log), 0, 0, NULL, "PREFIX", "write logs of latencies" },
    { "write_iops_log", NULL, OPTION_BUILT, TYPE_TEXT, JOB(write_iops_log), 0, 0, NULL, "PREFIX", "write a log of IOPS" },
    { "write_hist_log", NULL, OPTION_BUILT, TYPE_TEXT, JOB(write_hist_log), 0, 0, NULL, "PREFIX",
      "write a log of latency histograms" },
    { "write_wait_log", NULL, OPTION_BUILT, TYPE_TEXT, JOB(write_wait_log), 0, 0, NULL, "FILE",
      "write how long each wait of the iothread was, for simulate --trace=FILE; clones write to FILE.2, FILE.3, ...; see "
      "RECORDING WAITS" },
    { "log_avg_msec", NULL, OPTION_BUILT, TYPE_MS, JOB(log_avg_ns), 0, INT64_MAX, NULL, "TIME",
      "logs hold a mean for each such time (ms); default 0: each I/O" },
    { "log_hist_msec", NULL, OPTION_BUILT, TYPE_MS, JOB(log_hist_ns), 0, INT64_MAX, NULL, "TIME",
      "a histogram for each such time (ms)" },
    { "log_hist_coarseness", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(log_hist_coarseness), 0, 6, NULL, "N",
      "halve the number of buckets N times; default 0: 1856" },
    { "log_window_value", "log_max_value", OPTION_BUILT, TYPE_CHOICE, JOB(log_window_value), 0, 0, window_choices, "KIND",
      "what stands for such a time: its mean, its largest value, or both; default avg" },
    { "log_offset", NULL, OPTION_BUILT, TYPE_FLAG, JOB(log_offset), 0, 0, NULL, "0|1", "offsets in logs; default 0" },
    { "log_prio", NULL, OPTION_BUILT, TYPE_FLAG, JOB(log_prio), 0, 0, NULL, "0|1",
      "the column of priorities holds all of --prioclass and --prio (0x4003), and not only whether it is real time; default 0" },
    { "log_issue_time", NULL, OPTION_BUILT, TYPE_FLAG, JOB(log_issue_time), 0, 0, NULL, "0|1",
      "with a line for each I/O: a last column that tells when it was handed out (ns since the start); default 0" },
    { "per_job_logs", NULL, OPTION_BUILT, TYPE_FLAG, JOB(per_job_logs), 0, 0, NULL, "0|1",
      "logs have the number of the job in their names; default 1" },
    { "log_alternate_epoch", "log_unix_epoch", OPTION_BUILT, TYPE_FLAG, JOB(log_unix_epoch), 0, 0, NULL, "0|1",
      "times in logs since 1970 and not since the start; default 0" },
    { "log_entries", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(log_entries), 1024, 1 << 20, NULL, "N",
      "with a line for each I/O: room for so many that are not yet written; default 65536, and no less" },
    { .name = NULL },
};
