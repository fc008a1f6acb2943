/* SPDX-License-Identifier: MIT */
/* Tries settings on a running iothread. Whatever happens on the way, the old one is put back before anything is said. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "commands.h"
#include "interrupt.h"
#include "memory.h"
#include "output.h"
#include "trial.h"
#include "tuning_args.h"
#include "tuning_report.h"

#define LOOK_PART 20 /* 1 of so many parts of the budget is for the first look */
#define LOOK_MAX_NS CLOCK_SECOND_NS
#define BAR 30

struct run {
    struct trial trial;
    bool shown; /* a progress bar */
};

static int run_slot(void *opaque, const struct tune_config *config, int64_t length_ns, struct tuning_figures *figures)
{
    return trial_run(&((struct run *)opaque)->trial, config, length_ns, figures);
}

static int64_t now_ns(void *opaque)
{
    (void)opaque;
    return clock_now_ns();
}

static void show_progress(void *opaque, double done)
{
    static const char full[BAR + 1] = "##############################";
    struct run *run = opaque;
    int n = (int)(BAR * (done < 1 ? done : 1));

    if (isatty(STDERR_FILENO) != 1)
        return;
    fprintf(stderr, "\rtune: [%-*.*s] %3.0f %%", BAR, n, full, 100 * (done < 1 ? done : 1));
    run->shown = true;
}

static void hide_progress(const struct run *run)
{
    if (run->shown)
        fprintf(stderr, "\r%*s\r", BAR + 16, "");
}

/* ---- JSON ---- */

/* What is no number becomes null. */
static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *interval_as_json(const struct interval_of_ratio *interval)
{
    if (interval->n < 2)
        return json_null();
    return need_memory(json_pack("{s:o, s:o, s:o, s:i}", "ratio", real(interval->ratio), "low", real(interval->low), "high",
                                 real(interval->high), "n", (int)interval->n));
}

static json_t *setting_as_json(const struct tuning_report *report, unsigned setting)
{
    const struct tuning *tuning = report->tuning;
    struct interval_of_ratio gain = tuning_gain(tuning, tuning->objective, setting, true, TUNING_CONFIDENCE);
    double latency_ns = report->has_latency ? TUNING_TYPICAL(tuning, setting, latency_ns) : (double)NAN;
    char name[TUNE_NAME_MAX];

    return need_memory(
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "setting", tune_config_name(name, &tuning->settings[setting]),
                  "properties", trial_properties(&tuning->settings[setting]), "per-second",
                  real(TUNING_TYPICAL(tuning, setting, per_second)), "latency-ns", real(latency_ns), "cpu-ns",
                  real(TUNING_TYPICAL(tuning, setting, cpu_ns)), "spin-hits", real(TUNING_TYPICAL(tuning, setting, hit)),
                  "sleeps", real(TUNING_TYPICAL(tuning, setting, sleeps)), "gain",
                  setting == TUNING_OLD ? json_null() : interval_as_json(&gain)));
}

static void print_json(const struct tuning_report *report)
{
    const struct tuning *tuning = report->tuning;
    const struct tuning_verdict *verdict = report->verdict;
    const struct tune_config *recommended = &tuning->settings[verdict->setting];
    char old[TUNE_NAME_MAX], name[TUNE_NAME_MAX], leader[TUNE_NAME_MAX], command[TUNING_COMMAND_MAX];
    json_t *settings = need_memory(json_array());

    for (unsigned i = 0; i < tuning->n_settings; i++)
        if (tuning_was_run(tuning, i))
            json_array_append_new(settings, setting_as_json(report, i));
    json_t *document = need_memory(
        json_pack("{s:s, s:s, s:s, s:f, s:i, s:i, s:s, s:s, s:s, s:s, s:b, s:o, s:s, s:o, s:o, s:o, s:o}", "id", report->id,
                  "objective", tuning_objective_name(tuning->objective), "counted", report->counted, "seconds",
                  report->seconds, "rounds", (int)tuning->n_rounds, "left-out", (int)tuning->n_left_out, "old",
                  tune_config_name(old, &tuning->settings[TUNING_OLD]), "leader",
                  tune_config_name(leader, &tuning->settings[verdict->leader]), "recommended",
                  tune_config_name(name, recommended), "reason", tuning_reason_key(verdict->reason), "applied",
                  report->applied, "properties", trial_properties(recommended), "command",
                  tuning_command(command, report->id, recommended), "gain", interval_as_json(&verdict->gain), "latency",
                  interval_as_json(&verdict->latency), "cpu", interval_as_json(&verdict->cpu), "settings", settings));
    output_json(document);
    json_decref(document);
}

