/* SPDX-License-Identifier: MIT */
#include "countdown.h"

#include <dirent.h>
#include <sched.h>
#include <sys/eventfd.h>

#include "cpu_share.h"
#include "fork.h"

#define N_MAX 400     /* no scenario asks for that much: it would never end */
#define VAIN_MAX 5    /* tries: on a busy machine a timer may have fired before anybody went to sleep */
#define BLOCK_AFTER 3 /* polls */
#define RUN_S 20      /* no run takes longer, under valgrind neither */

static const struct inject_plan plans[] = {
    { "memory", INJECT_MEMORY, ENOMEM, false },
    { "descriptors of the process", INJECT_EVENTFD | INJECT_RING_SETUP | INJECT_OPEN, EMFILE, false },
    { "descriptors of the system", INJECT_EVENTFD | INJECT_RING_SETUP | INJECT_OPEN, ENFILE, false },
    { "enter: EAGAIN", INJECT_ENTER, EAGAIN, false },
    { "enter: EBUSY", INJECT_ENTER, EBUSY, false },
    { "enter: ENOMEM", INJECT_ENTER, ENOMEM, false },
    { "enter: EINTR", INJECT_ENTER, EINTR, false },
    { "registering", INJECT_REGISTER, ENOMEM, false },
    { "registering the ring's descriptor", INJECT_REGISTER_FD, EBUSY, false },
    { "keeping the ring from children", INJECT_DONTFORK, ENOMEM, false },
    { "threads", INJECT_THREAD, EAGAIN, false },
    { "everything", INJECT_BY_CHANCE - 1 - INJECT_RESULT, 0, false },
};

static struct {
    const struct scenario *scenario;
    const struct inject_plan *plan;
    int n;
} now;

void require_told(bool holds, const char *what)
{
    if (holds)
        return;
    inject_off();
    ck_abort_msg("%s; %s, failing %s from call %d on: %s does not hold", now.scenario->name, now.plan->name,
                 now.plan->for_ever ? "for ever" : "once", now.n, what);
}

/* A run that hangs, in the kernel most likely, still says which it was. */
static void give_up(int signal_number)
{
    char text[200];
    const int n = snprintf(text, sizeof(text), "%s; %s, failing %s from call %d on: hangs\n", now.scenario->name,
                           now.plan->name, now.plan->for_ever ? "for ever" : "once", now.n);

    const ssize_t written = write(STDERR_FILENO, text, (size_t)n);

    (void)signal_number;
    (void)written;
    abort();
}

void poll_for(struct lariat_loop *own, const int *value, int target)
{
    for (int i = 0; *value < target; i++) {
        const int rc = lariat_loop_poll(own, i >= BLOCK_AFTER);
        require_that(rc == 0 || rc == 1);
        require_that(i < 10000);
    }
}

int64_t nap_ns(void)
{
    return tests_run_slowly() ? 4000000 : 1000000;
}

/* ---- trying out what is left ---- */

static void judge(struct trial *trial, bool right)
{
    atomic_fetch_add(right ? &trial->n_right : &trial->n_wrong, 1);
}

static void nop_done(struct lariat_op *op, int res)
{
    judge(op->opaque, res == 0);
}

static void read_done(struct lariat_op *op, int res)
{
    struct trial *trial = op->opaque;
    bool right = res == (int)sizeof(trial->buf);

    for (size_t i = 0; right && i < sizeof(trial->buf); i++)
        right = trial->buf[i] == pattern_byte(1000 + i);
    judge(trial, right);
}

static void bh_ran(void *opaque)
{
    judge(opaque, true);
}

static void timer_fired(void *opaque)
{
    judge(opaque, true);
}

static void event_came(void *opaque)
{
    struct trial *trial = opaque;
    uint64_t value;

    judge(trial, read(trial->event_fd, &value, sizeof(value)) == sizeof(value));
}

void trial_begin(void *opaque)
{
    struct trial *trial = opaque;
    const uint64_t one = 1;

    trial->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    trial->nop.fn = nop_done;
    trial->read.fn = read_done;
    trial->nop.opaque = trial->read.opaque = trial;
    lariat_nop(trial->loop, &trial->nop);
    lariat_read(trial->loop, &trial->read, trial->data, trial->buf, sizeof(trial->buf), 1000);
    trial->err = lariat_bh_new(trial->loop, "trial", bh_ran, trial, &trial->bh);
    if (!trial->err)
        trial->err = lariat_bh_schedule(trial->bh);
    lariat_timer_init(&trial->timer, trial->loop, timer_fired, trial);
    lariat_timer_set_ns(&trial->timer, lariat_now_ns() + 100000);
    if (!trial->err)
        trial->err = lariat_handler_set(trial->loop, trial->event_fd, event_came, NULL, trial);
    if (write(trial->event_fd, &one, sizeof(one)) != sizeof(one))
        trial->err = -errno;
}

