/* SPDX-License-Identifier: MIT */
/* "lariat-ctl top" without a terminal: what it keeps of the samples, and the screens that it draws. */
#include "support.h"

#include "top_model.h"
#include "top_screen.h"

#define IOTHREADS_MAX 40

static struct sample samples[IOTHREADS_MAX];

/* Each test begins with a new model and with iothreads that have done nothing, also where one process runs them all. */
static struct top_model new_model(void)
{
    memset(samples, 0, sizeof(samples));
    return (struct top_model){ .path = "/run/x", .interval_seconds = 1 };
}

/* n iothreads "io0" ...; the later ones are busier, and with each step a second passes. */
static void step(struct top_model *model, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct sample *sample = &samples[i];

        snprintf(sample->id, sizeof(sample->id), "io%zu", i);
        strcpy(sample->policy, "classic");
        sample->thread_id = 100 + (int64_t)i;
        sample->running = true;
        sample->poll_max_ns = 32768;
        sample->window_ns = (sample->window_ns + 4096) % 36864;
        sample->counters.time_ns += 1000000000;
        sample->counters.cpu_ns += 100000000;
        sample->counters.iterations += 1000;
        sample->counters.ops += 1000 * (i + 1);
    }
    top_model_update(model, samples, n);
}

/* Draw, and judge that nothing leaves the screen; returns the text without its sequences, in lines. */
static const char *draw_or_fail(struct top_model *model, int columns, int lines)
{
    static char raw[65536], text[65536];
    const struct top_screen screen = { .columns = columns, .lines = lines, .utf8 = false, .colour = true };
    FILE *out = fmemopen(raw, sizeof(raw), "w");
    char *to = text;
    int width = 0, n_lines = 1;

    ck_assert_ptr_nonnull(out);
    top_screen_draw(model, &screen, out);
    fclose(out);
    for (const char *c = raw; *c; c++) {
        if (*c == '\033') { /* up to its letter */
            c += strcspn(c, "HJKm");
        } else if (*c == '\n') {
            *to++ = *c;
            width = 0;
            n_lines++;
        } else if (*c != '\r') {
            *to++ = *c;
            ck_assert_msg(++width <= columns, "%d columns, and a line is longer:\n%s", columns, text);
        }
    }
    *to = '\0';
    ck_assert_msg(n_lines <= lines, "%d lines on a screen of %d:\n%s", n_lines, lines, text);
    return text;
}

static void shows(const char *text, const char *word)
{
    ck_assert_msg(strstr(text, word), "\"%s\" is not in:\n%s", word, text);
}

START_TEST(a_screen_of_80_columns_shows_all_that_matters)
{
    struct top_model model = new_model();

    step(&model, 2);
    step(&model, 2);
    const char *text = draw_or_fail(&model, 80, 24);
    shows(text, "2 iothreads  3.00k IOPS  every 1 s  /run/x");
    shows(text, "ID         MAX  WINDOW   HIT  SPIN SLEEP CALLB  IOPS BATCH WAKE/S");
    shows(text, "> io0    32.8 us 8.19 us     - 0.0 %  90 %  10 % 1.00k   0.0      0           _,");
    shows(text, "  io1    32.8 us 8.19 us     - 0.0 %  90 %  10 % 2.00k");
    shows(text, "q quit");
    top_model_free(&model);
}
END_TEST

START_TEST(no_screen_is_too_small)
{
    struct top_model model = new_model();

    strcpy(model.message, "io0: something\033[2J was said");
    step(&model, IOTHREADS_MAX);
    for (int columns = 1; columns < 200; columns += columns < 70 ? 1 : 13)
        for (int lines = 1; lines < 12; lines++)
            draw_or_fail(&model, columns, lines);
    shows(draw_or_fail(&model, 40, 1), "> io0");
    shows(draw_or_fail(&model, 40, 7), "io0: something?[2J was said");
    shows(draw_or_fail(&model, 40, 4), "io0: something?[2J was said");
    model.message[0] = '\0';
    shows(draw_or_fail(&model, 40, 4), "q quit");
    top_model_free(&model);
}
END_TEST

