/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "progress.h"
#include "tune_report.h"
#include "units.h"

#define NAME_WIDTH 22

#define HUGE_RATIO 100 /* beyond this nothing is known, and the figure would only be long */

const char *tune_interval_text(char buf[TUNE_INTERVAL_MAX], const struct interval_of_ratio *interval)
{
    if (interval->n < 2)
        return strcpy(buf, "?");
    if (interval->high > HUGE_RATIO)
        snprintf(buf, TUNE_INTERVAL_MAX, "%.2f (%.2f and up)", interval->ratio, interval->low);
    else
        snprintf(buf, TUNE_INTERVAL_MAX, "%.2f (%.2f to %.2f)", interval->ratio, interval->low, interval->high);
    return buf;
}

const char *tune_fault_text(char buf[TUNE_FAULT_MAX], const struct tune *tune, unsigned config)
{
    static const char *const faults[] = { "", "misses its rate", "p99 beyond the limit", "CPU beyond the limit" };
    unsigned scenario = 0;
    enum tune_fault fault = tune_fault(tune, config, &scenario);
    char where[TUNE_SCENARIO_TEXT_MAX];

    buf[0] = '\0';
    if (fault != FAULT_NONE)
        snprintf(buf, TUNE_FAULT_MAX, "%s at %s", faults[fault], tune_scenario_text(where, &tune->scenarios[scenario]));
    return buf;
}

/* ---- what was measured ---- */

static void print_ns(FILE *out, double ns)
{
    char text[UNIT_TEXT_MAX];

    fprintf(out, " %10s", isnan(ns) || ns < 0 ? "-" : format_ns(text, ns));
}

static void print_row(const struct tune_report *report, FILE *out, unsigned config, unsigned scenario)
{
    const struct tune *tune = report->tune;
    enum tune_objective objective = report->options->objective;
    struct interval_of_ratio gain = tune_gain(tune, objective, TUNE_DEFAULT, config, (int)scenario, false, TUNE_CONFIDENCE);
    char name[TUNE_NAME_MAX], iops[UNIT_TEXT_MAX], interval[TUNE_INTERVAL_MAX];
    bool idle = !tune->scenarios[scenario].percent;

    fprintf(out, "  %-*s %9s", NAME_WIDTH, tune_config_name(name, &tune->configs[config]),
            format_count(iops, TUNE_TYPICAL(tune, config, scenario, iops)));
    print_ns(out, TUNE_TYPICAL(tune, config, scenario, latency_ns));
    print_ns(out, TUNE_TYPICAL(tune, config, scenario, p50_ns));
    print_ns(out, idle ? (double)NAN : TUNE_TYPICAL(tune, config, scenario, p99_ns));
    print_ns(out, TUNE_TYPICAL(tune, config, scenario, cpu_ns_per_io));
    fprintf(out, " %6.1f%% %5.0f%%", TUNE_TYPICAL(tune, config, scenario, cpu_percent),
            100 * TUNE_TYPICAL(tune, config, scenario, spin_hit_ratio));
    if (config == TUNE_DEFAULT)
        fputs("   default", out);
    else
        fprintf(out, "   %s", tune_interval_text(interval, &gain));
    if (!tune_cell_is_steady(tune, config, scenario))
        fputs(" ~", out);
    fputc('\n', out);
}

static void print_scenario(const struct tune_report *report, FILE *out, unsigned scenario)
{
    const struct tune *tune = report->tune;
    char text[TUNE_SCENARIO_TEXT_MAX], iops[UNIT_TEXT_MAX];

    fprintf(out, "\n%s", tune_scenario_text(text, &tune->scenarios[scenario]));
    if (tune->scenarios[scenario].iops > 0)
        fprintf(out, " (%s I/Os per second)", format_count(iops, tune->scenarios[scenario].iops));
    fprintf(out, ":\n  %-*s %9s %10s %10s %10s %10s %7s %6s   %s: default over this\n", NAME_WIDTH, "setting", "IOPS",
            "latency", "50 %", "99 %", "CPU/IO", "CPU", "hits", tune_objective_name(report->options->objective));
    for (unsigned i = 0; i < tune->n_finalists; i++)
        if (tune_cell(tune, tune->finalists[i], scenario)->n)
            print_row(report, out, tune->finalists[i], scenario);
}

static void print_front(const struct tune *tune, FILE *out)
{
    fprintf(
        out,
        "\nNone has less p99 or CPU time per I/O than these without more of the other (geometric means over the loads):\n");
    for (unsigned config = 0; config < tune->n_configs; config++) {
        char name[TUNE_NAME_MAX];

        if (!tune_on_front(tune, config))
            continue;
        fprintf(out, "  %-*s", NAME_WIDTH, tune_config_name(name, &tune->configs[config]));
        print_ns(out, TUNE_OVERALL(tune, config, p99_ns));
        print_ns(out, TUNE_OVERALL(tune, config, cpu_ns_per_io));
        fputc('\n', out);
    }
}

