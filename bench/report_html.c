/* SPDX-License-Identifier: MIT */
/*
 * --report: one page that holds all it needs. It is XML as well as HTML, follows the light or dark scheme of its reader, and
 * needs neither a script nor anything from elsewhere.
 */
#include "report_html.h"

#include <errno.h>
#include <inttypes.h>
#include <lariat/version.h>
#include <string.h>

#include "number_text.h"
#include "option_table.h"
#include "report.h"
#include "svg_chart.h"
#include "units.h"

static const char style_sheet[] =
    ":root{color-scheme:light dark}\n"
    "body{font:15px/1.45 system-ui,sans-serif;max-width:1360px;margin:0 auto;padding:1.5em;background:#fcfcfb;color:#1c1c1a}\n"
    "h1{font-size:1.5em}h2{font-size:1.25em;margin-top:2em;border-top:1px solid #d8d7d2;padding-top:1em}\n"
    ".figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:1em 1.5em}\n"
    "figure{margin:0}figcaption{font-weight:600;margin-bottom:.2em}svg{width:100%;height:auto;display:block}\n"
    "table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.5em 0}\n"
    "th,td{text-align:right;white-space:nowrap;padding:.15em .8em .15em 0;border-bottom:1px solid #e4e3de}th:first-child,td:first-child{text-align:left}\n"
    ".scroll{overflow-x:auto}.muted,.label{color:#6b6a64}.label{fill:#6b6a64;font-size:11px}\n"
    ".grid{stroke:#e4e3de}.axis{stroke:#a3a29b;fill:none}.line{fill:none;stroke-width:2;stroke-linejoin:round}\n"
    ".key{font-weight:400;margin-left:.6em;white-space:nowrap}.key::before{content:'\\25A0\\00A0'}\n"
    ".line.s0{stroke:#2a6fd6}.bar.s0{fill:#2a6fd6}.k0::before{color:#2a6fd6}\n"
    ".line.s1{stroke:#d3601b}.bar.s1{fill:#d3601b}.k1::before{color:#d3601b}\n"
    ".line.s2{stroke:#258a5a}.bar.s2{fill:#258a5a}.k2::before{color:#258a5a}\n"
    ".bar.s9{fill:#d8d7d2}.k9::before{color:#c3c2bb}\n"
    "@media (prefers-color-scheme:dark){body{background:#191918;color:#ecebe6}h2{border-color:#3d3c38}\n"
    "th,td{border-color:#33322f}.grid{stroke:#33322f}.axis{stroke:#6b6a64}.muted,.label{color:#a3a29b}.label{fill:#a3a29b}\n"
    ".line.s0{stroke:#6da5f5}.bar.s0{fill:#6da5f5}.k0::before{color:#6da5f5}\n"
    ".line.s1{stroke:#f0894a}.bar.s1{fill:#f0894a}.k1::before{color:#f0894a}\n"
    ".line.s2{stroke:#4fbf88}.bar.s2{fill:#4fbf88}.k2::before{color:#4fbf88}\n"
    ".bar.s9{fill:#3d3c38}.k9::before{color:#6b6a64}}\n";

void html_begin(FILE *out, const char *title, const char *more_style)
{
    fputs(
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>",
        out);
    fprintf(out, "%s</title>\n<style>\n%s%s</style>\n</head>\n<body>\n<h1>%s</h1>\n", title, style_sheet, more_style, title);
}

void html_machine(FILE *out, const struct preflight *preflight, time_t when)
{
    char text[32] = "";

    if (ctime_r(&when, text))
        text[strcspn(text, "\n")] = '\0';
    fprintf(out, "<p class=\"muted\">Lariat %s, %s", LARIAT_VERSION_STRING, text);
    if (preflight->kernel[0]) {
        fputs(", Linux ", out);
        xml_text(out, preflight->kernel);
    }
    if (preflight->cpu[0]) {
        fputs(", ", out);
        xml_text(out, preflight->cpu);
    }
    fputs("</p>\n", out);
}