/* ---- the run ---- */

/* The client's error becomes what was said first, and what became of the old setting. */
static void say_both(struct trial *trial, const char *said, enum client_status restored)
{
    char *why = need_memory(strdup(client_error(trial->client))), command[TUNING_COMMAND_MAX];

    if (restored == CLIENT_LOST)
        client_fail(trial->client, restored, "%s; the old setting could not be put back: %s. To do it: %s", said, why,
                    tuning_command(command, trial->id, &trial->old));
    else if (restored)
        client_fail(trial->client, restored, "%s; %s", said, why);
    else
        client_fail(trial->client, restored, trial->touched ? "%s; the old setting is in force" : "%s", said);
    free(why);
}

/* The trial is over before its time: the old setting is put back. */
static enum client_status give_up(struct trial *trial, int status)
{
    bool interrupted = status == TRIAL_INTERRUPTED;
    char *said = need_memory(strdup(interrupted ? "interrupted" : client_error(trial->client)));
    enum client_status restored = trial_restore(trial, status);

    say_both(trial, said, restored);
    free(said);
    if (interrupted && !restored) {
        fprintf(stderr, "lariat-ctl: %s\n", client_error(trial->client));
        interrupt_deliver();
    }
    return interrupted ? restored : (enum client_status)status;
}

static int look(struct trial *trial, const struct tuning_plan *plan)
{
    int64_t length_ns = plan->budget_ns / LOOK_PART;
    int status = trial_look(trial, length_ns < LOOK_MAX_NS ? length_ns : LOOK_MAX_NS);

    if (!status && !trial->has_cpu_time && plan->objective != TUNING_LATENCY)
        return (int)client_fail(trial->client, CLIENT_REFUSED,
                                "the CPU time of iothread '%s' is not known: only --objective=latency can be had",
                                trial->id);
    return status;
}

/* After the last slot: the winner's setting, or the old one. *applied: the former. */
static int settle(struct trial *trial, const struct tuning *tuning, const struct tuning_verdict *verdict, bool apply,
                  bool *applied)
{
    *applied = apply && verdict->reason == TUNING_BETTER;
    return (int)(*applied ? trial_set(trial, &tuning->settings[verdict->setting]) : trial_set(trial, &trial->old));
}

static enum client_status tune(struct run *run, const struct ctl_args *args, const struct tuning_plan *plan,
                               struct tuning *tuning)
{
    const struct tuning_runner runner = { run, run_slot, now_ns, show_progress };
    struct trial *trial = &run->trial;
    struct tuning_verdict verdict;
    struct tuning_report report = { .tuning = tuning, .verdict = &verdict, .id = args->words[0] };
    int64_t begin_ns = clock_now_ns();
    int status = look(trial, plan);

    if (!status)
        status = tuning_search(tuning, plan, &runner);
    hide_progress(run);
    tuning_judge(tuning, &verdict);
    if (!status && tuning->n_settings == 1)
        status = (int)client_fail(trial->client, CLIENT_REFUSED, "the only candidate is what iothread '%s' has", trial->id);
    if (!status)
        status = settle(trial, tuning, &verdict, args->apply, &report.applied);
    if (status)
        return give_up(trial, status);
    report.counted = trial->counted;
    report.has_latency = trial->counted == TRIAL_OPS;
    report.seconds = (double)(clock_now_ns() - begin_ns) / 1e9;
    if (args->json)
        print_json(&report);
    else
        tuning_report_print(&report, stdout);
    return CLIENT_OK;
}

enum client_status command_tune(struct client *client, const struct ctl_args *args)
{
    char why[TUNING_ARGS_WHY_MAX];
    struct tuning tuning = { .n_settings = 0 };
    struct tuning_plan plan;
    struct run run = { .shown = false };
    enum client_status status;

    tuning_args_plan(args, &plan, why); /* it was found good when the options were read */
    interrupt_hold();
    status = trial_begin(&run.trial, client, args->words[0], plan.seed);
    if (status)
        return status;
    tuning_add_setting(&tuning, &run.trial.old);
    status = tune(&run, args, &plan, &tuning);
    tuning_free(&tuning);
    return status;
}
