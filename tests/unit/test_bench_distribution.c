/* SPDX-License-Identifier: MIT */
/* Random blocks that are not all alike: each distribution against its exact probabilities, by chi-square. */
#include "support.h"

#include <errno.h>
#include <math.h>

#include "distribution.h"

#define N_BLOCKS 64
#define N_DRAWS 200000

static void init_or_fail(struct block_draw *d, enum distribution_kind kind, double parameter, double center,
                         uint64_t n_blocks)
{
    struct distribution option = { .kind = kind, .parameter = parameter, .center = center };

    ck_assert_int_eq(block_draw_init(d, &option, DIR_READ, n_blocks, 4096, 1), 0);
}

/*
 * Chi-square of what was drawn against `expected`. With k degrees of freedom it has mean k and variance 2k: more than seven
 * deviations above come by chance less than once in a hundred million runs.
 */
static void must_fit(const uint64_t *counts, const double *expected, unsigned n, uint64_t draws)
{
    double chi = 0;
    unsigned degrees = 0;

    for (unsigned i = 0; i < n; i++) {
        double want = expected[i] * (double)draws, off = (double)counts[i] - want;

        if (want < 5) {
            ck_assert_msg((double)counts[i] < 40, "%u: %llu instead of %g", i, (unsigned long long)counts[i], want);
            continue;
        }
        chi += off * off / want;
        degrees++;
    }
    ck_assert_uint_gt(degrees, 1);
    ck_assert_msg(chi < degrees + 7 * sqrt(2.0 * degrees), "chi-square %g with %u degrees of freedom", chi, degrees);
}

static void draw(const struct block_draw *d, uint64_t *counts, unsigned n)
{
    struct rng rng;

    rng_init(&rng, test_seed());
    for (unsigned i = 0; i < N_DRAWS; i++) {
        uint64_t block = block_draw_next(d, &rng);

        ck_assert_uint_lt(block, d->n_blocks);
        if (block < n)
            counts[block]++;
    }
}

static const double thetas[] = { 0.2, 0.9, 0.99999999, 1.0, 1.2, 2.5, 8 };

START_TEST(zipf_has_its_exact_probabilities_at_any_theta)
{
    struct block_draw d;
    uint64_t counts[N_BLOCKS] = { 0 };
    double expected[N_BLOCKS], sum = 0;

    init_or_fail(&d, DIST_ZIPF, thetas[_i], 0, N_BLOCKS);
    for (unsigned i = 0; i < N_BLOCKS; i++)
        sum += expected[i] = pow(i + 1, -thetas[_i]);
    for (unsigned i = 0; i < N_BLOCKS; i++)
        expected[i] /= sum;
    draw(&d, counts, N_BLOCKS);
    must_fit(counts, expected, N_BLOCKS, N_DRAWS);
}
END_TEST

/* The sum over 2^40 blocks is that over the first million and an integral. */
START_TEST(zipf_is_normalised_for_very_many_blocks)
{
    const double theta = 0.8, n = 0x1p40, m = 1e6;
    double sum = (pow(n, 1 - theta) - pow(m, 1 - theta)) / (1 - theta), expected[N_BLOCKS];
    struct block_draw d;
    uint64_t counts[N_BLOCKS] = { 0 };

    for (unsigned i = 1; i <= 1000000; i++)
        sum += pow(i, -theta);
    for (unsigned i = 0; i < N_BLOCKS; i++)
        expected[i] = pow(i + 1, -theta) / sum;
    init_or_fail(&d, DIST_ZIPF, 0.8, 0, UINT64_C(1) << 40);
    draw(&d, counts, N_BLOCKS);
    must_fit(counts, expected, N_BLOCKS, N_DRAWS);
}
END_TEST

START_TEST(pareto_has_its_exact_probabilities)
{
    const double h = 0.2, power = log(h) / log(1 - h);
    struct block_draw d;
    uint64_t counts[N_BLOCKS] = { 0 };
    double expected[N_BLOCKS];

    for (unsigned i = 0; i < N_BLOCKS; i++)
        expected[i] = pow((i + 1.0) / N_BLOCKS, 1 / power) - pow((double)i / N_BLOCKS, 1 / power);
    init_or_fail(&d, DIST_PARETO, 0.2, 0, N_BLOCKS);
    draw(&d, counts, N_BLOCKS);
    must_fit(counts, expected, N_BLOCKS, N_DRAWS);
    init_or_fail(&d, DIST_PARETO, 0.2, 0, 10);
    memset(counts, 0, sizeof(counts));
    draw(&d, counts, 10);
    ck_assert_msg(fabs((double)(counts[0] + counts[1]) / N_DRAWS - 0.8) < 0.01, "a fifth of the blocks has no 80 %%");
}
END_TEST

static double below(double x, double mean, double deviation)
{
    return 0.5 * (1 + erf((x - mean) / deviation / sqrt(2)));
}

START_TEST(normal_has_its_exact_probabilities)
{
    const double centers[] = { -1, 0.5, 0.1 }, deviation = 0.25 * N_BLOCKS;
    const double mean = (centers[_i] < 0 ? 0.5 : centers[_i]) * N_BLOCKS;
    double expected[N_BLOCKS], inside = below(N_BLOCKS, mean, deviation) - below(0, mean, deviation);
    struct block_draw d;
    uint64_t counts[N_BLOCKS] = { 0 };

    for (unsigned i = 0; i < N_BLOCKS; i++)
        expected[i] = (below(i + 1, mean, deviation) - below(i, mean, deviation)) / inside;
    init_or_fail(&d, DIST_NORMAL, 25, centers[_i], N_BLOCKS);
    draw(&d, counts, N_BLOCKS);
    must_fit(counts, expected, N_BLOCKS, N_DRAWS);
}
END_TEST

