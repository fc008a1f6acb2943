/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <lariat/version.h>
#include <math.h>
#include <string.h>

#include "json_build.h"
#include "tune_report.h"

static void set_setting(struct builder *b, json_t *object, const char *key, const struct tune *tune, unsigned config)
{
    char name[TUNE_NAME_MAX];

    build_text(b, object, key, tune_config_name(name, &tune->configs[config]));
}

/* What cannot be told, and what is infinite, is null. */
static json_t *number_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *interval_json(struct builder *b, const struct interval_of_ratio *interval)
{
    json_t *object = build_object(b);

    build_set(b, object, "ratio", number_json(interval->ratio));
    build_set(b, object, "low", number_json(interval->low));
    build_set(b, object, "high", number_json(interval->high));
    build_int(b, object, "rounds", interval->n);
    return object;
}

/* ---- what was asked for ---- */

struct echo {
    struct builder *b;
    json_t *object;
};

static void echo_option(void *opaque, const char *name, const char *value)
{
    struct echo *echo = opaque;

    build_text(echo->b, echo->object, name, value);
}

static json_t *workload_json(struct builder *b, const struct bench_options *workload)
{
    json_t *jobs = build_array(b);

    for (size_t i = 0; i < workload->n_jobs; i++) {
        struct echo echo = { b, build_append(b, jobs, build_object(b)) };

        build_text(b, echo.object, "name", workload->jobs[i].name);
        options_echo_parsed(&workload->jobs[i], echo_option, &echo);
    }
    return jobs;
}

static json_t *asked_json(struct builder *b, const struct tune_report *report)
{
    const struct tune_options *o = report->options;
    json_t *object = build_object(b);

    build_text(b, object, "objective", tune_objective_name(o->objective));
    build_int(b, object, "budget_ns", (uint64_t)o->budget_ns);
    build_int(b, object, "repeats", o->repeats);
    build_int(b, object, "seed", o->seed);
    build_set(b, object, "p99_limit_ns", o->p99_limit_ns ? json_integer(o->p99_limit_ns) : json_null());
    build_set(b, object, "cpu_limit_percent", o->cpu_limit_percent > 0 ? json_real(o->cpu_limit_percent) : json_null());
    build_set(b, object, "workload", workload_json(b, &o->workload));
    return object;
}

static json_t *machine_json(struct builder *b, const struct preflight *preflight)
{
    json_t *object = build_object(b), *findings;

    build_text(b, object, "kernel", preflight->kernel);
    build_text(b, object, "cpu", preflight->cpu);
    findings = build_set(b, object, "findings", build_array(b));
    for (unsigned i = 0; i < preflight->n; i++) {
        json_t *finding = build_append(b, findings, build_object(b));

        build_bool(b, finding, "warning", preflight->list[i].warning);
        build_text(b, finding, "check", preflight->list[i].check);
        build_text(b, finding, "text", preflight->list[i].text);
    }
    return object;
}

/* ---- what was measured ---- */

static json_t *cell_json(struct builder *b, const struct tune *tune, unsigned config, unsigned scenario)
{
    const struct tune_cell *cell = tune_cell(tune, config, scenario);
    json_t *object = build_object(b), *gains = NULL;
    unsigned missed = 0;

    set_setting(b, object, "setting", tune, config);
    build_int(b, object, "depth", tune->scenarios[scenario].depth);
    build_int(b, object, "load_percent", tune->scenarios[scenario].percent);
    build_int(b, object, "samples", cell->n);
    for (unsigned i = 0; i < cell->n; i++)
        missed += cell->samples[i].missed;
    build_int(b, object, "missed_rate", missed);
    build_bool(b, object, "steady", tune_cell_is_steady(tune, config, scenario));
    for (const struct tune_field *f = tune_fields; f->name; f++)
        build_set(b, object, f->name, number_json(tune_typical(tune, config, scenario, f->offset)));
    gains = build_set(b, object, "default_over_this", build_object(b));
    for (unsigned i = 0; i < N_OBJECTIVES; i++) {
        enum tune_objective objective = (enum tune_objective)i;
        struct interval_of_ratio gain =
            tune_gain(tune, objective, TUNE_DEFAULT, config, (int)scenario, false, TUNE_CONFIDENCE);

        build_set(b, gains, tune_objective_name(objective), interval_json(b, &gain));
    }
    return object;
}

