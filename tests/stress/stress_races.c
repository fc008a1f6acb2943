/* SPDX-License-Identifier: MIT */
/* Many threads do anything that any thread may do, at random and at once, while loops work, stop and go away. */
#include "support.h"

#include <errno.h>
#include <unistd.h>

enum { N_THREADS = 4, N_LOOPS = 2, N_BHS = 6 };

static int scaled(int usual)
{
    const char *stress = getenv("LARIAT_STRESS");
    if (stress != NULL && strcmp(stress, "full") == 0) {
        return usual * 50;
    }
    return tests_run_slowly() ? usual / 10 : usual;
}

struct race {
    struct lariat_iothread *iothreads[N_LOOPS];
    struct lariat_loop *loops[N_LOOPS];
    atomic_int acts;
    atomic_int wrong;
    atomic_int accepted, ran; /* oneshots */
    atomic_int calls_accepted, calls_ran;
    atomic_int flashes; /* iothreads that came and went */
    atomic_uint next_seed;
    int n_acts;
    bool stops;         /* any thread may stop the iothreads, too */
    bool ends;          /* they are destroyed meanwhile */
};

/* What one thread has of its own. */
struct racer {
    struct race *race;
    uint64_t random;
    struct lariat_bh *bhs[N_BHS];
    atomic_int bhs_ran;
};

static void renew_bh(struct racer *racer, unsigned i, struct lariat_loop *loop)
{
    lariat_bh_delete(racer->bhs[i]);
    racer->bhs[i] = NULL;
    if (lariat_bh_new(loop, "racer", count_up_atomic, &racer->bhs_ran, &racer->bhs[i]) != 0) {
        atomic_fetch_add(&racer->race->wrong, 1);
    }
}

static void expect_0_or_shutdown(struct race *race, int rc, atomic_int *accepted)
{
    atomic_fetch_add(&race->wrong, rc != 0 && rc != -ESHUTDOWN);
    if (rc == 0 && accepted != NULL) {
        atomic_fetch_add(accepted, 1);
    }
}

static void set_random_params(struct race *race, struct lariat_loop *loop, uint64_t r)
{
    static const int64_t maxima[] = { 0, 1, 4000, 32768, 1000000 };
    struct lariat_poll_params params = classic_params(maxima[r % 5]);
    params.grow = (int64_t)(r / 5 % 4);
    params.shrink = (int64_t)(r / 20 % 4);
    expect_0_or_shutdown(race, lariat_loop_set_poll_params(loop, &params), NULL);
}

static void look_at_everything(struct race *race, struct lariat_loop *loop)
{
    struct lariat_poll_params params;
    const struct lariat_loop_stats stats = stats_of(loop);
    lariat_loop_get_poll_params(loop, &params);
    atomic_fetch_add(&race->wrong, stats.spins_hit > stats.spins + 1 || params.max_ns < 0);
}

/* What is read meanwhile is not of one moment; require_exact_histogram() judges the numbers at rest. */
static void measure(struct race *race, struct lariat_loop *loop, bool enable)
{
    struct lariat_histogram *histogram = malloc(sizeof(*histogram));
    expect_0_or_shutdown(race, lariat_loop_enable_histograms(loop, enable), NULL);
    const int rc = lariat_loop_get_histogram(loop, LARIAT_LOOP_HISTOGRAM_WAIT, histogram);
    atomic_fetch_add(&race->wrong, rc != 0 && rc != -ENOENT);
    free(histogram);
}

/* An iothread that lives for a moment; what it accepted it runs before it ends. */
static void flash(struct race *race)
{
    static atomic_int n_flashes;
    struct lariat_iothread *iothread = NULL;
    atomic_int accepted = 0, ran = 0;
    const int rc = lariat_iothread_new(numbered_id("flash", atomic_fetch_add(&n_flashes, 1)), NULL, &iothread);
    if (rc != 0) {
        atomic_fetch_add(&race->wrong, rc != -ENOMEM);
        return;
    }
    struct lariat_loop *loop = lariat_iothread_loop(iothread);
    for (int i = 0; i < 5; i++) {
        expect_0_or_shutdown(race, lariat_bh_schedule_oneshot(loop, count_up_atomic, &ran), &accepted);
    }
    lariat_iothread_destroy(iothread);
    atomic_fetch_add(&race->wrong, atomic_load(&accepted) != 5 || atomic_load(&ran) != 5);
    atomic_fetch_add(&race->flashes, 1);
}

static void ask_iothread(struct race *race, struct lariat_iothread *iothread, bool stop)
{
    atomic_fetch_add(&race->wrong, lariat_iothread_tid(iothread) <= 0);
    atomic_fetch_add(&race->wrong, strncmp(lariat_iothread_id(iothread), "race", 4) != 0);
    lariat_iothread_unref(lariat_iothread_ref(iothread));
    if (stop) {
        atomic_fetch_add(&race->wrong, lariat_iothread_stop(iothread) != 0);
    }
}

