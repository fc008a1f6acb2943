/* SPDX-License-Identifier: MIT */
#include "tune_config.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "units.h"

static const char *const policy_names[] = { "classic", "weighted", "auto" };
#define N_POLICIES (sizeof(policy_names) / sizeof(policy_names[0]))
#define PARTS_MAX 5
#define PART_MAX 32

struct tune_config tune_config_of(enum lariat_poll_policy policy, int64_t max_ns)
{
    struct lariat_poll_params params;

    lariat_poll_params_init(&params, policy);
    return (struct tune_config){ policy, max_ns < 0 ? params.max_ns : max_ns, params.grow, params.shrink, params.weight };
}

struct tune_config tune_config_off(void)
{
    return tune_config_of(LARIAT_POLL_CLASSIC, 0);
}

/* What stands for a value that is its policy's default, and 0 for what a policy does not look at. */
static struct tune_config effective(const struct tune_config *config)
{
    struct tune_config e = *config;

    if (!e.max_ns)
        return tune_config_off();
    if (e.policy == LARIAT_POLL_AUTO)
        e.grow = e.shrink = 0;
    else if (!e.grow)
        e.grow = 2;
    if (e.policy == LARIAT_POLL_WEIGHTED && !e.shrink)
        e.shrink = 2;
    if (e.policy != LARIAT_POLL_WEIGHTED)
        e.weight = 0;
    else if (!e.weight)
        e.weight = 3;
    return e;
}

const char *tune_policy_name(enum lariat_poll_policy policy)
{
    return policy_names[policy];
}

bool tune_config_same(const struct tune_config *a, const struct tune_config *b)
{
    struct tune_config x = effective(a), y = effective(b);

    return x.policy == y.policy && x.max_ns == y.max_ns && x.grow == y.grow && x.shrink == y.shrink && x.weight == y.weight;
}

/* ---- its name ---- */

static void time_name(char buf[PART_MAX], int64_t ns)
{
    if (ns && ns % NS_PER_MS == 0)
        snprintf(buf, PART_MAX, "%" PRId64 "ms", ns / NS_PER_MS);
    else if (ns && ns % NS_PER_US == 0)
        snprintf(buf, PART_MAX, "%" PRId64 "us", ns / NS_PER_US);
    else
        snprintf(buf, PART_MAX, "%" PRId64 "ns", ns);
}

const char *tune_config_name(char buf[TUNE_NAME_MAX], const struct tune_config *config)
{
    char max[PART_MAX];
    bool has_weight = config->policy == LARIAT_POLL_WEIGHTED && config->weight;
    bool has_factors = config->policy != LARIAT_POLL_AUTO && (config->grow || config->shrink);
    int n;

    if (!config->max_ns)
        return strcpy(buf, "off");
    time_name(max, config->max_ns);
    n = snprintf(buf, TUNE_NAME_MAX, "%s/%s", policy_names[config->policy], max);
    if (has_factors || has_weight)
        n += snprintf(buf + n, (size_t)(TUNE_NAME_MAX - n), "/%" PRId64 "/%" PRId64, config->grow, config->shrink);
    if (has_weight)
        snprintf(buf + n, (size_t)(TUNE_NAME_MAX - n), "/%" PRId64, config->weight);
    return buf;
}

static bool parse_policy(const char *text, enum lariat_poll_policy *policy)
{
    for (size_t i = 0; i < N_POLICIES; i++)
        if (strcmp(policy_names[i], text) == 0) {
            *policy = (enum lariat_poll_policy)i;
            return true;
        }
    return false;
}

/* Cut at each '/'. How many parts; 0: there are too many, or one is empty or too long. */
static unsigned cut(const char *text, size_t n, char parts[PARTS_MAX][PART_MAX])
{
    unsigned count = 0;

    for (size_t from = 0; from <= n; count++) {
        const char *slash = memchr(text + from, '/', n - from);
        size_t length = slash ? (size_t)(slash - text) - from : n - from;

        if (count == PARTS_MAX || !length || length >= PART_MAX)
            return 0;
        memcpy(parts[count], text + from, length);
        parts[count][length] = '\0';
        from += length + 1;
    }
    return count;
}

int tune_config_parse(const char *text, size_t n, struct tune_config *config, const char **why)
{
    char parts[PARTS_MAX][PART_MAX];
    unsigned n_parts = cut(text, n, parts);
    enum lariat_poll_policy policy;

    *why = "it is off, or POLICY[/MAX[/GROW[/SHRINK[/WEIGHT]]]] with the policies classic, weighted and auto";
    if (n_parts == 1 && strcmp(parts[0], "off") == 0) {
        *config = tune_config_off();
        return 0;
    }
    if (!n_parts || !parse_policy(parts[0], &policy))
        return -EINVAL;
    *config = tune_config_of(policy, -1);
    if (n_parts > 1 && parse_duration(parts[1], 1, &config->max_ns, why))
        return -EINVAL;
    int64_t *const numbers[] = { &config->grow, &config->shrink, &config->weight };

    for (unsigned i = 2; i < n_parts; i++)
        if (parse_signed(parts[i], numbers[i - 2], why))
            return -EINVAL;
    if (config->grow < 0 || config->shrink < 0 || config->weight < 0 || config->weight > 63) {
        *why = "grow and shrink are at least 0, weight is 0 to 63";
        return -EINVAL;
    }
    return 0;
}

