/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <errno.h>
#include <pthread.h>

#include "loop.h"

#include "choice.h"
#include "clock.h"
#include "kernel.h"
#include "memory.h"
#include "object.h"
#include "oracle.h"
#include "program.h"
#include "program_pollers.h"
#include "request.h"
#include "sim.h"

#define CLOCK_READS_MOST 50000 /* in a row; windows here are shorter */
#define ROUNDS_MOST 20000
#define FOREIGN_ONE_IN 8
#define FOREIGN_THREAD UINT64_C(1) << 40

static bool interfering;

/* ---- others ---- */

/* Another thread, or a signal handler of the owner's, does what any thread may do. */
void world_interfere(void)
{
    bool foreign = choice_random(2);
    uint64_t self = thread_number;

    if (interfering || !oracle.loop || !oracle.inside || choice_faults_over() || choice_random(FOREIGN_ONE_IN))
        return;
    if (!choice_fault(foreign ? FAULT_FOREIGN : FAULT_SIGNAL))
        return;
    interfering = true;
    if (foreign)
        thread_number = FOREIGN_THREAD;
    program_any_thread(choice_random(256), foreign);
    thread_number = self;
    interfering = false;
}

void world_clock_was_read(void)
{
    sim_require(sim_clock_reads() < CLOCK_READS_MOST, "the loop reads the clock without end");
}

/* ---- running the loop ---- */

static void iterate(bool blocking)
{
    int ret;

    oracle_iteration_begin();
    ret = lariat_loop_poll(oracle.loop, blocking);
    oracle_iteration_end(ret);
}

/* As an outer event loop does it. */
static void iterate_embedded(void)
{
    int64_t timeout_ns;
    bool work;
    int ret;

    oracle_iteration_begin();
    ret = lariat_loop_prepare(oracle.loop, &timeout_ns);
    sim_require(ret == 0 || oracle.broken, "prepare gives %d", ret);
    if (ret == 0 && timeout_ns)
        kernel_poll_ring(timeout_ns);
    work = lariat_loop_check(oracle.loop);
    sim_trace("check: %d", work);
    if (!work) {
        oracle.inside = false;
        return;
    }
    /* An iteration is what dispatch does; check and prepare read the clock before. */
    oracle_iteration_begin();
    ret = lariat_loop_dispatch(oracle.loop);
    oracle_iteration_end(ret);
}

void world_iterate(bool blocking)
{
    if (oracle.loop->embed && choice_random(2))
        iterate_embedded();
    else
        iterate(blocking);
}

/* ---- the end of a run ---- */

static void disarm_timers(void)
{
    for (unsigned i = 0; i < N_TIMERS; i++)
        if (oracle.timers[i].armed && oracle.timers[i].expire_ns > sim_clock_peek() + 1000000000) {
            lariat_timer_cancel(&oracle.timers[i].timer);
            oracle.timers[i].armed = false;
        }
}

/* The faults are over: what can end, ends; what waits is cancelled, and then ends too. */
static void finish_everything(void)
{
    unsigned rounds = 0;

    choice_end_faults();
    disarm_timers();
    program_remove_handlers();
    for (unsigned pass = 0; pass < 2; pass++) {
        uint64_t idles = kernel_idles();

        while (kernel_idles() == idles && !oracle.broken) {
            sim_require(rounds++ < ROUNDS_MOST, "the loop does not come to rest after the faults are over");
            world_iterate(true);
        }
        for (unsigned i = 0; i < N_OPS && !pass; i++)
            if (oracle.ops[i].in_flight)
                program_cancel(&oracle.ops[i]);
    }
    for (unsigned i = 0; i < N_OPS; i++)
        sim_require(!oracle.ops[i].in_flight || oracle.broken, "op %u never completes, though cancelled", i);
}

static void close_loop(void)
{
    int ret;

    sim_trace("program: closes");
    kernel_forget_enters();
    oracle.closing = oracle.inside = true;
    oracle.iteration++;
    ret = lariat_loop_close(oracle.loop);
    for (unsigned i = 0; i < N_TIMERS; i++)
        oracle.timers[i].armed = false;
    for (unsigned i = 0; i < N_OBJECTS; i++)
        oracle.handlers[i].set = false;
    for (unsigned i = 0; i < N_POLLERS; i++)
        sim_require(!oracle.pollers[i].told, "the loop is closed, and the other side of poller %u still has to notify", i);
    oracle_closed(ret);
}