/* All that is listed is whole, and those that nobody destroys are listed. */
static void query_all(struct race *race)
{
    struct lariat_iothread_info *head;
    int n = 0;
    if (lariat_iothread_query(&head) != 0) {
        atomic_fetch_add(&race->wrong, 1);
        return;
    }
    for (const struct lariat_iothread_info *info = head; info; info = info->next) {
        n += strncmp(info->id, "race", 4) == 0;
        atomic_fetch_add(&race->wrong, info->thread_id <= 0 || info->properties[0].number != info->poll.max_ns);
    }
    atomic_fetch_add(&race->wrong, !race->ends && n != N_LOOPS);
    lariat_iothread_info_free(head);
}

/* Whoever is found by its id is there as long as it is held. The two values always change together. */
static void set_by_id(struct race *race, unsigned i, uint64_t r)
{
    struct lariat_iothread *iothread = lariat_iothread_by_id(numbered_id(r & 1 ? "race" : "flash", (int)i));
    char pairs[80];
    if (iothread == NULL) {
        atomic_fetch_add(&race->wrong, r & 1 && !race->ends);
        return;
    }
    snprintf(pairs, sizeof(pairs), "poll-max-ns=%u,aio-max-batch=%u,wait-batch=%u", (unsigned)(r >> 1 & 0xffff),
             (unsigned)(r >> 1 & 127), (unsigned)(r >> 1 & 127));
    expect_0_or_shutdown(race, lariat_iothread_set_from_string(iothread, pairs, NULL), NULL);
    lariat_iothread_unref(iothread);
}

static void act_at_random(struct racer *racer)
{
    struct race *race = racer->race;
    const uint64_t r = test_random(&racer->random);
    struct lariat_loop *loop = race->loops[(r >> 8) % N_LOOPS];
    const unsigned i = (unsigned)((r >> 16) % N_BHS);
    switch (r % 22) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: expect_0_or_shutdown(race, lariat_bh_schedule(racer->bhs[i]), NULL); break;
    case 5:
    case 6: lariat_bh_cancel(racer->bhs[i]); break;
    case 7:
    case 8: renew_bh(racer, i, loop); break;
    case 9:
    case 10:
        expect_0_or_shutdown(race, lariat_bh_schedule_oneshot(loop, count_up_atomic, &race->ran), &race->accepted);
        break;
    case 11:
        expect_0_or_shutdown(race, lariat_loop_call(loop, count_up_atomic, &race->calls_ran), &race->calls_accepted);
        break;
    case 12: set_random_params(race, loop, r >> 24); break;
    case 13: look_at_everything(race, loop); break;
    case 14: lariat_loop_unref(lariat_loop_ref(loop)); break;
    case 15:
    case 16: measure(race, loop, r & 1u << 24); break;
    case 17: ask_iothread(race, race->iothreads[(r >> 8) % N_LOOPS], race->stops && (r >> 24) % 16 == 0); break;
    case 18:
        if ((r >> 24) % 16 == 0) { /* a ring takes 100 us */
            flash(race);
        }
        break;
    case 19: query_all(race); break;
    case 20: set_by_id(race, (unsigned)((r >> 8) % N_LOOPS), r >> 24); break;
    default: lariat_loop_notify(loop); break;
    }
    atomic_fetch_add(&race->acts, 1);
}

static void *race_on(void *opaque)
{
    struct racer racer = { .race = opaque };
    racer.random = test_seed() * 1000 + atomic_fetch_add(&racer.race->next_seed, 1);
    for (unsigned i = 0; i < N_BHS; i++) {
        renew_bh(&racer, i, racer.race->loops[i % N_LOOPS]);
    }
    for (int i = 0; i < racer.race->n_acts; i++) {
        act_at_random(&racer);
    }
    /* A BH that is deleted may be running at this moment, and counts in our stack. */
    for (unsigned i = 0; i < N_BHS; i++) {
        lariat_bh_delete(racer.bhs[i]);
    }
    for (int i = 0; i < N_LOOPS; i++) {
        lariat_loop_call(racer.race->loops[i], do_nothing, NULL);
    }
    return NULL;
}

static void race_begin(struct race *race, int n_acts, pthread_t *threads)
{
    for (int i = 0; i < N_LOOPS; i++) {
        race->iothreads[i] = iothread_with_window_or_fail(numbered_id("race", i), i == 0 ? 0 : 32768);
        race->loops[i] = lariat_loop_ref(lariat_iothread_loop(race->iothreads[i]));
        lariat_iothread_ref(race->iothreads[i]);
    }
    race->n_acts = n_acts;
    for (int i = 0; i < N_THREADS; i++) {
        threads[i] = thread_or_fail(race_on, race);
    }
}

