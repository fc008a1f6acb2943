/* SPDX-License-Identifier: MIT */
/* A page that holds all it needs: well-formed as XML too, light or dark as its reader has it, without scripts. */
#include "tune_html.h"

#include <inttypes.h>
#include <math.h>
#include <time.h>

#include "progress.h"
#include "report_html.h"
#include "svg_chart.h"
#include "units.h"

static const char style_sheet[] =
    ".dot.s0{fill:#2a6fd6}.dot.s1{fill:#d3601b}.dot.s2{fill:#258a5a}.ring{fill:none;stroke:currentColor;stroke-width:1.5}\n"
    ".line.s3{stroke:#8a4fbf}.dot.s3{fill:#8a4fbf}.k3::before{color:#8a4fbf}\n"
    ".line.s4{stroke:#a3861a}.dot.s4{fill:#a3861a}.k4::before{color:#a3861a}\n"
    ".line.s5{stroke:#c2487f}.dot.s5{fill:#c2487f}.k5::before{color:#c2487f}\n"
    ".value{fill:currentColor;font-size:11px}pre{overflow-x:auto;background:#f1f0ec;padding:.5em .8em;margin:.2em 0 .8em}\n"
    ".picked td{font-weight:600}\n"
    "@media (prefers-color-scheme:dark){.dot.s0{fill:#6da5f5}.dot.s1{fill:#f0894a}.dot.s2{fill:#4fbf88}pre{background:#262624}\n"
    ".line.s3{stroke:#b78ae6}.dot.s3{fill:#b78ae6}.k3::before{color:#b78ae6}\n"
    ".line.s4{stroke:#d1b54a}.dot.s4{fill:#d1b54a}.k4::before{color:#d1b54a}\n"
    ".line.s5{stroke:#e883b0}.dot.s5{fill:#e883b0}.k5::before{color:#e883b0}}\n";

static void print_text_cell(FILE *out, const char *text)
{
    fputs("<td>", out);
    xml_text(out, text);
    fputs("</td>", out);
}

static void print_interval_cell(FILE *out, const struct interval_of_ratio *interval)
{
    char text[TUNE_INTERVAL_MAX];

    print_text_cell(out, tune_interval_text(text, interval));
}

static void print_ns_cell(FILE *out, double ns)
{
    char text[UNIT_TEXT_MAX];

    print_text_cell(out, isfinite(ns) ? format_ns(text, ns) : "-");
}

/* ---- the verdict ---- */

static void print_picks(const struct tune_report *report, FILE *out)
{
    const struct tune *tune = report->tune;
    char name[TUNE_NAME_MAX];

    fputs(
        "<h2>Recommended</h2>\n<div class=\"scroll\"><table>\n<tr><th>objective</th><th>setting</th><th></th><th>the best of those "
        "compared</th><th>times as good</th><th>latency</th><th>CPU per I/O</th></tr>\n",
        out);
    for (unsigned i = 0; i < N_OBJECTIVES; i++) {
        const struct tune_pick *pick = &report->verdict->picks[i];

        fprintf(out, "<tr%s>", pick == tune_main_pick(report) ? " class=\"picked\"" : "");
        print_text_cell(out, tune_objective_name(pick->objective));
        print_text_cell(out, tune_config_name(name, &tune->configs[pick->config]));
        print_text_cell(out, tune_reason_text(pick->reason));
        print_text_cell(out, tune_config_name(name, &tune->configs[pick->leader]));
        print_interval_cell(out, &pick->gain);
        print_interval_cell(out, &pick->latency);
        print_interval_cell(out, &pick->cpu);
        fputs("</tr>\n", out);
    }
    fprintf(
        out,
        "</table></div>\n<p class=\"muted\">Cost of the default over that of the best of those compared, more than 1 is better; "
        "the intervals of 95 %% hold together for all %u settings compared with the default, which is ",
        report->verdict->n_compared);
    xml_text(out, tune_config_name(name, &tune->configs[TUNE_DEFAULT]));
    fputs(".</p>\n", out);
}

static void print_snippets(const struct tune_report *report, FILE *out)
{
    const struct tune *tune = report->tune;
    const struct tune_pick *pick = tune_main_pick(report);
    char text[TUNE_SNIPPET_MAX], name[TUNE_NAME_MAX];

    for (unsigned i = 0; i < N_SNIPPETS; i++) {
        enum tune_snippet snippet = (enum tune_snippet)i;
        bool known = tune_snippet_knows(snippet, &tune->configs[pick->config]);
        const struct tune_config *config = &tune->configs[known ? pick->config : pick->for_qemu];

        if (!tune_snippet_knows(snippet, config))
            continue;
        fputs(tune_snippet_title(snippet), out);
        if (!known) {
            fputs(", which has no policy auto; the best of the others is ", out);
            xml_text(out, tune_config_name(name, config));
        }
        fputs("<pre>", out);
        xml_text(out, tune_snippet_text(text, snippet, config));
        fputs("</pre>\n", out);
    }
}