static const struct {
    struct distribution option;
    unsigned sizes[4]; /* in blocks, of 100 */
} zoned[] = {
    { { .kind = DIST_ZONED, .zones[0] = { 4, { { 60, 10 }, { 30, 20 }, { 8, 30 }, { 2, 40 } } } }, { 10, 20, 30, 40 } },
    { { .kind = DIST_ZONED, .zones[0] = { 3, { { 70, 50 }, { 0, 25 }, { 30, 25 } } } }, { 50, 25, 25 } },
    { { .kind = DIST_ZONED_ABS, .zones[0] = { 2, { { 95, 40960 }, { 5, 81920 } } } }, { 10, 20, 70 } },
    { { .kind = DIST_ZONED_ABS, .zones[0] = { 2, { { 90, 40960 }, { 10, 1 << 20 } } } }, { 10, 90 } },
};

START_TEST(zones_get_their_share_evenly)
{
    const struct zone_list *list = &zoned[_i].option.zones[0];
    struct block_draw d;
    uint64_t counts[100] = { 0 };
    double expected[100];
    unsigned at = 0;

    for (unsigned zone = 0; zone < 4; zone++)
        for (unsigned i = 0; i < zoned[_i].sizes[zone]; i++)
            expected[at++] = zone < list->n ? list->zones[zone].percent / 100.0 / zoned[_i].sizes[zone] : 0;
    ck_assert_uint_eq(at, 100);
    ck_assert_int_eq(block_draw_init(&d, &zoned[_i].option, DIR_READ, 100, 4096, 1), 0);
    draw(&d, counts, 100);
    must_fit(counts, expected, 100, N_DRAWS);
}
END_TEST

START_TEST(a_center_moves_the_most_wanted_block)
{
    struct block_draw d;
    uint64_t counts[N_BLOCKS] = { 0 };

    init_or_fail(&d, DIST_ZIPF, 3, 0.5, N_BLOCKS);
    draw(&d, counts, N_BLOCKS);
    for (unsigned i = 0; i < N_BLOCKS; i++)
        ck_assert_uint_le(counts[i], counts[N_BLOCKS / 2]);
    init_or_fail(&d, DIST_ZIPF, 3, 1, N_BLOCKS);
    memset(counts, 0, sizeof(counts));
    draw(&d, counts, N_BLOCKS);
    ck_assert_uint_gt(counts[N_BLOCKS - 1], N_DRAWS / 2);
}
END_TEST

/* Without a center: the same frequencies, at other places. */
START_TEST(wanted_blocks_are_strewn)
{
    struct block_draw d;
    uint64_t counts[N_BLOCKS] = { 0 }, top = 0;
    unsigned neighbours = 0;

    init_or_fail(&d, DIST_ZIPF, 1, -1, N_BLOCKS);
    draw(&d, counts, N_BLOCKS);
    for (unsigned i = 0; i < N_BLOCKS; i++)
        top = counts[i] > top ? counts[i] : top;
    for (unsigned i = 0; i + 1 < N_BLOCKS; i++)
        neighbours += counts[i] > counts[i + 1] && counts[i] < 3 * counts[i + 1];
    ck_assert_uint_lt(neighbours, N_BLOCKS - 10);
    ck_assert_msg(fabs((double)top / N_DRAWS - 1 / 4.7438909) < 0.01, "the first of 64 has %g", (double)top / N_DRAWS);
}
END_TEST

static const uint64_t sizes[] = { 1, 2, 3, 4, 5, 63, 64, 65, 1000, 4097, 100000 };

START_TEST(the_permutation_meets_each_number_once)
{
    uint64_t n = sizes[_i];
    unsigned char *seen = calloc(n, 1);
    struct permutation p;
    uint64_t in_place = 0;

    ck_assert_ptr_nonnull(seen);
    permutation_init(&p, n, test_seed());
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = permutation_at(&p, i);

        ck_assert_uint_lt(at, n);
        ck_assert_uint_eq(seen[at], 0);
        seen[at] = 1;
        in_place += at == i;
    }
    ck_assert_msg(n < 1000 || in_place < 12, "%llu are in their place", (unsigned long long)in_place);
    free(seen);
}
END_TEST

START_TEST(zones_beyond_the_end_are_refused)
{
    const struct distribution option = { .kind = DIST_ZONED_ABS, .zones[1] = { 2, { { 50, 1 << 20 }, { 50, 1 << 20 } } } };
    struct block_draw d;

    ck_assert_int_eq(block_draw_init(&d, &option, DIR_WRITE, 512, 4096, 1), 0);
    ck_assert_int_eq(block_draw_init(&d, &option, DIR_WRITE, 256, 4096, 1), -ERANGE);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *tcase = case_of(suite, "distribution");

    tcase_add_loop_test(tcase, zipf_has_its_exact_probabilities_at_any_theta, 0, sizeof(thetas) / sizeof(thetas[0]));
    tcase_add_test(tcase, zipf_is_normalised_for_very_many_blocks);
    tcase_add_test(tcase, pareto_has_its_exact_probabilities);
    tcase_add_loop_test(tcase, normal_has_its_exact_probabilities, 0, 3);
    tcase_add_loop_test(tcase, zones_get_their_share_evenly, 0, sizeof(zoned) / sizeof(zoned[0]));
    tcase_add_test(tcase, a_center_moves_the_most_wanted_block);
    tcase_add_test(tcase, wanted_blocks_are_strewn);
    tcase_add_loop_test(tcase, the_permutation_meets_each_number_once, 0, sizeof(sizes) / sizeof(sizes[0]));
    tcase_add_test(tcase, zones_beyond_the_end_are_refused);
}

int main(void)
{
    return suite_main_without_ring("bench_distribution", add_cases);
}
