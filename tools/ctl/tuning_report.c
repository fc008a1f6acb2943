/* SPDX-License-Identifier: MIT */
#include "tuning_report.h"

#include <inttypes.h>
#include <math.h>

#include "format.h"
#include "report.h"

#define INTERVAL_MAX 64
#define HUGE_RATIO 100 /* beyond this nothing is known, and the figure would only be long */

static const struct report_column columns[] = {
    { "SETTING", false }, { "PER-S", true },  { "LATENCY", true }, { "CPU", true },
    { "HIT", true },      { "SLEEPS", true }, { "GAIN", false },
};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

const char *tuning_command(char buf[TUNING_COMMAND_MAX], const char *id, const struct tune_config *config)
{
    snprintf(buf, TUNING_COMMAND_MAX,
             "lariat-ctl set %s poll-policy=%s poll-max-ns=%" PRId64 " poll-grow=%" PRId64 " poll-shrink=%" PRId64
             " poll-weight=%" PRId64,
             id, tune_policy_name(config->policy), config->max_ns, config->grow, config->shrink, config->weight);
    return buf;
}

bool tuning_was_run(const struct tuning *tuning, unsigned setting)
{
    for (size_t i = 0; i < tuning->n_slots; i++)
        if (tuning->slots[i].setting == setting)
            return true;
    return false;
}

static const char *interval_text(char buf[INTERVAL_MAX], const struct interval_of_ratio *interval)
{
    if (interval->n < 2)
        snprintf(buf, INTERVAL_MAX, "-");
    else if (interval->high > HUGE_RATIO)
        snprintf(buf, INTERVAL_MAX, "%.2f (%.2f and up)", interval->ratio, interval->low);
    else
        snprintf(buf, INTERVAL_MAX, "%.2f (%.2f to %.2f)", interval->ratio, interval->low, interval->high);
    return buf;
}

static void add_row(struct report *table, const struct tuning_report *report, unsigned setting)
{
    const struct tuning *tuning = report->tuning;
    struct interval_of_ratio gain = tuning_gain(tuning, tuning->objective, setting, true, TUNING_CONFIDENCE);
    double latency_ns = report->has_latency ? TUNING_TYPICAL(tuning, setting, latency_ns) : (double)NAN;
    char name[TUNE_NAME_MAX], text[FORMAT_MAX], interval[INTERVAL_MAX];
    bool final = gain.n >= 2;

    if (!final)
        gain = tuning_gain(tuning, tuning->objective, setting, false, TUNING_CONFIDENCE);
    report_add(table, "%s", tune_config_name(name, &tuning->settings[setting]));
    report_add(table, "%s", format_rate(text, TUNING_TYPICAL(tuning, setting, per_second)));
    report_add(table, "%s", format_ns(text, latency_ns));
    report_add(table, "%s", format_ns(text, TUNING_TYPICAL(tuning, setting, cpu_ns)));
    report_add(table, "%s", format_share(text, TUNING_TYPICAL(tuning, setting, hit)));
    report_add(table, "%s", format_mean(text, TUNING_TYPICAL(tuning, setting, sleeps)));
    if (setting == TUNING_OLD)
        report_add(table, "the old setting");
    else if (final)
        report_add(table, "%s", interval_text(interval, &gain));
    else
        report_add(table, "%.2f, not pursued", gain.n ? gain.ratio : (double)NAN);
}

static void print_table(const struct tuning_report *report, FILE *out)
{
    struct report *table = report_new(columns, N_COLUMNS);

    for (unsigned i = 0; i < report->tuning->n_settings; i++)
        if (tuning_was_run(report->tuning, i))
            add_row(table, report, i);
    report_print(table, true, out);
}

static void print_leader(const struct tuning_report *report, FILE *out)
{
    const struct tuning_verdict *verdict = report->verdict;
    char name[TUNE_NAME_MAX], gain[INTERVAL_MAX], latency[INTERVAL_MAX], cpu[INTERVAL_MAX];

    if (verdict->leader == TUNING_OLD)
        return;
    fprintf(out, "%s is %s times as good: %s %s, CPU time %s (95 %% intervals that hold together)\n",
            tune_config_name(name, &report->tuning->settings[verdict->leader]), interval_text(gain, &verdict->gain),
            report->has_latency ? "latency" : "rate", interval_text(latency, &verdict->latency),
            interval_text(cpu, &verdict->cpu));
}

static void print_verdict(const struct tuning_report *report, FILE *out)
{
    const struct tuning *tuning = report->tuning;
    const struct tune_config *config = &tuning->settings[report->verdict->setting];
    char name[TUNE_NAME_MAX], command[TUNING_COMMAND_MAX];

    switch (report->verdict->reason) {
    case TUNING_BETTER:
        fprintf(out, report->applied ? "%s is now in force. To have it again:\n" : "To have %s:\n",
                tune_config_name(name, config));
        break;
    case TUNING_SAME:
        fprintf(out, "No significant difference: keep %s, which is in force:\n", tune_config_name(name, config));
        break;
    case TUNING_TOO_LITTLE:
        fprintf(out, "Too little was completed to tell: keep %s, which is in force:\n", tune_config_name(name, config));
        break;
    }
    fprintf(out, "  %s\n", tuning_command(command, report->id, config));
}

void tuning_report_print(const struct tuning_report *report, FILE *out)
{
    const struct tuning *tuning = report->tuning;

    fprintf(out, "%s: %u rounds in %.1f s, by %s; counted: %s\n", report->id, tuning->n_rounds, report->seconds,
            tuning_objective_name(tuning->objective), report->counted);
    print_table(report, out);
    if (tuning->n_left_out)
        fprintf(out, "Left out, since --budget did not allow for them: %u settings\n", tuning->n_left_out);
    fputc('\n', out);
    print_leader(report, out);
    print_verdict(report, out);
}
