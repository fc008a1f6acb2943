/* SPDX-License-Identifier: MIT */
/* Options about checking data and about going on after errors. */
#include "option_table.h"
#include "options.h"

#define KIND_NEVER "lariat-bench does not have that kind; crc32c is quicker and finds as much"

static const struct option_choice verify_choices[] = {
    { "0", VERIFY_NONE, NULL },
    { "crc32c", VERIFY_CRC32C, NULL },
    { "crc32c-intel", VERIFY_CRC32C, NULL },
    { "md5", VERIFY_MD5, NULL },
    { "crc64", VERIFY_CRC64, NULL },
    { "crc32", VERIFY_CRC32, NULL },
    { "crc16", VERIFY_CRC16, NULL },
    { "crc7", VERIFY_CRC7, NULL },
    { "xxhash", VERIFY_XXHASH, NULL },
    { "sha1", VERIFY_SHA1, NULL },
    { "sha256", VERIFY_SHA256, NULL },
    { "sha512", VERIFY_SHA512, NULL },
    { "sha3-224", 0, KIND_NEVER },
    { "sha3-256", 0, KIND_NEVER },
    { "sha3-384", 0, KIND_NEVER },
    { "sha3-512", 0, KIND_NEVER },
    { "meta", 0, "headers are part of every other kind" },
    { "pattern", VERIFY_PATTERN, NULL },
    { "pattern_hdr", VERIFY_PATTERN_HDR, NULL },
    { "null", VERIFY_NULL, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice continue_choices[] = {
    { "none", CONTINUE_NONE, NULL },
    { "read", CONTINUE_READ, NULL },
    { "write", CONTINUE_WRITE, NULL },
    { "io", CONTINUE_READ | CONTINUE_WRITE, NULL },
    { "verify", CONTINUE_VERIFY, NULL },
    { "all", CONTINUE_READ | CONTINUE_WRITE | CONTINUE_VERIFY, NULL },
    { "0", CONTINUE_NONE, NULL },
    { "1", CONTINUE_READ | CONTINUE_WRITE | CONTINUE_VERIFY, NULL },
    { NULL, 0, NULL },
};

const struct option_row option_table_verify[] = {
    { "verify", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(verify), 0, 0, verify_choices, "KIND",
      "writes carry a checksum and are read back afterwards; jobs that only read check what such a job wrote" },
    { "do_verify", NULL, OPTION_BUILT, TYPE_FLAG, JOB(do_verify), 0, 0, NULL, "0|1",
      "read back what was written; default 1" },
    { "verify_pattern", NULL, OPTION_BUILT, TYPE_PATTERN, JOB(verify_pattern), 0, 0, NULL, "PATTERN",
      "what blocks hold: 0x..., a number, \"text\", 'file', %o (the block's offset), or several of these" },
    { "verify_fatal", NULL, OPTION_BUILT, TYPE_FLAG, JOB(verify_fatal), 0, 0, NULL, "0|1",
      "end the job at the first wrong block; default 0" },
    { "verify_interval", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(verify_interval), 0, 1 << 30, NULL, "SIZE",
      "a checksum for each piece of this size; default: for each block" },
    { "verify_offset", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(verify_offset), 0, 1 << 30, NULL, "SIZE",
      "where in the block the header is; default 0" },
    { "verify_dump", NULL, OPTION_BUILT, TYPE_FLAG, JOB(verify_dump), 0, 0, NULL, "0|1",
      "write wrong blocks and what they should be to files; default 0" },
    { "verify_async", NULL, OPTION_LATER, TYPE_NUMBER, JOB(verify_async), 0, 256, NULL, "N",
      "threads that check; default 0: the job's own" },
    { "verify_async_cpus", NULL, OPTION_LATER, TYPE_CPUS, JOB(verify_async_cpus), 0, 0, NULL, "LIST",
      "CPUs for these threads" },
    { "verify_backlog", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(verify_backlog), 0, UINT64_MAX, NULL, "N",
      "read back after every N writes; default 0: at the end" },
    { "verify_backlog_batch", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(verify_backlog_batch), 0, UINT32_MAX, NULL, "N",
      "how many blocks are read back then; default: all of --verify_backlog" },
    { "verify_only", NULL, OPTION_BUILT, TYPE_FLAG, JOB(verify_only), 0, 0, NULL, NULL,
      "write nothing, check what an earlier run with these options wrote" },
    { "serialize_overlap", NULL, OPTION_BUILT, TYPE_FLAG, JOB(serialize_overlap), 0, 0, NULL, "0|1",
      "no two I/Os in flight touch the same block; default 0, always so with --verify" },
    { "continue_on_error", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(continue_on_error), 0, 0, continue_choices, "KIND",
      "errors after which the job goes on, and counts them; default none" },
    { "ignore_error", NULL, OPTION_BUILT, TYPE_ERRORS, JOB(ignore_error), 0, 0, NULL, "ERROR[:ERROR...][,...]",
      "errors that are none: of reads, writes and checks, by name or number, as in EAGAIN,ENOSPC:122" },
    { .name = NULL },
};
