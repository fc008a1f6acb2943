/* SPDX-License-Identifier: MIT */
#include "config.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <lariat/version.h>

#ifdef HAVE_LIBUV
#include <uv.h>
#endif
#ifdef HAVE_LIBEV
#include <ev.h>
#endif
#ifdef HAVE_GLIB
#include <glib.h>
#endif

#include "microbench_report.h"

/* Each row begins with what the measure and metric are, so that grep finds everything of one line. */
enum { WIDTH_MEASURE = 30, WIDTH_CASE = 24 };

static json_t *peer_versions(void)
{
    json_t *versions = json_object();

#ifdef HAVE_LIBUV
    json_object_set_new(versions, "libuv", json_string(uv_version_string()));
#endif
#ifdef HAVE_LIBEV
    json_object_set_new(versions, "libev", json_sprintf("%d.%d", ev_version_major(), ev_version_minor()));
#endif
#ifdef HAVE_GLIB
    json_object_set_new(versions, "GLib",
                        json_sprintf("%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version));
#endif
    return versions;
}

void mb_table_head(FILE *out, const struct mb_env *env, unsigned rounds)
{
    json_t *versions = peer_versions();
    const char *name;
    json_t *version;

    fprintf(out, "lariat-microbench %s, beside:", LARIAT_VERSION_STRING);
    json_object_foreach(versions, name, version)
    {
        fprintf(out, " %s %s", name, json_string_value(version));
    }
    json_decref(versions);
    fprintf(out,
            "\n%u rounds alternated, CPUs %d and %d, length x %g. ratio = lariat (first row of a measure) / this row.\n\n",
            rounds, env->cpu[0], env->cpu[1], env->scale);
    fprintf(out, "%-*s %-*s %10s  %-23s %-8s %6s  %s\n", WIDTH_MEASURE, "measure", WIDTH_CASE, "candidate", "median",
            "[min..max]", "unit", "ratio", "target");
}

/* CPU time used so far, in seconds: by everybody (stolen time is others'), and by this process and its children. */
struct cpu_use {
    double everybody;
    double ours;
    double capacity;
};

static double seconds(const struct timeval *time)
{
    return (double)time->tv_sec + (double)time->tv_usec * 1e-6;
}

static struct cpu_use cpu_use_now(void)
{
    static const int who[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
    struct cpu_use use = { 0, 0, 0 };
    double ticks[8] = { 0 }; /* user nice system idle iowait irq softirq steal */
    double hz = (double)sysconf(_SC_CLK_TCK);
    FILE *file = fopen("/proc/stat", "re");

    if (!file)
        return use;
    if (fscanf(file, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &ticks[0], &ticks[1], &ticks[2], &ticks[3], &ticks[4], &ticks[5],
               &ticks[6], &ticks[7]) == 8)
        for (int i = 0; i < 8; i++) {
            use.capacity += ticks[i] / hz;
            use.everybody += i == 3 || i == 4 ? 0 : ticks[i] / hz;
        }
    fclose(file);
    for (size_t i = 0; i < MB_COUNT(who); i++) {
        struct rusage rusage;

        if (!getrusage(who[i], &rusage))
            use.ours += seconds(&rusage.ru_utime) + seconds(&rusage.ru_stime);
    }
    return use;
}

double mb_others_cpu_percent(void)
{
    static struct cpu_use first;
    struct cpu_use now = cpu_use_now();
    double others;

    if (first.capacity == 0)
        first = now;
    others = now.everybody - first.everybody - (now.ours - first.ours);
    return now.capacity > first.capacity && others > 0 ? others / (now.capacity - first.capacity) * 100 : 0;
}

void mb_table_foot(FILE *out)
{
    double others = mb_others_cpu_percent();

    fprintf(out, "\nOthers took %.1f %% of all CPU time meanwhile.%s\n", others,
            others > 5 ? " That is too much: the figures of several threads mean little." : "");
}

/* Three digits that mean something, never an exponent. */
static const char *format_value(char *buffer, size_t size, double value)
{
    double size_of_it = fabs(value);
    int decimals = size_of_it >= 1000 ? 0 : size_of_it >= 100 ? 1 : size_of_it >= 1 ? 2 : size_of_it >= 0.01 ? 3 : 5;

    if (value == 0)
        decimals = 0;
    snprintf(buffer, size, "%.*f", decimals, value);
    return buffer;
}

static void format_target(char *buffer, size_t size, const struct mb_figure *figure)
{
    const struct mb_target *target = &figure->target;

    *buffer = '\0';
    if (figure->has_target)
        snprintf(buffer, size, "%s %g%s: %s", target->at_least ? ">=" : "<=", target->limit,
                 target->reference && !strcmp(target->reference, MB_BEST_LIBRARY) ? " (best library)" : "",
                 figure->target_met ? "met" : "missed");
}

static void table_row(FILE *out, const char *measure, const char *candidate, const char *unit,
                      const struct mb_figure *figure)
{
    char median[32];
    char min[32];
    char max[32];
    char spread[80];
    char ratio[32] = "";
    char target[64];

    format_value(median, sizeof median, figure->median);
    snprintf(spread, sizeof spread, "[%s..%s]", format_value(min, sizeof min, figure->min),
             format_value(max, sizeof max, figure->max));
    if (figure->ratio > 0)
        snprintf(ratio, sizeof ratio, figure->ratio < 0.1 ? "%.4f" : "%.2f", figure->ratio);
    format_target(target, sizeof target, figure);
    fprintf(out, "%-*s %-*s %10s  %-23s ", WIDTH_MEASURE, measure, WIDTH_CASE, candidate, median, spread);
    if (*target)
        fprintf(out, "%-8s %6s  %s\n", unit, ratio, target);
    else if (*ratio)
        fprintf(out, "%-8s %6s\n", unit, ratio);
    else
        fprintf(out, "%s\n", unit);
}

void mb_table_measure(FILE *out, const struct mb_result *result)
{
    const struct mb_measure *measure = result->measure;

    fprintf(out, "-- %s", measure->what);
    if (result->word.n_values)
        fprintf(out, " (a word there and back: %.0f [%.0f..%.0f] ns)", result->word.median, result->word.min,
                result->word.max);
    fputc('\n', out);
    for (size_t m = 0; m < measure->n_metrics; m++) {
        const struct mb_metric *metric = &measure->metrics[m];
        char name[64];

        snprintf(name, sizeof name, "%s%s%s", measure->name, metric->name ? ": " : "", metric->name ? metric->name : "");
        for (size_t i = 0; i < measure->n_cases; i++) {
            if (result->errors[i])
                fprintf(out, "%-*s %-*s failed: %s\n", WIDTH_MEASURE, name, WIDTH_CASE, measure->cases[i].name,
                        strerror(-result->errors[i]));
            else
                table_row(out, name, measure->cases[i].name, metric->unit, mb_result_figure(result, i, m));
        }
    }
    fflush(out);
}

json_t *mb_json_head(const struct mb_env *env, unsigned rounds)
{
    struct utsname host;

    memset(&host, 0, sizeof host);
    uname(&host);
    return json_pack("{s:s, s:s, s:s, s:i, s:f, s:[i,i], s:o}", "program", "lariat-microbench", "version",
                     LARIAT_VERSION_STRING, "kernel", host.release, "rounds", (int)rounds, "scale", env->scale, "cpus",
                     env->cpu[0], env->cpu[1], "libraries", peer_versions());
}

static json_t *json_figure(const struct mb_figure *figure, const struct mb_metric *metric)
{
    json_t *object = json_pack("{s:s?, s:s, s:f, s:f, s:f}", "metric", metric->name, "unit", metric->unit, "median",
                               figure->median, "min", figure->min, "max", figure->max);
    json_t *values = json_array();

    for (size_t i = 0; i < figure->n_values; i++)
        json_array_append_new(values, json_real(figure->values[i]));
    json_object_set_new(object, "values", values);
    if (figure->ratio > 0)
        json_object_set_new(object, "ratio", json_real(figure->ratio));
    if (figure->has_target)
        json_object_set_new(object, "target",
                            json_pack("{s:s, s:f, s:b}", "relation", figure->target.at_least ? ">=" : "<=", "limit",
                                      figure->target.limit, "met", figure->target_met));
    return object;
}

static const char *kind_name(enum mb_kind kind)
{
    switch (kind) {
    case MB_LARIAT: return "lariat";
    case MB_LIBRARY: return "library";
    case MB_FLOOR: break;
    }
    return "floor";
}

static json_t *json_candidate(const struct mb_result *result, size_t i)
{
    const struct mb_measure *measure = result->measure;
    const struct mb_case *candidate = &measure->cases[i];
    json_t *object = json_pack("{s:s, s:s}", "name", candidate->name, "kind", kind_name(candidate->kind));
    json_t *figures = json_array();

    if (result->errors[i])
        json_object_set_new(object, "error", json_string(strerror(-result->errors[i])));
    for (size_t m = 0; m < measure->n_metrics && !result->errors[i]; m++)
        json_array_append_new(figures, json_figure(mb_result_figure(result, i, m), &measure->metrics[m]));
    json_object_set_new(object, "figures", figures);
    return object;
}

json_t *mb_json_measure(const struct mb_result *result)
{
    static const struct mb_metric word = { NULL, "ns" };
    const struct mb_measure *measure = result->measure;
    json_t *candidates = json_array();
    json_t *object;

    for (size_t i = 0; i < measure->n_cases; i++)
        json_array_append_new(candidates, json_candidate(result, i));
    object = json_pack("{s:s, s:s, s:o}", "name", measure->name, "what", measure->what, "candidates", candidates);
    if (result->word.n_values)
        json_object_set_new(object, "word_round_trip", json_figure(&result->word, &word));
    return object;
}
