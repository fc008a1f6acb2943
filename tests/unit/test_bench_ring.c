/* SPDX-License-Identifier: MIT */
/* Options about rings and flags: which engine has them, and what they make of an I/O. */
#include "bench_parse.h"

#include <sys/uio.h>

#include "engine_options.h"
#include "ring_style.h"
#include "rw_flags.h"

#define DEPTH 4
#define RWF_DONTCACHE_BIT 0x80

struct style_case {
    bool fixedbufs, registerfiles, nowait, direct;
    uint64_t uncached;
    int64_t nonvectored;
    enum io_kind kind;
    unsigned opcode, flags;
    int rw_flags;
};

static const struct style_case cases[] = {
    { .nonvectored = -1, .kind = IO_READ, .opcode = IORING_OP_READ },
    { .nonvectored = 1, .kind = IO_WRITE, .opcode = IORING_OP_WRITE },
    { .nonvectored = 0, .kind = IO_READ, .opcode = IORING_OP_READV },
    { .nonvectored = 0, .kind = IO_WRITE, .opcode = IORING_OP_WRITEV },
    { .nonvectored = -1, .fixedbufs = true, .kind = IO_READ, .opcode = IORING_OP_READ_FIXED },
    { .nonvectored = 0, .fixedbufs = true, .kind = IO_WRITE, .opcode = IORING_OP_WRITE_FIXED },
    { .nonvectored = -1, .registerfiles = true, .kind = IO_READ, .opcode = IORING_OP_READ, .flags = IOSQE_FIXED_FILE },
    { .nonvectored = 0, .registerfiles = true, .kind = IO_READ, .opcode = IORING_OP_READV, .flags = IOSQE_FIXED_FILE },
    { .nonvectored = -1, .nowait = true, .kind = IO_READ, .opcode = IORING_OP_READ, .rw_flags = RWF_NOWAIT },
    { .nonvectored = -1, .uncached = 1, .kind = IO_WRITE, .opcode = IORING_OP_WRITE, .rw_flags = RWF_DONTCACHE_BIT },
    { .nonvectored = -1, .uncached = 1, .direct = true, .kind = IO_WRITE, .opcode = IORING_OP_WRITE },
    { .nonvectored = 0,
      .uncached = 1,
      .nowait = true,
      .kind = IO_READ,
      .opcode = IORING_OP_READV,
      .rw_flags = RWF_DONTCACHE_BIT | RWF_NOWAIT },
    { .nonvectored = -1,
      .fixedbufs = true,
      .nowait = true,
      .kind = IO_READ,
      .opcode = IORING_OP_READ_FIXED,
      .rw_flags = RWF_NOWAIT },
};
enum { N_CASES = sizeof(cases) / sizeof(cases[0]) };

static struct job_options options_of(const struct style_case *c)
{
    return (struct job_options){ .iodepth = DEPTH,
                                 .fixedbufs = c->fixedbufs,
                                 .registerfiles = c->registerfiles,
                                 .nowait = c->nowait,
                                 .direct = c->direct,
                                 .uncached = c->uncached,
                                 .nonvectored = c->nonvectored };
}

static struct io_uring_sqe prepared(struct ring_style *style, const struct bench_io *io)
{
    struct io_uring_sqe sqe;

    memset(&sqe, 0, sizeof(sqe));
    ring_style_prepare(style, &sqe, io, 5);
    return sqe;
}