void html_preflight(FILE *out, const struct preflight *preflight)
{
    if (!preflight->n)
        return;
    fprintf(out, "<details><summary>What was found before the run: %u</summary>\n<ul>\n", preflight->n);
    for (unsigned i = 0; i < preflight->n; i++) {
        fprintf(out, "<li>%s", preflight->list[i].warning ? "<strong>warning</strong>: " : "");
        xml_text(out, preflight->list[i].text);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n</details>\n", out);
}

static void print_cell_ns(FILE *out, double ns)
{
    char text[UNIT_TEXT_MAX];

    fprintf(out, "<td>%s</td>", format_ns(text, ns));
}

static void print_row(FILE *out, const char *name, const struct iostat *stat, const struct direction_figures *d)
{
    static const struct byte_style style = { 4, true, false };
    static const double percentiles[] = { 50, 90, 99, 99.9, 99.99 };
    char iops[NUMBER_TEXT_MAX], rate[NUMBER_TEXT_MAX], bytes[NUMBER_TEXT_MAX];

    if (!stat->ios)
        return;
    fprintf(out, "<tr><td>%s</td><td>%s</td><td>%s</td><td>%s</td>", name, number_text(iops, d->iops, 4, false, ""),
            rate_text(rate, d->bytes_per_second, &style, false), bytes_text(bytes, (double)stat->bytes, &style, false));
    print_cell_ns(out, latency_mean_ns(&stat->lat));
    for (unsigned i = 0; i < sizeof(percentiles) / sizeof(percentiles[0]); i++)
        print_cell_ns(out, (double)lariat_histogram_percentile(&stat->lat.h, percentiles[i]));
    print_cell_ns(out, (double)stat->lat.h.max_ns);
    fputs("</tr>\n", out);
}

static void print_table(FILE *out, const struct entry *entry)
{
    static const char *const names[IO_DIRECTIONS] = { "read", "write", "trim" };

    fputs("<div class=\"scroll\"><table>\n<tr><th></th><th>IOPS</th><th>bandwidth</th><th>amount</th><th>latency: mean</th>"
          "<th>50%</th><th>90%</th><th>99%</th><th>99.9%</th><th>99.99%</th><th>longest</th></tr>\n",
          out);
    for (unsigned kind = 0; kind < IO_DIRECTIONS; kind++)
        print_row(out, names[kind], &entry->stats[kind], &entry->direction[kind]);
    fputs("</table></div>\n", out);
}

static void print_option(void *opaque, const char *name, const char *value)
{
    FILE *out = opaque;

    fputc(' ', out);
    xml_text(out, name);
    fputc('=', out);
    xml_text(out, value);
}

static void print_facts(FILE *out, const struct entry *entry)
{
    char cpu[UNIT_TEXT_MAX], usr[UNIT_TEXT_MAX], sys[UNIT_TEXT_MAX];

    fputs("<p class=\"muted\">", out);
    options_echo(entry->job->options, false, print_option, out);
    fputs("</p>\n<p>", out);
    fprintf(out, "CPU per I/O %s (user %s, system %s), %.3f system calls per I/O, %.1f I/Os per io_uring_enter, depth %.1f",
            format_ns(cpu, entry->cpu_ns_per_io), format_ns(usr, entry->usr_ns_per_io), format_ns(sys, entry->sys_ns_per_io),
            entry->syscalls_per_io, entry->ios_per_enter, entry->depth_mean);
    if (entry->counts.spins)
        fprintf(out, "; of %" PRIu64 " spins %.1f%% found work", entry->counts.spins, 100 * entry->spin_hit_ratio);
    fputs("</p>\n", out);
    if (entry->error) {
        fputs("<p><strong>failed</strong>: ", out);
        xml_text(out, entry->error == EILSEQ ? "verification found wrong data" : strerror(entry->error));
        fputs("</p>\n", out);
    }
}

static void print_entry(FILE *out, const struct entry *entry, const struct intervals *intervals)
{
    fputs("<section>\n<h2>", out);
    xml_text(out, entry->job->options->name);
    if (entry->n_jobs > 1)
        fprintf(out, " <span class=\"muted\">(%u jobs)</span>", entry->n_jobs);
    fputs("</h2>\n", out);
    print_facts(out, entry);
    print_table(out, entry);
    fputs("<div class=\"figures\">\n", out);
    html_percentiles(out, entry);
    html_response(out, entry);
    html_histogram(out, entry);
    html_rates(out, entry, intervals, false);
    html_rates(out, entry, intervals, true);
    html_latency_over_time(out, intervals);
    html_window(out, entry, intervals);
    html_cpu(out, entry);
    fputs("</div>\n</section>\n", out);
}

int report_html(const struct report *report, FILE *out)
{
    const struct observer *observer = &report->run->observer;

    html_begin(out, "lariat-bench", "");
    html_machine(out, &report->run->preflight, report->run->begun.tv_sec);
    html_preflight(out, &report->run->preflight);
    for (unsigned i = 0; i < report->entries.n && i < observer->n_entries; i++)
        print_entry(out, &report->entries.list[i], &observer->intervals[i]);
    fputs("</body>\n</html>\n", out);
    return 0;
}