/* Each sample is in a bucket, however often they were switched off and on again between. */
static void require_exact_histogram(struct lariat_loop *loop)
{
    static struct lariat_histogram histogram;
    uint64_t n = 0;
    const int rc = lariat_loop_get_histogram(loop, LARIAT_LOOP_HISTOGRAM_WAIT, &histogram);
    ck_assert(rc == 0 || rc == -ENOENT);
    if (rc != 0) {
        return;
    }
    for (int i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++) {
        n += histogram.buckets[i];
    }
    ck_assert_uint_eq(n, histogram.n);
    ck_assert(n == 0 || histogram.min_ns <= histogram.max_ns);
}

static void race_end(struct race *race)
{
    ck_assert_int_eq(atomic_load(&race->wrong), 0);
    ck_assert_int_eq(atomic_load(&race->ran), atomic_load(&race->accepted));
    ck_assert_int_eq(atomic_load(&race->calls_ran), atomic_load(&race->calls_accepted));
    for (int i = 0; i < N_LOOPS; i++) {
        require_exact_histogram(race->loops[i]); /* it is closed: nobody adds */
        lariat_loop_unref(race->loops[i]);
        lariat_iothread_unref(race->iothreads[i]);
    }
}

START_TEST(anything_from_any_thread_at_once)
{
    struct race race = { .n_acts = 0 };
    pthread_t threads[N_THREADS];
    race_begin(&race, scaled(20000), threads);

    for (int i = 0; i < N_THREADS; i++) {
        join_or_fail(threads[i]);
    }
    for (int i = 0; i < N_LOOPS; i++) {
        int called = 0;
        call_or_fail(race.loops[i], count_up, &called);
        ck_assert_int_eq(called, 1);
        lariat_iothread_destroy(race.iothreads[i]);
    }
    ck_assert_int_gt(atomic_load(&race.flashes), 0);
    race_end(&race);
}
END_TEST

START_TEST(stops_may_come_at_any_moment)
{
    uint64_t random = test_seed();
    const int n_rounds = scaled(60);
    for (int round = 0; round < n_rounds; round++) {
        struct race race = { .stops = round % 2, .ends = true };
        pthread_t threads[N_THREADS];
        race_begin(&race, 500, threads);

        wait_for(&race.acts, (int)(test_random(&random) % 1500));
        for (int i = 0; i < N_LOOPS; i++) {
            lariat_iothread_destroy(race.iothreads[i]);
        }
        for (int i = 0; i < N_THREADS; i++) {
            join_or_fail(threads[i]);
        }
        race_end(&race);
    }
}
END_TEST

/* Eight loops that would all spin, on fewer CPUs: a token that goes round still arrives. */
enum { N_SPINNERS = 8 };

struct token {
    struct lariat_loop *loops[N_SPINNERS];
    int hops_left;
    atomic_int arrived;
};

static void pass_on(void *opaque)
{
    struct token *token = opaque;
    if (--token->hops_left == 0) {
        atomic_store(&token->arrived, 1);
    } else {
        (void)lariat_bh_schedule_oneshot(token->loops[token->hops_left % N_SPINNERS], pass_on, token);
    }
}

START_TEST(eight_spinning_loops_on_two_cpus_make_progress)
{
    struct lariat_poll_params params = classic_params(INT64_C(10000000000));
    struct lariat_loop_options loop_opts = LARIAT_LOOP_OPTIONS_INIT;
    struct lariat_iothread_options opts = LARIAT_IOTHREAD_OPTIONS_INIT;
    struct lariat_iothread *iothreads[N_SPINNERS];
    struct token token = { .hops_left = 60 };
    params.grow = INT64_MAX;
    loop_opts.poll = &params;
    opts.loop = &loop_opts;
    for (int i = 0; i < N_SPINNERS; i++) {
        iothreads[i] = iothread_with_options_or_fail(numbered_id("spinner", i), &opts);
        token.loops[i] = lariat_iothread_loop(iothreads[i]);
    }

    ck_assert_int_eq(lariat_bh_schedule_oneshot(token.loops[0], pass_on, &token), 0);
    wait_for(&token.arrived, 1);
    for (int i = 0; i < N_SPINNERS; i++) {
        ck_assert_uint_gt(stats_of(token.loops[i]).spins, 0);
        lariat_iothread_destroy(iothreads[i]);
    }
}
END_TEST

static void add_tests(Suite *suite)
{
    TCase *tc = case_of(suite, "races");
    tcase_set_timeout(tc, 300);
    tcase_add_test(tc, anything_from_any_thread_at_once);
    tcase_add_test(tc, stops_may_come_at_any_moment);
    tcase_add_test(tc, eight_spinning_loops_on_two_cpus_make_progress);
}

int main(void)
{
    return suite_main("stress: races", add_tests);
}