void trial_end(void *opaque)
{
    struct trial *trial = opaque;

    if (lariat_handler_set(trial->loop, trial->event_fd, NULL, NULL, NULL))
        atomic_fetch_add(&trial->n_wrong, 1);
    lariat_bh_delete(trial->bh);
    close(trial->event_fd);
}

static void require_trial(const struct trial *trial)
{
    require_that(trial->err == 0);
    require_that(atomic_load(&trial->n_wrong) == 0);
    require_that(atomic_load(&trial->n_right) == N_TRIALS);
}

static void try_loop(struct stage *stage)
{
    struct trial trial = { .loop = stage->own, .data = stage->data };
    int quiet = 1;

    trial_begin(&trial);
    for (int i = 0; i < 10000 && trial.err == 0 && atomic_load(&trial.n_right) + atomic_load(&trial.n_wrong) < N_TRIALS; i++)
        require_that(lariat_loop_poll(stage->own, true) >= 0);
    trial_end(&trial);
    while (quiet == 1)
        quiet = lariat_loop_poll(stage->own, false);
    require_that(quiet == 0);
    require_trial(&trial);
    require_that(stats_of(stage->own).ops_inflight == 0);
}

static void try_iothread(struct stage *stage)
{
    struct lariat_loop *theirs = lariat_iothread_loop(stage->iothread);
    struct trial trial = { .loop = theirs, .data = stage->data };

    require_that(lariat_loop_call(theirs, trial_begin, &trial) == 0);
    require_that(trial.err != 0 || waited_for(&trial.n_right, N_TRIALS));
    require_that(lariat_loop_call(theirs, trial_end, &trial) == 0);
    require_trial(&trial);
}

static int count_threads_of_ours(void)
{
    DIR *tasks = opendir("/proc/self/task");
    int n = 0;

    for (struct dirent *task = tasks ? readdir(tasks) : NULL; task; task = readdir(tasks)) {
        char path[300], name[32] = "iou-"; /* gone meanwhile: likewise none of ours */
        FILE *f;

        if (task->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "/proc/self/task/%s/comm", task->d_name);
        f = fopen(path, "re");
        if (f && !fgets(name, sizeof(name), f))
            name[0] = 0;
        if (f)
            fclose(f);
        n += strncmp(name, "iou-", 4) != 0;
    }
    if (tasks)
        closedir(tasks);
    return n;
}

/* Is the caller the only thread? Those that the kernel runs for a ring ("iou-...") stay longer than the ring. */
static bool is_alone(void)
{
    const int64_t end_ns = lariat_now_ns() + INT64_C(10000000000);

    while (!tests_run_under_tsan() && count_threads() != 1 && count_threads_of_ours() != 1) {
        if (lariat_now_ns() > end_ns)
            return false;
        sched_yield();
    }
    return true;
}

/* ---- the stage ---- */

static void make_loop(struct stage *stage, unsigned flags, unsigned sq_entries)
{
    struct lariat_loop_options opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_poll_params poll;

    lariat_poll_params_init(&poll, LARIAT_POLL_CLASSIC); /* it sleeps at first, which is a call that can fail */
    opts.poll = &poll;
    opts.flags = flags;
    opts.sq_entries = sq_entries;
    opts.cq_entries = 2 * sq_entries;
    require_that(lariat_loop_new(&opts, &stage->own) == 0);
    while (lariat_loop_poll(stage->own, false) == 1) /* the wake-up poll is in the kernel now */
        ;
}

static void set_stage(struct stage *stage)
{
    (void)cpu_share(); /* looked at once per process, and borne if that fails */
    switch (now.scenario->kind) {
    case STAGE_EMPTY:
        break;
    case STAGE_LOOP:
        make_loop(stage, 0, 32);
        break;
    case STAGE_TINY:
        make_loop(stage, 0, 2);
        break;
    case STAGE_EMBED:
        make_loop(stage, LARIAT_LOOP_EMBED, 32);
        break;
    case STAGE_IOTHREAD:
        require_that(lariat_iothread_new("stage", NULL, &stage->iothread) == 0);
        break;
    }
}