/* ---- what is to be pasted ---- */

static const struct {
    const char *title, *key;
} snippets[N_SNIPPETS] = {
    [SNIPPET_BENCH] = { "lariat-bench", "lariat_bench" },
    [SNIPPET_C] = { "C", "c" },
    [SNIPPET_CTL] = { "a running program", "lariat_ctl" },
    [SNIPPET_IOTHREAD] = { "a new iothread", "iothread" },
    [SNIPPET_QEMU] = { "QEMU", "qemu" },
    [SNIPPET_LIBVIRT] = { "libvirt", "libvirt" },
};

const char *tune_snippet_title(enum tune_snippet snippet)
{
    return snippets[snippet].title;
}

const char *tune_snippet_key(enum tune_snippet snippet)
{
    return snippets[snippet].key;
}

bool tune_snippet_knows(enum tune_snippet snippet, const struct tune_config *config)
{
    return config->policy != LARIAT_POLL_AUTO || (snippet != SNIPPET_QEMU && snippet != SNIPPET_LIBVIRT);
}

/* What is not its policy's default, each with `before` in front and in the spelling of its place. */
static int add_rest(char *buf, int n, const struct tune_config *config, const char *grow, const char *shrink,
                    const char *weight)
{
    const struct {
        const char *format;
        int64_t value;
        bool counts;
    } rest[] = {
        { grow, config->grow, config->policy != LARIAT_POLL_AUTO },
        { shrink, config->shrink, config->policy != LARIAT_POLL_AUTO },
        { weight, config->weight, config->policy == LARIAT_POLL_WEIGHTED },
    };

    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
        if (rest[i].counts && rest[i].value)
            n += snprintf(buf + n, (size_t)(TUNE_SNIPPET_MAX - n), "%s%" PRId64, rest[i].format, rest[i].value);
    return n;
}

static void c_snippet(char buf[TUNE_SNIPPET_MAX], const struct tune_config *config)
{
    static const char *const constants[] = { "LARIAT_POLL_CLASSIC", "LARIAT_POLL_WEIGHTED", "LARIAT_POLL_AUTO" };
    int n =
        snprintf(buf, TUNE_SNIPPET_MAX, "struct lariat_poll_params p; lariat_poll_params_init(&p, %s); p.max_ns = %" PRId64,
                 constants[config->policy], config->max_ns);

    n = add_rest(buf, n, config, "; p.grow = ", "; p.shrink = ", "; p.weight = ");
    snprintf(buf + n, (size_t)(TUNE_SNIPPET_MAX - n), "; lariat_loop_set_poll_params(loop, &p);");
}

/* libvirt's attributes stand in quotes. */
static void libvirt_snippet(char buf[TUNE_SNIPPET_MAX], const struct tune_config *config)
{
    int n = snprintf(buf, TUNE_SNIPPET_MAX,
                     "<iothreadids><iothread id='1'><poll max='%" PRId64 "' grow='%" PRId64 "' shrink='%" PRId64 "'",
                     config->max_ns, config->grow, config->shrink);

    if (config->policy == LARIAT_POLL_WEIGHTED && config->weight)
        n += snprintf(buf + n, (size_t)(TUNE_SNIPPET_MAX - n), " weight='%" PRId64 "'", config->weight);
    snprintf(buf + n, (size_t)(TUNE_SNIPPET_MAX - n), "/></iothread></iothreadids>");
}

const char *tune_snippet_text(char buf[TUNE_SNIPPET_MAX], enum tune_snippet snippet, const struct tune_config *config)
{
    const char *policy = policy_names[config->policy];
    int n;

    switch (snippet) {
    case SNIPPET_BENCH:
        n = snprintf(buf, TUNE_SNIPPET_MAX, "--poll_policy=%s --poll_max_ns=%" PRId64, policy, config->max_ns);
        add_rest(buf, n, config, " --poll_grow=", " --poll_shrink=", " --poll_weight=");
        break;
    case SNIPPET_C: c_snippet(buf, config); break;
    case SNIPPET_CTL: /* what it has now is not known: all of it */
        snprintf(buf, TUNE_SNIPPET_MAX,
                 "lariat-ctl set ID poll-policy=%s poll-max-ns=%" PRId64 " poll-grow=%" PRId64 " poll-shrink=%" PRId64
                 " poll-weight=%" PRId64, policy, config->max_ns, config->grow, config->shrink, config->weight);
        break;
    case SNIPPET_IOTHREAD:
        n = snprintf(buf, TUNE_SNIPPET_MAX, "id=io0,poll-policy=%s,poll-max-ns=%" PRId64, policy, config->max_ns);
        add_rest(buf, n, config, ",poll-grow=", ",poll-shrink=", ",poll-weight=");
        break;
    case SNIPPET_QEMU:
        n = snprintf(buf, TUNE_SNIPPET_MAX, "-object iothread,id=io0,poll-max-ns=%" PRId64, config->max_ns);
        add_rest(buf, n, config, ",poll-grow=", ",poll-shrink=", ",poll-weight=");
        break;
    case SNIPPET_LIBVIRT: libvirt_snippet(buf, config); break;
    case N_SNIPPETS: buf[0] = '\0'; break;
    }
    return buf;
}