static void print_doubts(const struct tune_report *report, FILE *out)
{
    const struct tune *tune = report->tune;

    if (tune->interrupted)
        fputs("<p><strong>Interrupted</strong>: this is an early answer.</p>\n", out);
    if (report->verdict->preliminary)
        fputs("<p>The last stage was not reached: all rests on the runs of the search.</p>\n", out);
    else if (report->verdict->n_unsteady)
        fprintf(out,
                "<p>%u of %u cells are not steady (~): their last five rounds differ by more than 20 %%, or drift.</p>\n",
                report->verdict->n_unsteady, report->verdict->n_cells);
    if (!tune->n_left_out)
        return;
    fputs("<p>Left out, since the budget did not allow for it:</p>\n<ul>\n", out);
    for (unsigned i = 0; i < tune->n_left_out; i++) {
        fputs("<li>", out);
        xml_text(out, tune->left_out[i]);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n", out);
}

/* ---- all cells ---- */

static void print_row(const struct tune_report *report, FILE *out, unsigned config, unsigned s)
{
    const struct tune *tune = report->tune;
    struct interval_of_ratio gain =
        tune_gain(tune, report->options->objective, TUNE_DEFAULT, config, (int)s, false, TUNE_CONFIDENCE);
    char name[TUNE_NAME_MAX], iops[UNIT_TEXT_MAX];

    fprintf(out, "<tr%s>", config == tune_main_pick(report)->config ? " class=\"picked\"" : "");
    print_text_cell(out, tune_config_name(name, &tune->configs[config]));
    fprintf(out, "<td>%u%s</td>", tune_cell(tune, config, s)->n, tune_cell_is_steady(tune, config, s) ? "" : " ~");
    print_text_cell(out, format_count(iops, TUNE_TYPICAL(tune, config, s, iops)));
    print_ns_cell(out, TUNE_TYPICAL(tune, config, s, latency_ns));
    print_ns_cell(out, TUNE_TYPICAL(tune, config, s, p50_ns));
    print_ns_cell(out, TUNE_TYPICAL(tune, config, s, p99_ns));
    print_ns_cell(out, TUNE_TYPICAL(tune, config, s, cpu_ns_per_io));
    fprintf(out, "<td>%.1f%%</td><td>%.0f%%</td>", TUNE_TYPICAL(tune, config, s, cpu_percent),
            100 * TUNE_TYPICAL(tune, config, s, spin_hit_ratio));
    print_interval_cell(out, &gain);
    fputs("</tr>\n", out);
}

static void print_cells(const struct tune_report *report, FILE *out)
{
    const struct tune *tune = report->tune;
    char text[TUNE_SCENARIO_TEXT_MAX];

    fputs(
        "<h2>All that was run</h2>\n<p class=\"muted\">Medians. Latency: the mean of all but the slowest 1 %; at paced loads from when "
        "the I/O was meant to start.</p>\n",
        out);
    for (unsigned s = 0; s < tune->n_scenarios; s++) {
        fprintf(out,
                "<details><summary>%s</summary><div class=\"scroll\"><table>\n<tr><th>setting</th><th>runs</th><th>IOPS</th>"
                "<th>latency</th><th>50 %%</th><th>99 %%</th><th>CPU per I/O</th><th>CPU</th><th>spins that found work</th>"
                "<th>%s: default over this</th></tr>\n",
                tune_scenario_text(text, &tune->scenarios[s]), tune_objective_name(report->options->objective));
        for (unsigned config = 0; config < tune->n_configs; config++)
            if (tune_cell(tune, config, s)->n)
                print_row(report, out, config, s);
        fputs("</table></div></details>\n", out);
    }
}

/* ---- the page ---- */

static void print_option(void *opaque, const char *name, const char *value)
{
    FILE *out = opaque;

    fputc(' ', out);
    xml_text(out, name);
    fputc('=', out);
    xml_text(out, value);
}

static void print_workload(const struct tune_report *report, FILE *out)
{
    const struct bench_options *w = &report->options->workload;
    char took[PROGRESS_TIME_MAX];

    for (size_t i = 0; i < w->n_jobs; i++) {
        fputs("<p class=\"muted\"><strong>", out);
        xml_text(out, w->jobs[i].name);
        fputs("</strong>", out);
        options_echo_parsed(&w->jobs[i], print_option, out);
        fputs("</p>\n", out);
    }
    fprintf(out, "<p>%u settings in %u rounds, %s; the objective is %s.</p>\n", report->tune->n_configs,
            report->tune->n_rounds, progress_time(took, report->took_ns / NS_PER_SECOND),
            tune_objective_name(report->options->objective));
}

void tune_report_html(const struct tune_report *report, FILE *out)
{
    const struct tune *tune = report->tune;

    html_begin(out, "lariat-bench tune", style_sheet);
    html_machine(out, report->preflight, time(NULL));
    print_workload(report, out);
    html_preflight(out, report->preflight);
    print_picks(report, out);
    print_snippets(report, out);
    print_doubts(report, out);
    fputs("<h2>Pictures</h2>\n<div class=\"figures\">\n", out);
    for (unsigned i = 0; i < report->options->n_depths; i++)
        tune_html_response(report, out, report->options->depths[i]);
    tune_html_pareto(report, out);
    for (unsigned policy = LARIAT_POLL_CLASSIC; policy <= LARIAT_POLL_WEIGHTED; policy++) {
        tune_html_map(report, out, (enum lariat_poll_policy)policy, false);
        tune_html_map(report, out, (enum lariat_poll_policy)policy, true);
    }
    for (unsigned i = 0; i < tune->n_scenarios; i++)
        if (tune->scenarios[i].percent == 100 || (tune->scenarios[i].percent && report->options->n_loads == 1))
            tune_html_percentiles(report, out, i);
    fputs("</div>\n", out);
    print_cells(report, out);
    fputs("</body>\n</html>\n", out);
}
