/* SPDX-License-Identifier: MIT */
/* Options about when: how long jobs run, at which rate, within which limits, and in which order. */
#include "option_table.h"
#include "options.h"

static const struct option_choice process_choices[] = {
    { "linear", RATE_LINEAR, NULL },
    { "poisson", RATE_POISSON, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice blocks_type_choices[] = {
    { "complete", THINK_COMPLETE, NULL },
    { "issue", THINK_ISSUE, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice exit_choices[] = {
    { "group", EXIT_GROUP, NULL },
    { "stonewall", EXIT_STONEWALL, NULL },
    { "all", EXIT_ALL, NULL },
    { NULL, 0, NULL },
};

#define TIME_MAX INT64_MAX

const struct option_row option_table_time[] = {
    { "runtime", "timeout", OPTION_BUILT, TYPE_SECONDS, JOB(runtime_ns), 1, TIME_MAX, NULL, "TIME",
      "stop after this time (seconds, or with a unit)" },
    { "time_based", NULL, OPTION_BUILT, TYPE_FLAG, JOB(time_based), 0, 0, NULL, NULL,
      "go on until --runtime is over, whatever the size" },
    { "ramp_time", NULL, OPTION_BUILT, TYPE_SECONDS, JOB(ramp_time_ns), 0, TIME_MAX, NULL, "TIME",
      "measure only after this time (seconds, or with a unit)" },
    { "startdelay", "start_delay", OPTION_BUILT, TYPE_TIME_RANGE, JOB(startdelay), 0, TIME_MAX, NULL, "TIME[-TIME]",
      "start the job so much later (seconds, or with a unit); of a range, each clone draws its own" },
    { "rate", NULL, OPTION_BUILT, TYPE_NUMBERS, JOB(rate), 0, INT64_MAX, NULL, "BYTES[,...]", "bytes per second" },
    { "rate_min", "ratemin", OPTION_BUILT, TYPE_NUMBERS, JOB(rate_min), 0, INT64_MAX, NULL, "BYTES[,...]",
      "end the job as failed if it gets to fewer bytes per second" },
    { "rate_iops", NULL, OPTION_BUILT, TYPE_NUMBERS, JOB(rate_iops), 0, 1000000000, NULL, "N[,...]", "I/Os per second" },
    { "rate_iops_min", NULL, OPTION_BUILT, TYPE_NUMBERS, JOB(rate_iops_min), 0, 1000000000, NULL, "N[,...]",
      "end the job as failed if it gets to fewer I/Os per second" },
    { "rate_process", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(rate_process), 0, 0, process_choices, "KIND",
      "when I/Os are due: linear (default), at equal distances; poisson, at random ones" },
    { "rate_cycle", "ratecycle", OPTION_BUILT, TYPE_MS, JOB(rate_cycle_ns), 1, TIME_MAX, NULL, "TIME",
      "over which time --rate_min and --rate_iops_min are judged (ms); default 1000" },
    { "rate_ignore_thinktime", NULL, OPTION_BUILT, TYPE_FLAG, JOB(rate_ignore_thinktime), 0, 0, NULL, "0|1",
      "rates are kept without counting --thinktime; default 0" },
    { "thinktime", NULL, OPTION_BUILT, TYPE_US, JOB(thinktime_ns), 0, TIME_MAX, NULL, "TIME",
      "pause after --thinktime_blocks I/Os (us); default 0" },
    { "thinktime_spin", NULL, OPTION_BUILT, TYPE_US, JOB(thinktime_spin_ns), 0, TIME_MAX, NULL, "TIME",
      "spend so much of the pause computing and not sleeping (us); default 0" },
    { "thinktime_blocks", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(thinktime_blocks), 1, UINT32_MAX, NULL, "N",
      "I/Os between pauses; default 1" },
    { "thinktime_blocks_type", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(thinktime_blocks_type), 0, 0, blocks_type_choices,
      "KIND", "whether I/Os count when completed or when issued; default complete" },
    { "thinktime_iotime", NULL, OPTION_BUILT, TYPE_SECONDS, JOB(thinktime_iotime_ns), 0, TIME_MAX, NULL, "TIME",
      "pause after so much time of I/O (seconds), instead of a number of I/Os" },
    { "max_latency", NULL, OPTION_BUILT, TYPE_US_LIST, JOB(max_latency_ns), 0, TIME_MAX, NULL, "TIME[,...]",
      "end the job as failed if an I/O takes longer (us)" },
    { "latency_target", NULL, OPTION_BUILT, TYPE_US, JOB(latency_target_ns), 0, TIME_MAX, NULL, "TIME",
      "look for the largest depth at which --latency_percentile of the I/Os take no longer than this (us)" },
    { "latency_window", NULL, OPTION_BUILT, TYPE_US, JOB(latency_window_ns), 0, TIME_MAX, NULL, "TIME",
      "over which time that is judged (us)" },
    { "latency_percentile", NULL, OPTION_BUILT, TYPE_FLOAT, JOB(latency_percentile), 0, 100, NULL, "PERCENT",
      "default 100" },
    { "latency_run", NULL, OPTION_BUILT, TYPE_FLAG, JOB(latency_run), 0, 0, NULL, "0|1",
      "go on adjusting the depth until the end; default 0" },
    { "steadystate", "ss", OPTION_BUILT, TYPE_STEADY, JOB(steadystate), 0, 0, NULL, "FIGURE:LIMIT[%]",
      "end when each sample of iops, bw or lat is within LIMIT of their mean; with iops_slope, bw_slope or lat_slope, when they "
      "rise or fall by less than LIMIT from sample to sample; default iops_slope:0.01%" },
    { "steadystate_duration", "ss_dur", OPTION_BUILT, TYPE_SECONDS, JOB(ss_dur_ns), 0, TIME_MAX, NULL, "TIME",
      "judge by the samples of this time before (seconds); default 0: not at all" },
    { "steadystate_ramp_time", "ss_ramp", OPTION_BUILT, TYPE_SECONDS, JOB(ss_ramp_ns), 0, TIME_MAX, NULL, "TIME",
      "begin to sample so much later than to measure (seconds); default 0" },
    { "steadystate_check_interval", "ss_interval", OPTION_BUILT, TYPE_SECONDS, JOB(ss_interval_ns), 1000000, TIME_MAX, NULL,
      "TIME", "take a sample, and judge, so often (seconds); default 1" },
    { "stonewall", "wait_for_previous", OPTION_BUILT, TYPE_FLAG, JOB(stonewall), 0, 0, NULL, NULL,
      "wait until all jobs before this one are done, and begin a new group" },
    { "wait_for", NULL, OPTION_BUILT, TYPE_TEXT, JOB(wait_for), 0, 0, NULL, "NAME",
      "wait until all clones of that job, which stands further up, are done" },
    { "new_group", NULL, OPTION_BUILT, TYPE_FLAG, JOB(new_group), 0, 0, NULL, NULL,
      "begin a new group for --group_reporting with this job" },
    { "exitall", NULL, OPTION_BUILT, TYPE_FLAG, JOB(exitall), 0, 0, NULL, NULL,
      "when this job ends, end those of --exit_what" },
    { "exit_what", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(exit_what), 0, 0, exit_choices, "KIND", "default group" },
    { "exitall_on_error", NULL, OPTION_BUILT, TYPE_FLAG, JOB(exitall_on_error), 0, 0, NULL, NULL,
      "when this job fails, end those of --exit_what" },
    { "exec_prerun", NULL, OPTION_BUILT, TYPE_TEXT, JOB(exec_prerun), 0, 0, NULL, "COMMAND",
      "run before the job, by the shell" },
    { "exec_postrun", NULL, OPTION_BUILT, TYPE_TEXT, JOB(exec_postrun), 0, 0, NULL, "COMMAND",
      "run after the job, by the shell" },
    { .name = NULL },
};