static void clear_stage(struct stage *stage)
{
    if (stage->own) {
        try_loop(stage);
        require_that(lariat_loop_close(stage->own) == 0);
        lariat_loop_unref(stage->own);
    }
    if (stage->iothread) {
        try_iothread(stage);
        lariat_iothread_destroy(stage->iothread);
    }
}

/* ---- the count ---- */

static bool is_told(unsigned fired, int rc)
{
    const struct scenario *s = now.scenario;

    for (unsigned source = 1; source < 1u << INJECT_SOURCES; source <<= 1) {
        const bool renamed = source == INJECT_ENTER && s->enter_told_as;

        if (fired & s->told & source && rc == -(renamed ? s->enter_told_as : inject_err(now.plan, source)))
            return true;
    }
    return false;
}

/* Is the outcome one of those that the scenario may have, given what failed? */
static void judge_outcome(int rc, const struct stage *stage)
{
    const struct scenario *s = now.scenario;
    const unsigned fired = inject_fired();

    require_that((fired & ~(s->told | s->borne)) == 0);
    if (rc == 0)
        require_that((fired & s->told & ~s->borne) == 0);
    else
        require_that(is_told(fired, rc));
    if (rc != 0 && s->kind == STAGE_EMPTY)
        require_that(!stage->own && !stage->iothread);
}

/* One run. Returns the sources that failed. */
static unsigned run_once(struct stage *stage)
{
    const int fds = count_fds();
    const long outstanding = inject_outstanding();
    int rc;

    alarm(RUN_S);
    stage->own = NULL;
    stage->iothread = NULL;
    set_stage(stage);
    inject_arm(now.plan, now.n);
    rc = now.scenario->run(stage);
    inject_off();
    judge_outcome(rc, stage);
    clear_stage(stage);
    require_that(is_alone());
    require_that(count_fds() == fds);
    require_that(inject_outstanding() == outstanding);
    return inject_fired();
}

/* Of the sources of a plan, those that the scenario must have asked for. */
static unsigned expected_of(const struct inject_plan *plan)
{
    const struct scenario *s = now.scenario;
    const unsigned never = tests_run_under_valgrind() ? INJECT_DONTFORK | INJECT_RESULT : 0;

    return (s->told | (s->borne & INJECT_BY_CHANCE ? 0 : s->borne)) & plan->sources & ~never;
}

static void count(struct stage *stage, const struct inject_plan *plan)
{
    const unsigned expected = expected_of(plan);
    unsigned fired_ever = 0;
    int n_vain = 0;

    now.plan = plan;
    for (now.n = 1; n_vain == 0 || ((fired_ever & expected) != expected && n_vain < VAIN_MAX);) {
        const unsigned fired = run_once(stage);

        fired_ever |= fired;
        n_vain = fired ? 0 : n_vain + 1;
        now.n += fired != 0;
        require_that(now.n < N_MAX);
    }
    /* A scenario that asks for nothing would pass whatever the library did. */
    require_that((fired_ever & expected) == expected);
}

static void countdown_over(const struct scenario *scenario, const struct inject_plan *plan, size_t n, bool for_ever_too)
{
    struct stage stage = { .data = temp_file_or_fail(DATA_BYTES, 0) };

    inject_install();
    signal(SIGALRM, give_up);
    (void)fork_generation(); /* its page is for ever, and no loss */
    now.scenario = scenario;
    socketpair_or_fail(stage.pair);
    for (size_t i = 0; i < n; i++) {
        struct inject_plan for_ever = plan[i];

        for_ever.for_ever = true;
        count(&stage, &plan[i]);
        if (for_ever_too)
            count(&stage, &for_ever);
    }
    alarm(0);
    close_both(stage.pair);
    close(stage.data);
}

void countdown(const struct scenario *scenario)
{
    countdown_over(scenario, plans, sizeof(plans) / sizeof(plans[0]), true);
}

void countdown_plan(const struct scenario *scenario, const struct inject_plan *plan)
{
    countdown_over(scenario, plan, 1, true);
}

void countdown_once(const struct scenario *scenario, const struct inject_plan *plan)
{
    countdown_over(scenario, plan, 1, false);
}
