/* SPDX-License-Identifier: MIT */
/* Options of the whole invocation; they stand on the command line only. */
#include "option_table.h"
#include "options.h"

static const struct option_choice format_choices[] = {
    { "normal", FORMAT_NORMAL, NULL },   { "json", FORMAT_JSON, NULL },   { "tsv", FORMAT_TSV, NULL },
    { "json+", FORMAT_JSON_PLUS, NULL }, { "terse", FORMAT_TERSE, NULL }, { NULL, 0, NULL },
};

static const struct option_choice eta_choices[] = {
    { "auto", ETA_AUTO, NULL },
    { "always", ETA_ALWAYS, NULL },
    { "never", ETA_NEVER, NULL },
    { NULL, 0, NULL },
};

const struct option_row option_table_program[] = {
    { "output", NULL, OPTION_BUILT, TYPE_TEXT, PROGRAM(output), 0, 0, NULL, "FILE", "write the results there" },
    { "output_format", NULL, OPTION_BUILT, TYPE_CHOICES, PROGRAM(formats), 0, 0, format_choices, "LIST",
      "normal (default); json: fio's document; json+: with all buckets of latency; terse: fio's line; tsv: one line per job; "
      "with one of these, normal goes to stderr" },
    { "minimal", NULL, OPTION_BUILT, TYPE_FLAG, PROGRAM(minimal), 0, 0, NULL, NULL, "the same as --output_format=terse" },
    { "terse_version", NULL, OPTION_BUILT, TYPE_NUMBER, PROGRAM(terse_version), 2, 5, NULL, "N", "default 3" },
    { "append_terse", NULL, OPTION_BUILT, TYPE_FLAG, PROGRAM(append_terse), 0, 0, NULL, NULL,
      "the same as --output_format=normal,terse" },
    { "eta", NULL, OPTION_BUILT, TYPE_CHOICE, PROGRAM(eta), 0, 0, eta_choices, "WHEN",
      "the line that tells how far the run is: auto (default), on a terminal; always; never" },
    { "eta_interval", NULL, OPTION_BUILT, TYPE_SECONDS, PROGRAM(eta_interval_ns), 250000000, INT64_MAX, NULL, "TIME",
      "how often (seconds, or with a unit; 250ms at least)" },
    { "eta_newline", NULL, OPTION_BUILT, TYPE_SECONDS, PROGRAM(eta_newline_ns), 0, INT64_MAX, NULL, "TIME",
      "begin a new line so often (seconds, or with a unit)" },
    { "status_interval", NULL, OPTION_BUILT, TYPE_SECONDS, PROGRAM(status_interval_ns), 0, INT64_MAX, NULL, "TIME",
      "write a line of JSON about the last interval so often (seconds, or with a unit)" },
    { "status_output", NULL, OPTION_BUILT, TYPE_TEXT, PROGRAM(status_output), 0, 0, NULL, "FILE",
      "write these lines there and not to stderr" },
    { "report", NULL, OPTION_BUILT, TYPE_TEXT, PROGRAM(report), 0, 0, NULL, "FILE.html", "write a page with pictures" },
    { "preflight", NULL, OPTION_BUILT, TYPE_FLAG, PROGRAM(preflight), 0, 0, NULL, "0|1",
      "tell before the run what would spoil the figures; takes 100 ms; default 1" },
    { "readonly", NULL, OPTION_BUILT, TYPE_FLAG, PROGRAM(readonly), 0, 0, NULL, NULL, "refuse jobs that write or trim" },
    { "allow_destructive", NULL, OPTION_BUILT, TYPE_FLAG, PROGRAM(allow_destructive), 0, 0, NULL, NULL,
      "write to block devices that are mounted or hold a file system, partitions or the like" },
    { "monitor", NULL, OPTION_BUILT, TYPE_TEXT, PROGRAM(monitor), 0, 0, NULL, "PATH",
      "serve a control socket there while the jobs run, for lariat-ctl; their iothreads are job0, job1, ..." },
    { "max_jobs", NULL, OPTION_BUILT, TYPE_NUMBER, PROGRAM(max_jobs), 1, 1 << 20, NULL, "N",
      "refuse more clones than this; default 4096" },
    { "section", NULL, OPTION_BUILT, TYPE_NONE, PROGRAM(sections), 0, 0, NULL, "NAME",
      "run only this section of the job files; may be given several times" },
    { "parse_only", NULL, OPTION_BUILT, TYPE_FLAG, PROGRAM(parse_only), 0, 0, NULL, NULL,
      "read everything, tell what is wrong, and run nothing" },
    { "showcmd", NULL, OPTION_BUILT, TYPE_FLAG, PROGRAM(showcmd), 0, 0, NULL, NULL,
      "print job files as command lines, and run nothing" },
    { "warnings_fatal", NULL, OPTION_BUILT, TYPE_FLAG, PROGRAM(warnings_fatal), 0, 0, NULL, NULL,
      "a warning about an option is an error" },
    { "cmdhelp", NULL, OPTION_BUILT, TYPE_TEXT, PROGRAM(cmdhelp), 0, 0, NULL, "OPTION",
      "print all about an option; all: about each" },
    { "enghelp", NULL, OPTION_BUILT, TYPE_TEXT, PROGRAM(enghelp), 0, 0, NULL, "ENGINE[,OPTION]",
      "print the engines, or the options of one" },
    { "help", NULL, OPTION_BUILT, TYPE_FLAG, PROGRAM(help), 0, 0, NULL, NULL, "print this" },
    { "version", NULL, OPTION_BUILT, TYPE_FLAG, PROGRAM(version), 0, 0, NULL, NULL, "print the version" },
    { .name = NULL },
};