/* What is left of an I/O of which 512 bytes were moved. */
START_TEST(an_io_is_put_into_the_sqe_that_the_options_ask_for)
{
    const struct style_case *c = &cases[_i];
    const struct job_options options = options_of(c);
    static char buf[4096];
    const struct bench_io io = {
        .buf = buf, .offset = 8192, .length = sizeof(buf), .moved = 512, .index = DEPTH - 1, .kind = (uint8_t)c->kind
    };
    struct ring_style style;

    ck_assert_int_eq(ring_style_init(&style, &options), 0);
    const struct io_uring_sqe sqe = prepared(&style, &io);
    ck_assert_int_eq(sqe.opcode, c->opcode);
    ck_assert_int_eq(sqe.flags, c->flags);
    ck_assert_int_eq(sqe.rw_flags, c->rw_flags);
    ck_assert(sqe.fd == 5 && sqe.off == 8192 + 512);
    if (c->opcode == IORING_OP_READV || c->opcode == IORING_OP_WRITEV) {
        const struct iovec *iov = (const struct iovec *)(uintptr_t)sqe.addr;

        ck_assert(sqe.len == 1 && iov->iov_base == buf + 512 && iov->iov_len == sizeof(buf) - 512);
    } else {
        ck_assert(sqe.len == sizeof(buf) - 512 && sqe.addr == (uintptr_t)(buf + 512));
    }
    ring_style_free(&style);
}
END_TEST

START_TEST(each_slot_has_a_vector_of_its_own)
{
    const struct job_options options = { .iodepth = DEPTH, .nonvectored = 0 };
    struct ring_style style;
    uint64_t addrs[DEPTH];

    ck_assert_int_eq(ring_style_init(&style, &options), 0);
    for (uint32_t i = 0; i < DEPTH; i++) {
        char buf[512];
        const struct bench_io io = { .buf = buf, .length = sizeof(buf), .index = i };

        addrs[i] = prepared(&style, &io).addr;
        ck_assert(i == 0 || addrs[i] != addrs[i - 1]);
    }
    ring_style_free(&style);
}
END_TEST

START_TEST(every_nth_io_is_sent_to_a_worker)
{
    for (uint64_t every = 0; every < 5; every++) {
        const struct job_options options = { .iodepth = DEPTH, .nonvectored = -1, .force_async = every };
        char buf[512];
        const struct bench_io io = { .buf = buf, .length = sizeof(buf) };
        struct ring_style style;

        ck_assert_int_eq(ring_style_init(&style, &options), 0);
        for (uint64_t i = 1; i <= 20; i++)
            ck_assert_int_eq(prepared(&style, &io).flags, every && i % every == 0 ? IOSQE_ASYNC : 0);
        ring_style_free(&style);
    }
}
END_TEST

/* ---- which engine has them ---- */

static const struct {
    const char *engine, *option;
    int rc;
    const char *word; /* NULL: nothing is said */
} asked[] = {
    { "lariat", "--sqthread_poll", 0, NULL },
    { "io_uring", "--force_async=2", 0, NULL },
    { "libaio", "--nowait", 0, NULL },
    { "liburing", "--sqthread_poll_cpu=0", 0, NULL },
    { "liburing", "--nonvectored=0", 0, NULL },
    { "pvsync2", "--nowait=1", 0, NULL },
    { "psync", "--uncached=1", 0, NULL },
    { "psync", "--sqthread_poll", -EINVAL, "lariat, liburing" },
    { "psync", "--sqthread_poll_cpu=0", -EINVAL, "lariat, liburing" },
    { "psync", "--nonvectored=0", -EINVAL, "lariat, liburing" },
    { "psync", "--force_async=1", -EINVAL, "lariat, liburing" },
    { "psync", "--fixedbufs", -EINVAL, "lariat, liburing" },
    { "psync", "--registerfiles", -EINVAL, "lariat, liburing" },
    { "null", "--nowait", -EINVAL, "lariat, liburing, psync" },
    { "null", "--uncached=1", -EINVAL, "lariat, liburing, psync" },
    { "psync", "--nonvectored=-1", 0, NULL }, /* asks for nothing */
    { "psync", "--force_async=0", 0, NULL },
    { "psync", "--iodepth_batch=8", 0, "no meaning" },
    { "psync", "--iodepth_low=8", 0, "no meaning" },
    { "null", "--iodepth_batch_complete_max=8", 0, "no meaning" },
    { "null", "--iodepth_batch_complete_min=8", 0, NULL },
    { "liburing", "--poll_max_ns=1us", 0, "no meaning" },
    { "liburing", "--iothread=a", 0, "no meaning" },
};
enum { N_ASKED = sizeof(asked) / sizeof(asked[0]) };