/* Ops refused at the very end are told by polls; then everything is given back. */
static void give_back(void)
{
    for (unsigned i = 0; i < 4; i++)
        (void)lariat_loop_poll(oracle.loop, false);
    for (unsigned i = 0; i < N_OPS; i++) /* one that came again and again is dropped at last, as lariat_loop_close() says */
        sim_require(!oracle.ops[i].in_flight || oracle.ops[i].op.opaque || oracle.broken, "op %u was lost in the close", i);
    for (unsigned i = 0; i < N_BHS; i++) {
        lariat_bh_delete(oracle.bhs[i].bh);
        oracle_bh_deleted(i);
    }
    program_delete_pollers();
    lariat_loop_unref(oracle.loop);
    oracle.loop = NULL;
}

/* How many completions it waits for, and how long. */
int world_set_batch(unsigned what)
{
    static const struct {
        unsigned n;
        int64_t min_ns;
    } batches[] = { { 0, 100000 }, { 0, 1 }, { 2, 5000 }, { 4, 100000 }, { 8, 1000000 }, { 100, 20000 }, { 3, 0 }, { 2, 999 } };

    return lariat_loop_set_wait_batch(oracle.loop, batches[what % 8].n, batches[what % 8].min_ns);
}

static int make_loop(void)
{
    static const unsigned sq[] = { 1, 2, 4, 8, 16, 32, 128, 128 };
    static const int64_t windows[] = { 0, 0, 1, 4000, 8000, 32768, 32768, 20000 };
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_poll_params params;
    uint8_t sizes = choice_header(13), flags = choice_header(14);
    int err;

    lariat_poll_params_init(&params, (enum lariat_poll_policy)((choice_header(15) >> 3 & 3) % 3));
    params.max_ns = windows[flags & 7];
    params.grow = flags >> 3 & 3;
    params.shrink = flags >> 5 & 1;
    params.cpu_budget = choice_header(15) >> 5 & 1 ? 10 : 0;
    opts.poll = &params;
    opts.sq_entries = sq[sizes & 7];
    opts.cq_entries = opts.sq_entries << (sizes >> 3 & 3);
    opts.flags = flags & 64 ? LARIAT_LOOP_EMBED : 0;
    err = lariat_loop_new(&opts, &oracle.loop);
    return err ? err : world_set_batch(sizes >> 5);
}

static void run_program(void)
{
    uint8_t end = choice_header(15);

    if (choice_header(14) & 128)
        (void)lariat_loop_enable_histograms(oracle.loop, true);
    while (choice_more())
        program_act(choice_byte());
    if ((end & 7) == 7) {
        oracle.broken = true;
        kernel_break();
        world_iterate(false);
    } else if (end & 1) {
        finish_everything();
    }
    close_loop();
    choice_end_faults();
    give_back();
}

static void run(const uint8_t *bytes, size_t n)
{
    int err;

    choice_begin(bytes, n);
    sim_clock_begin();
    objects_begin();
    kernel_begin();
    oracle_begin();
    program_begin();
    seam = &kernel_seam;
    err = make_loop();
    sim_trace("loop made: %d", err);
    if (!err)
        run_program();
    else
        sim_require(err == -ENOMEM || err == -EMFILE, "making a loop gives %d", err);
    kernel_check_clean();
}

struct run {
    const uint8_t *bytes;
    size_t n;
};

static void *run_thread(void *opaque)
{
    const struct run *r = opaque;

    run(r->bytes, r->n);
    return NULL;
}

/* In a thread of its own: what the library keeps for a thread is given back with it. */
void sim_run(const uint8_t *bytes, size_t n)
{
    struct run r = { bytes, n };
    long outstanding = memory_outstanding();
    pthread_t thread;

    sim_require(pthread_create(&thread, NULL, run_thread, &r) == 0, "no thread for the run");
    pthread_join(thread, NULL);
    sim_require(memory_outstanding() == outstanding, "%ld allocations were not freed", memory_outstanding() - outstanding);
}
