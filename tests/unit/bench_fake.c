/* SPDX-License-Identifier: MIT */
#include "bench_fake.h"

struct fake *fake_or_fail(enum rw_mode rw, uint64_t n_blocks)
{
    struct fake *fake = aligned_alloc(64, (sizeof(*fake) + 63) / 64 * 64);

    ck_assert_ptr_nonnull(fake);
    memset(fake, 0, sizeof(*fake));
    fake->options = (struct job_options){ .name = "fake",
                                          .bs = BS,
                                          .rw = rw,
                                          .rwmixread = 50,
                                          .iodepth = 1,
                                          .loops = 1,
                                          .percentage_random = { 100, 100, 100 },
                                          .scramble_buffers = true,
                                          .do_verify = true,
                                          .thinktime_blocks = 1,
                                          .latency_percentile = 100,
                                          .random_distribution = { .center = -1 },
                                          .rate_cycle_ns = INT64_C(1000000000) };
    fake->targets[0] =
        (struct target){ .path = (char *)(uintptr_t) "first", .fd = -1, .bytes = n_blocks * BS, .offset_align = 1 };
    fake->set = (struct target_set){ .targets = fake->targets, .n = 1, .bytes = n_blocks * BS, .memory_align = 1 };
    fake->memory = calloc(n_blocks, BS);
    fake->reads = calloc(n_blocks, sizeof(unsigned));
    fake->writes = calloc(n_blocks, sizeof(unsigned));
    fake->trims = calloc(n_blocks, sizeof(unsigned));
    ck_assert(fake->memory && fake->reads && fake->writes && fake->trims);
    for (uint32_t i = 0; i < DEPTH_MAX; i++) {
        fake->ios[i].buf = fake->buffers[i];
        fake->ios[i].index = i;
    }
    fake->state = test_seed();
    return fake;
}

void split_targets(struct fake *fake, uint64_t first_blocks)
{
    fake->targets[1] = fake->targets[0];
    fake->targets[1].path = (char *)(uintptr_t) "second";
    fake->first_block[1] = first_blocks;
    fake->targets[1].bytes -= first_blocks * BS;
    fake->targets[0].bytes = first_blocks * BS;
    fake->set.n = 2;
}

void fake_free(struct fake *fake)
{
    work_free(&fake->work);
    free(fake->memory);
    free(fake->reads);
    free(fake->writes);
    free(fake->trims);
    free(fake);
}

int carry_out(struct fake *fake, struct bench_io *io)
{
    const struct target *target = &fake->targets[io->file];
    uint64_t offset = io->offset - target->base, block = fake->first_block[io->file] + offset / BS;
    unsigned char *there = fake->memory + fake->first_block[io->file] * BS + offset;
    unsigned *counts[] = { fake->reads, fake->writes, fake->trims };

    if (fake->fail_with)
        return -fake->fail_with;
    if (io->kind == IO_SYNC) {
        fake->syncs++;
        return 0;
    }
    ck_assert_uint_ge(io->offset, target->base);
    ck_assert_uint_le(offset + io->length, target->bytes);
    ck_assert(io->length > 0 && io->length <= IO_MAX);
    for (uint64_t i = block; i * BS < fake->first_block[io->file] * BS + offset + io->length; i++)
        counts[io->kind][i]++;
    if (io->kind == IO_READ)
        memcpy(io->buf, there, io->length);
    else if (io->kind == IO_WRITE)
        memcpy(there, io->buf, io->length);
    else
        memset(there, 0, io->length);
    return (int)io->length;
}

static void must_not_overlap(const struct fake *fake, const bool *flying, const struct bench_io *io)
{
    for (unsigned i = 0; i < fake->options.iodepth; i++) {
        const struct bench_io *other = &fake->ios[i];

        if (flying[i] && other != io && other->file == io->file && other->kind != IO_SYNC && io->kind != IO_SYNC)
            ck_assert(other->offset + other->length <= io->offset || io->offset + io->length <= other->offset);
    }
}

struct flight {
    bool flying[DEPTH_MAX];
    unsigned n;
};

static void take_off(struct fake *fake, struct flight *flight, struct bench_io *io)
{
    ck_assert(!flight->flying[io->index]);
    flight->flying[io->index] = true;
    flight->n++;
    if (fake->options.verify || fake->options.serialize_overlap)
        must_not_overlap(fake, flight->flying, io);
}

static void land_one(struct fake *fake, struct flight *flight)
{
    unsigned i;

    do
        i = (unsigned)(test_random(&fake->state) % fake->options.iodepth);
    while (!flight->flying[i]);
    ck_assert_uint_eq(fake->work.inflight, flight->n);
    flight->flying[i] = false;
    flight->n--;
    if (work_complete(&fake->work, &fake->ios[i], carry_out(fake, &fake->ios[i])))
        take_off(fake, flight, &fake->ios[i]);
}

void run_phase(struct fake *fake, uint64_t limit)
{
    unsigned depth = (unsigned)fake->options.iodepth;
    struct flight flight = { .n = 0 };
    struct bench_io *io;

    for (unsigned i = 0; i < depth; i++)
        if (work_next(&fake->work, &fake->ios[i], bench_now_ns()))
            take_off(fake, &flight, &fake->ios[i]);
    while (flight.n || fake->work.n_parked) {
        if (limit && flight.n && !--limit)
            work_stop(&fake->work);
        if (flight.n)
            land_one(fake, &flight);
        while (fake->work.n_parked && (io = work_due(&fake->work, bench_now_ns())))
            take_off(fake, &flight, io);
        if (!flight.n && fake->work.n_parked)
            work_pause(&fake->work);
    }
    ck_assert_uint_eq(fake->work.inflight, 0);
}

void run_or_fail(struct fake *fake, uint64_t limit)
{
    ck_assert_int_eq(work_init(&fake->work, &fake->options, &fake->set, 1), 0);
    for (unsigned i = 0; i < fake->options.iodepth; i++)
        work_fill_buffer(&fake->work, fake->buffers[i]);
    ck_assert_uint_le(work_spare_buffers(&fake->options), DEPTH_MAX + CHECKERS_MAX);
    for (unsigned i = 0; i < work_spare_buffers(&fake->options); i++)
        work_add_spare(&fake->work, fake->spares[i]);
    work_begin(&fake->work);
    run_phase(fake, limit);
}

void each_block_must_have(const struct fake *fake, unsigned reads, unsigned writes)
{
    for (uint64_t i = 0; i < fake->set.bytes / BS; i++)
        ck_assert_msg(fake->reads[i] == reads && fake->writes[i] == writes, "block %llu: %u reads, %u writes",
                      (unsigned long long)i, fake->reads[i], fake->writes[i]);
}