START_TEST(the_selected_iothread_is_always_visible)
{
    struct top_model model = new_model();

    step(&model, IOTHREADS_MAX);
    for (int i = 0; i < IOTHREADS_MAX + 5; i++) {
        shows(draw_or_fail(&model, 80, 10), "> io");
        top_model_move(&model, 1);
    }
    shows(draw_or_fail(&model, 80, 10), "> io39");
    shows(draw_or_fail(&model, 80, 10), "35-40 of 40 iothreads");
    shows(draw_or_fail(&model, 80, 60), "  io0 "); /* a larger window shows all again */
    top_model_move(&model, -100);
    shows(draw_or_fail(&model, 80, 10), "> io0 ");
    top_model_free(&model);
}
END_TEST

START_TEST(the_selection_follows_its_iothread)
{
    struct top_model model = new_model();

    step(&model, 3);
    step(&model, 3);
    top_model_move(&model, 2);
    top_model_next_order(&model);
    ck_assert_int_eq(model.order, ORDER_IOPS);
    ck_assert_str_eq(model.rows[0].now.id, "io2"); /* the busiest */
    ck_assert_uint_eq(model.selected, 0);
    step(&model, 2); /* it is gone */
    ck_assert_uint_eq(model.n_rows, 2);
    ck_assert_str_eq(model.rows[0].now.id, "io1");
    step(&model, 0);
    shows(draw_or_fail(&model, 80, 10), "There is no iothread.");
    top_model_move(&model, 1);
    ck_assert_uint_eq(model.selected, 0);
    top_model_free(&model);
}
END_TEST

START_TEST(history_is_kept_to_a_bound_and_belongs_to_one_thread)
{
    struct top_model model = new_model();

    for (int i = 0; i < TOP_HISTORY + 10; i++)
        step(&model, 1);
    ck_assert_uint_eq(model.rows[0].n_history, TOP_HISTORY);
    ck_assert_uint_eq(model.rows[0].history[TOP_HISTORY - 1], samples[0].window_ns);
    draw_or_fail(&model, 400, 10);
    samples[0].thread_id = 1; /* another one of the same id; step() would put it back */
    top_model_update(&model, samples, 1);
    ck_assert_uint_eq(model.rows[0].n_history, 1);
    top_model_free(&model);
}
END_TEST

START_TEST(long_names_are_cut_and_marked)
{
    struct top_model model = new_model();

    step(&model, 1);
    memset(samples[0].id, 'x', sizeof(samples[0].id) - 1);
    top_model_update(&model, samples, 1);
    shows(draw_or_fail(&model, 120, 10), "> xxxxxxxxxxxxxxxxxxx~ ");
    draw_or_fail(&model, 20, 10);
    top_model_free(&model);
}
END_TEST

START_TEST(plain_lines_have_all_columns)
{
    struct top_model model = new_model();
    char text[1024] = "";
    FILE *out = fmemopen(text, sizeof(text), "w");

    ck_assert_ptr_nonnull(out);
    step(&model, 1);
    step(&model, 1);
    top_screen_plain_titles("T ", out);
    top_screen_plain(&model, "1 ", out);
    fclose(out);
    ck_assert_str_eq(text, "T ID            THREAD POLICY       MAX  WINDOW   HIT  SPIN SLEEP CALLB  IOPS BATCH WAKE/S\n"
                           "1 io0              100 classic  32.8 us 8.19 us     - 0.0 %  90 %  10 % 1.00k   0.0      0\n");
    top_model_free(&model);
}
END_TEST

static void add_cases(Suite *suite)
{
    TCase *top = case_of(suite, "top");

    tcase_add_test(top, a_screen_of_80_columns_shows_all_that_matters);
    tcase_add_test(top, no_screen_is_too_small);
    tcase_add_test(top, the_selected_iothread_is_always_visible);
    tcase_add_test(top, the_selection_follows_its_iothread);
    tcase_add_test(top, history_is_kept_to_a_bound_and_belongs_to_one_thread);
    tcase_add_test(top, long_names_are_cut_and_marked);
    tcase_add_test(top, plain_lines_have_all_columns);
}

int main(void)
{
    return suite_main_without_ring("ctl_top", add_cases);
}
