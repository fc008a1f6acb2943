/* SPDX-License-Identifier: MIT */
/* Options about which I/Os are done: directions, sizes, offsets, data, syncs. */
#include "option_table.h"
#include "options.h"


static const struct option_choice rw_choices[] = {
    { "read", RW_READ, NULL },
    { "write", RW_WRITE, NULL },
    { "randread", RW_RANDREAD, NULL },
    { "randwrite", RW_RANDWRITE, NULL },
    { "rw", RW_READWRITE, NULL },
    { "readwrite", RW_READWRITE, NULL },
    { "randrw", RW_RANDRW, NULL },
    { "trim", RW_TRIM, NULL },
    { "randtrim", RW_RANDTRIM, NULL },
    { "trimwrite", RW_TRIMWRITE, NULL },
    { "randtrimwrite", RW_RANDTRIMWRITE, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice sequencer_choices[] = {
    { "sequential", SEQUENCER_SEQUENTIAL, NULL },
    { "identical", SEQUENCER_IDENTICAL, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice generator_choices[] = {
    { "tausworthe", GENERATOR_TAUSWORTHE, NULL },
    { "tausworthe64", GENERATOR_TAUSWORTHE64, NULL },
    { "lfsr", GENERATOR_LFSR, NULL },
    { NULL, 0, NULL },
};

static const struct option_choice sync_choices[] = {
    { "none", SYNC_NONE, NULL }, { "0", SYNC_NONE, NULL },      { "sync", SYNC_SYNC, NULL },
    { "1", SYNC_SYNC, NULL },    { "dsync", SYNC_DSYNC, NULL }, { NULL, 0, NULL },
};

#define BLOCK_MAX (UINT64_C(1) << 30)

const struct option_row option_table_load[] = {
    { "rw", "readwrite", OPTION_BUILT, TYPE_RW, JOB(rw_typed), 0, 0, rw_choices, "MODE[:N]",
      "default read; with :N, random modes go on sequentially for N I/Os, and sequential ones skip N bytes after each" },
    { "rw_sequencer", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(rw_sequencer), 0, 0, sequencer_choices, "KIND",
      "with --rw=MODE:N, go on sequentially, or use the same offset N times; default sequential" },
    { "bs", "blocksize", OPTION_BUILT, TYPE_NUMBERS, JOB(bs_typed), 1, BLOCK_MAX, NULL, "SIZE[,SIZE[,SIZE]]",
      "size of one I/O: for reads, writes, trims; default 4k" },
    { "bsrange", "blocksize_range", OPTION_BUILT, TYPE_RANGES, JOB(bsrange), 1, BLOCK_MAX, NULL, "SIZE-SIZE[,...]",
      "sizes of I/Os, all equally likely" },
    { "bssplit", NULL, OPTION_BUILT, TYPE_SPLITS, JOB(bssplit), 1, BLOCK_MAX, NULL, "SIZE/PERCENT[:...][,...]",
      "sizes of I/Os and the share of each, as in 4k/50:64k/; what has no share gets equal parts of the rest" },
    { "bs_unaligned", "blocksize_unaligned", OPTION_BUILT, TYPE_FLAG, JOB(bs_unaligned), 0, 0, NULL, NULL,
      "sizes from --bsrange need not be multiples of the smallest" },
    { "bs_is_seq_rand", NULL, OPTION_BUILT, TYPE_FLAG, JOB(bs_is_seq_rand), 0, 0, NULL, "0|1",
      "--bs=A,B is for sequential and random I/Os, and not for reads and writes" },
    { "blockalign", "ba", OPTION_BUILT, TYPE_NUMBERS, JOB(blockalign), 1, BLOCK_MAX, NULL, "SIZE[,...]",
      "offsets of random I/Os are multiples of this; default: the smallest size of an I/O" },
    { "rwmixread", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(rwmixread), 0, 100, NULL, "PERCENT",
      "reads among rw and randrw; default 50" },
    { "rwmixwrite", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(rwmixwrite), 0, 100, NULL, "PERCENT",
      "writes among them; of the two, the last one counts" },
    { "percentage_random", NULL, OPTION_BUILT, TYPE_NUMBERS, JOB(percentage_random), 0, 100, NULL, "PERCENT[,...]",
      "how many of the I/Os of random modes are random; default 100" },
    { "norandommap", NULL, OPTION_BUILT, TYPE_FLAG, JOB(norandommap), 0, 0, NULL, NULL,
      "random blocks may repeat; without it each block comes once per pass" },
    { "softrandommap", NULL, OPTION_BUILT, TYPE_FLAG, JOB(softrandommap), 0, 0, NULL, "0|1",
      "go on without the map if there is no memory for it; default 0" },
    { "random_generator", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(random_generator), 0, 0, generator_choices, "KIND",
      "how offsets are drawn; default tausworthe" },
    { "random_distribution", NULL, OPTION_BUILT, TYPE_DISTRIBUTION, JOB(random_distribution), 0, 0, NULL, "KIND[:...]",
      "random, zipf:THETA, pareto:H, normal:PERCENT, zoned:ACCESS/SIZE:..., zoned_abs:ACCESS/SIZE:...; a center (0 to 1) may "
      "follow zipf, pareto and normal; all but random do without the map" },
    { "randrepeat", NULL, OPTION_BUILT, TYPE_FLAG, JOB(randrepeat), 0, 0, NULL, "0|1",
      "the same offsets in each run; default 1" },
    { "allrandrepeat", NULL, OPTION_BUILT, TYPE_FLAG, JOB(allrandrepeat), 0, 0, NULL, "0|1",
      "all else that is random is the same in each run too; default 0" },
    { "randseed", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(randseed), 0, UINT64_MAX, NULL, "N",
      "default 137: the same offsets in each run" },
    { "number_ios", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(number_ios), 0, UINT64_MAX, NULL, "N",
      "end after so many I/Os; default 0: no limit" },
    { "loops", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(loops), 1, UINT32_MAX, NULL, "N",
      "do the whole of it N times; default 1" },
    { "fsync", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(fsync), 0, UINT32_MAX, NULL, "N",
      "fsync after every N writes; default 0: never" },
    { "fdatasync", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(fdatasync), 0, UINT32_MAX, NULL, "N", "the same with fdatasync" },
    { "sync_file_range", NULL, OPTION_BUILT, TYPE_SYNC_RANGE, JOB(sync_file_range), 0, UINT32_MAX, NULL, "WORD[,...]:N",
      "sync_file_range after every N writes, with wait_before, write and wait_after" },
    { "end_fsync", NULL, OPTION_BUILT, TYPE_FLAG, JOB(end_fsync), 0, 0, NULL, "0|1",
      "fsync at the end of the job; default 0" },
    { "fsync_on_close", NULL, OPTION_BUILT, TYPE_FLAG, JOB(fsync_on_close), 0, 0, NULL, "0|1",
      "fsync files before they are closed; default 0" },
    { "sync", NULL, OPTION_BUILT, TYPE_CHOICE, JOB(sync), 0, 0, sync_choices, "KIND",
      "open files with O_SYNC or O_DSYNC; default none" },
    { "zero_buffers", NULL, OPTION_BUILT, TYPE_FLAG, JOB(zero_buffers), 0, 0, NULL, NULL, "write zeros" },
    { "refill_buffers", NULL, OPTION_BUILT, TYPE_FLAG, JOB(refill_buffers), 0, 0, NULL, NULL,
      "new random data for each write" },
    { "scramble_buffers", NULL, OPTION_BUILT, TYPE_FLAG, JOB(scramble_buffers), 0, 0, NULL, "0|1",
      "change a little of the data before each write; default 1" },
    { "buffer_pattern", NULL, OPTION_BUILT, TYPE_PATTERN, JOB(buffer_pattern), 0, 0, NULL, "PATTERN",
      "write this over and over: 0x..., a number, \"text\" or 'file', or several of these" },
    { "buffer_compress_percentage", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(buffer_compress_percentage), 0, 100, NULL,
      "PERCENT", "how much of the data compresses to nothing; default 0" },
    { "buffer_compress_chunk", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(buffer_compress_chunk), 1, BLOCK_MAX, NULL, "SIZE",
      "in pieces of this size; default 512" },
    { "dedupe_percentage", NULL, OPTION_BUILT, TYPE_NUMBER, JOB(dedupe_percentage), 0, 100, NULL, "PERCENT",
      "how many of the blocks written are the same; default 0" },
    { .name = NULL },
};