static void print_faults(const struct tune *tune, FILE *out)
{
    bool any = false;

    for (unsigned config = 0; config < tune->n_configs; config++) {
        char name[TUNE_NAME_MAX], fault[TUNE_FAULT_MAX];

        if (!tune_fault_text(fault, tune, config)[0])
            continue;
        if (!any)
            fputs("\nNot to be recommended:\n", out);
        any = true;
        fprintf(out, "  %-*s %s\n", NAME_WIDTH, tune_config_name(name, &tune->configs[config]), fault);
    }
}

/* ---- what follows ---- */

static void print_pick(const struct tune_report *report, FILE *out, const struct tune_pick *pick)
{
    const struct tune *tune = report->tune;
    char name[TUNE_NAME_MAX], gain[TUNE_INTERVAL_MAX], latency[TUNE_INTERVAL_MAX], cpu[TUNE_INTERVAL_MAX];

    fprintf(out, "  %-10s %s: %s\n", tune_objective_name(pick->objective),
            tune_config_name(name, &tune->configs[pick->config]), tune_reason_text(pick->reason));
    if (pick->leader != TUNE_DEFAULT && pick->gain.n)
        fprintf(out, "  %-10s   %s is %s times as good; latency %s, CPU per I/O %s\n", "",
                tune_config_name(name, &tune->configs[pick->leader]), tune_interval_text(gain, &pick->gain),
                tune_interval_text(latency, &pick->latency), tune_interval_text(cpu, &pick->cpu));
}

static void print_snippets(const struct tune_report *report, FILE *out)
{
    const struct tune *tune = report->tune;
    const struct tune_pick *pick = tune_main_pick(report);
    char name[TUNE_NAME_MAX], text[TUNE_SNIPPET_MAX];

    fprintf(out, "\nTo have %s:\n", tune_config_name(name, &tune->configs[pick->config]));
    for (unsigned i = 0; i < N_SNIPPETS; i++) {
        enum tune_snippet snippet = (enum tune_snippet)i;
        const struct tune_config *config = &tune->configs[pick->config];

        if (!tune_snippet_knows(snippet, config)) {
            config = &tune->configs[pick->for_qemu];
            if (!tune_snippet_knows(snippet, config))
                continue;
            fprintf(out, "  %s has no policy auto; the best of the others is %s:\n", tune_snippet_title(snippet),
                    tune_config_name(name, config));
        }
        fprintf(out, "  %-18s %s\n", tune_snippet_title(snippet), tune_snippet_text(text, snippet, config));
    }
}

static void print_doubts(const struct tune_report *report, FILE *out)
{
    const struct tune *tune = report->tune;
    const struct tune_verdict *verdict = report->verdict;

    if (tune->n_left_out)
        fputs("\nLeft out, since --budget did not allow for it:\n", out);
    for (unsigned i = 0; i < tune->n_left_out; i++)
        fprintf(out, "  %s\n", tune->left_out[i]);
    if (tune->interrupted)
        fputs("\nInterrupted: this is an early answer.\n", out);
    if (verdict->preliminary)
        fputs("The last stage was not reached: what is said here rests on the runs of the search.\n", out);
    else if (verdict->n_unsteady)
        fprintf(out, "\n%u of %u cells are not steady (~): their last five rounds differ by more than 20 %%, or drift.\n",
                verdict->n_unsteady, verdict->n_cells);
}

void tune_report_text(const struct tune_report *report, FILE *out)
{
    const struct tune *tune = report->tune;
    char took[PROGRESS_TIME_MAX], name[TUNE_NAME_MAX];

    fprintf(out, "%u settings in %u rounds, %s; the default is %s, the objective %s\n", tune->n_configs, tune->n_rounds,
            progress_time(took, report->took_ns / NS_PER_SECOND), tune_config_name(name, &tune->configs[TUNE_DEFAULT]),
            tune_objective_name(report->options->objective));
    for (unsigned i = 0; i < tune->n_scenarios; i++)
        print_scenario(report, out, i);
    print_front(tune, out);
    print_faults(tune, out);
    fprintf(out,
            "\nRecommended, with intervals of 95 %% that hold together for all %u settings compared with the default:\n",
            report->verdict->n_compared);
    for (unsigned i = 0; i < N_OBJECTIVES; i++)
        print_pick(report, out, &report->verdict->picks[i]);
    print_snippets(report, out);
    print_doubts(report, out);
}