static json_t *settings_json(struct builder *b, const struct tune *tune)
{
    json_t *settings = build_array(b);

    for (unsigned config = 0; config < tune->n_configs; config++) {
        json_t *object = build_append(b, settings, build_object(b)), *gains;
        char fault[TUNE_FAULT_MAX];
        bool is_finalist = false;

        for (unsigned i = 0; i < tune->n_finalists; i++)
            is_finalist |= tune->finalists[i] == config;
        set_setting(b, object, "setting", tune, config);
        build_bool(b, object, "finalist", is_finalist);
        build_bool(b, object, "on_front", tune_on_front(tune, config));
        build_text(b, object, "fault", tune_fault_text(fault, tune, config));
        build_set(b, object, "p99_ns", number_json(TUNE_OVERALL(tune, config, p99_ns)));
        build_set(b, object, "cpu_ns_per_io", number_json(TUNE_OVERALL(tune, config, cpu_ns_per_io)));
        gains = build_set(b, object, "default_over_this", build_object(b));
        for (unsigned i = 0; i < N_OBJECTIVES; i++) {
            enum tune_objective objective = (enum tune_objective)i;
            struct interval_of_ratio gain =
                tune_gain(tune, objective, TUNE_DEFAULT, config, -1, is_finalist, TUNE_CONFIDENCE);

            build_set(b, gains, tune_objective_name(objective), interval_json(b, &gain));
        }
    }
    return settings;
}

static json_t *scenarios_json(struct builder *b, const struct tune *tune)
{
    json_t *scenarios = build_array(b);

    for (unsigned i = 0; i < tune->n_scenarios; i++) {
        const struct tune_scenario *scenario = &tune->scenarios[i];
        json_t *object = build_append(b, scenarios, build_object(b));

        build_int(b, object, "depth", scenario->depth);
        build_int(b, object, "load_percent", scenario->percent);
        build_set(b, object, "target_iops", scenario->iops > 0 ? json_real(scenario->iops) : json_null());
    }
    return scenarios;
}

static json_t *cells_json(struct builder *b, const struct tune *tune)
{
    json_t *cells = build_array(b);

    for (unsigned config = 0; config < tune->n_configs; config++)
        for (unsigned s = 0; s < tune->n_scenarios; s++)
            if (tune_cell(tune, config, s)->n)
                build_append(b, cells, cell_json(b, tune, config, s));
    return cells;
}

/* ---- what follows ---- */

static json_t *snippets_json(struct builder *b, const struct tune *tune, const struct tune_pick *pick)
{
    json_t *object = build_object(b);
    char text[TUNE_SNIPPET_MAX];

    for (unsigned i = 0; i < N_SNIPPETS; i++) {
        enum tune_snippet snippet = (enum tune_snippet)i;
        const struct tune_config *config = &tune->configs[pick->config];

        if (!tune_snippet_knows(snippet, config))
            config = &tune->configs[pick->for_qemu];
        if (tune_snippet_knows(snippet, config))
            build_text(b, object, tune_snippet_key(snippet), tune_snippet_text(text, snippet, config));
    }
    return object;
}

static json_t *picks_json(struct builder *b, const struct tune_report *report)
{
    json_t *picks = build_object(b);

    for (unsigned i = 0; i < N_OBJECTIVES; i++) {
        const struct tune_pick *pick = &report->verdict->picks[i];
        json_t *object = build_set(b, picks, tune_objective_name(pick->objective), build_object(b));

        set_setting(b, object, "setting", report->tune, pick->config);
        build_text(b, object, "reason", tune_reason_key(pick->reason));
        set_setting(b, object, "leader", report->tune, pick->leader);
        build_set(b, object, "gain", interval_json(b, &pick->gain));
        build_set(b, object, "gain_latency", interval_json(b, &pick->latency));
        build_set(b, object, "gain_cpu", interval_json(b, &pick->cpu));
        build_set(b, object, "paste", snippets_json(b, report->tune, pick));
    }
    return picks;
}

int tune_report_json(const struct tune_report *report, FILE *out)
{
    const struct tune *tune = report->tune;
    struct builder b = { false };
    json_t *root = build_object(&b), *left_out;

    build_text(&b, root, "lariat version", LARIAT_VERSION_STRING);
    build_set(&b, root, "asked", asked_json(&b, report));
    build_set(&b, root, "machine", machine_json(&b, report->preflight));
    build_int(&b, root, "took_ns", (uint64_t)report->took_ns);
    build_int(&b, root, "rounds", tune->n_rounds);
    set_setting(&b, root, "default", tune, TUNE_DEFAULT);
    build_set(&b, root, "recommended", picks_json(&b, report));
    build_bool(&b, root, "interrupted", tune->interrupted);
    build_bool(&b, root, "preliminary", report->verdict->preliminary);
    build_int(&b, root, "cells_not_steady", report->verdict->n_unsteady);
    left_out = build_set(&b, root, "left_out", build_array(&b));
    for (unsigned i = 0; i < tune->n_left_out; i++)
        build_append(&b, left_out, json_string(tune->left_out[i]));
    build_set(&b, root, "scenarios", scenarios_json(&b, tune));
    build_set(&b, root, "settings", settings_json(&b, tune));
    build_set(&b, root, "cells", cells_json(&b, tune));
    if (!b.failed) {
        json_dumpf(root, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9)); /* errors stay with the stream */
        fputc('\n', out);
    }
    json_decref(root);
    return b.failed ? -ENOMEM : 0;
}