START_TEST(what_an_engine_cannot_do_is_refused_or_left_aside_by_name)
{
    char engine[32], name[64];
    struct parsed p;

    snprintf(engine, sizeof(engine), "--ioengine=%s", asked[_i].engine);
    snprintf(name, sizeof(name), "%.*s", (int)strcspn(asked[_i].option, "="), asked[_i].option);
    parse(&p, ARGS("--name=a", "--size=1m", engine, asked[_i].option));
    ck_assert_msg(p.rc == asked[_i].rc, "%s %s: %s", engine, asked[_i].option, p.said);
    if (asked[_i].word)
        ck_assert_msg(strstr(p.said, asked[_i].word) && strstr(p.said, name), "%s %s: %s", engine, asked[_i].option, p.said);
    else
        ck_assert_str_eq(p.said, "");
    parsed_free(&p);
}
END_TEST

START_TEST(of_the_defaults_for_all_jobs_each_engine_takes_what_it_has)
{
    struct parsed p;

    parse(&p, ARGS("--registerfiles", "--poll_max_ns=1us", "--name=a", "--size=1m", "--name=b", "--size=1m",
                   "--ioengine=psync"));
    ck_assert_int_eq(p.rc, 0);
    ck_assert_ptr_nonnull(strstr(p.said, "job b: --registerfiles has no meaning for --ioengine=psync"));
    ck_assert_ptr_null(strstr(p.said, "poll_max_ns"));
    parsed_free(&p);
}
END_TEST

START_TEST(what_is_waited_for_is_taken_too)
{
    const struct {
        const char *min, *max;
        uint64_t expected;
    } batches[] = {
        { "--iodepth_batch_complete_min=1", "--iodepth=8", 0 },
        { "--iodepth_batch_complete_min=8", "--iodepth=8", 8 },
        { "--iodepth_batch_complete=8", "--iodepth_batch_complete_max=4", 8 },
        { "--iodepth_batch_complete_min=4", "--iodepth_batch_complete_max=8", 8 },
        { "--iodepth_batch_complete_min=0", "--iodepth_batch_complete_max=3", 3 },
    };

    for (size_t i = 0; i < sizeof(batches) / sizeof(batches[0]); i++) {
        struct parsed p;

        parse(&p, ARGS("--name=a", "--size=1m", batches[i].min, batches[i].max));
        ck_assert_msg(p.rc == 0, "%s", p.said);
        ck_assert_uint_eq(p.options.jobs[0].iodepth_batch_complete_max, batches[i].expected);
        parsed_free(&p);
    }
}
END_TEST

START_TEST(the_help_of_an_engine_names_its_options)
{
    const char *const engines[] = { "liburing", "psync", "null" };
    const char *const has[] = { "sqthread_poll_cpu ", "nowait ", "iodepth_low " };
    const char *const lacks[] = { "poll_max_ns ", "force_async ", "nowait " };

    for (unsigned i = 0; i < 3; i++) {
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        ck_assert_ptr_nonnull(out);
        ck_assert_int_eq(options_print_enghelp(engines[i], out, out), 0);
        fclose(out);
        ck_assert_msg(strstr(text, has[i]) && !strstr(text, lacks[i]), "%s: %s", engines[i], text);
        free(text);
    }
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *sqes = case_of(suite, "sqes"), *engines = case_of(suite, "engines");

    tcase_add_loop_test(sqes, an_io_is_put_into_the_sqe_that_the_options_ask_for, 0, N_CASES);
    tcase_add_test(sqes, each_slot_has_a_vector_of_its_own);
    tcase_add_test(sqes, every_nth_io_is_sent_to_a_worker);
    tcase_add_loop_test(engines, what_an_engine_cannot_do_is_refused_or_left_aside_by_name, 0, N_ASKED);
    tcase_add_test(engines, of_the_defaults_for_all_jobs_each_engine_takes_what_it_has);
    tcase_add_test(engines, what_is_waited_for_is_taken_too);
    tcase_add_test(engines, the_help_of_an_engine_names_its_options);
}

int main(void)
{
    return suite_main_without_ring("bench_ring", add_cases);
}
