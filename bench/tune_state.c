/* SPDX-License-Identifier: MIT */
#include "tune_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json_build.h"

#define VERSION 1

struct tune_state {
    char *path;
    FILE *file;
    json_t *blocks; /* an array, of those that were there */
};

static int tell(const struct tune_state *state, const char *why, int rc)
{
    fprintf(stderr, "lariat-bench tune: --resume=%s: %s\n", state->path, why);
    return rc;
}

static int tell_errno(const struct tune_state *state, int rc)
{
    return tell(state, strerror(-rc), rc);
}

/* ---- the first line ---- */

static void add_option(void *opaque, const char *name, const char *value)
{
    fprintf(opaque, " %s=%s", name, value);
}

/* All options that were given. malloc'ed; NULL: no memory. */
static char *describe(const struct bench_options *workload)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    for (size_t i = 0; i < workload->n_jobs; i++) {
        fprintf(out, "[%s]", workload->jobs[i].name);
        options_echo_parsed(&workload->jobs[i], add_option, out);
    }
    if (fclose(out)) {
        free(text);
        return NULL;
    }
    return text;
}

static int write_line(struct tune_state *state, json_t *object)
{
    int rc = json_dumpf(object, state->file, JSON_COMPACT) ? -EIO : 0;

    if (!rc && (fputc('\n', state->file) == EOF || fflush(state->file)))
        rc = errno ? -errno : -EIO;
    return rc ? tell_errno(state, rc) : 0;
}

static json_t *make_header(struct builder *b, const struct bench_options *workload, uint64_t seed)
{
    json_t *header = build_object(b);
    char *text = describe(workload);

    build_int(b, header, "lariat_tune", VERSION);
    build_int(b, header, "seed", seed);
    build_text(b, header, "workload", text ? text : "");
    b->failed |= !text;
    free(text);
    return header;
}

/* ---- blocks ---- */

static json_t *histogram_json(struct builder *b, const struct lariat_histogram *h)
{
    json_t *object = build_object(b), *buckets = build_set(b, object, "buckets", build_array(b));

    build_int(b, object, "n", h->n);
    build_int(b, object, "sum_ns", h->sum_ns);
    build_int(b, object, "min_ns", h->min_ns);
    build_int(b, object, "max_ns", h->max_ns);
    for (unsigned i = 0; i < LARIAT_HISTOGRAM_BUCKETS; i++)
        if (h->buckets[i]) {
            build_append(b, buckets, json_integer(i));
            build_append(b, buckets, json_integer((json_int_t)h->buckets[i]));
        }
    return object;
}

static json_t *block_json(struct builder *b, const struct tune *tune, const struct tune_block *block)
{
    const struct tune_scenario *scenario = &tune->scenarios[block->scenario];
    json_t *object = build_object(b), *entries;
    char name[TUNE_NAME_MAX];

    build_text(b, object, "stage", tune_stage_name(block->stage));
    build_int(b, object, "round", block->round);
    build_int(b, object, "depth", scenario->depth);
    build_int(b, object, "percent", scenario->percent);
    build_int(b, object, "length_ns", (uint64_t)block->length_ns);
    build_int(b, object, "took_ns", (uint64_t)block->took_ns);
    build_int(b, object, "end_ns", (uint64_t)block->end_ns);
    entries = build_set(b, object, "entries", build_array(b));
    for (unsigned i = 0; i < block->n; i++) {
        json_t *entry = build_append(b, entries, build_object(b));

        build_text(b, entry, "setting", tune_config_name(name, &tune->configs[block->entries[i].config]));
        for (const struct tune_field *f = tune_fields; f->name; f++) {
            double value;

            memcpy(&value, (const char *)&block->entries[i].sample + f->offset, sizeof(value));
            build_real(b, entry, f->name, value);
        }
        build_bool(b, entry, "missed", block->entries[i].sample.missed);
        build_set(b, entry, "latencies", histogram_json(b, &block->entries[i].latencies));
    }
    return object;
}

int tune_state_keep(struct tune_state *state, const struct tune *tune, const struct tune_block *block)
{
    struct builder b = { false };
    json_t *object = block_json(&b, tune, block);
    int rc = b.failed ? tell_errno(state, -ENOMEM) : write_line(state, object);

    json_decref(object);
    return rc;
}

/* ---- recalling ---- */

static uint64_t integer_of(const json_t *object, const char *key)
{
    return (uint64_t)json_integer_value(json_object_get(object, key));
}

static bool text_is(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value && strcmp(value, text) == 0;
}

static void read_histogram(const json_t *object, struct lariat_histogram *h)
{
    const json_t *buckets = json_object_get(object, "buckets");

    lariat_histogram_init(h);
    h->n = integer_of(object, "n");
    h->sum_ns = integer_of(object, "sum_ns");
    h->min_ns = integer_of(object, "min_ns");
    h->max_ns = integer_of(object, "max_ns");
    for (size_t i = 0; i + 1 < json_array_size(buckets); i += 2) {
        json_int_t bucket = json_integer_value(json_array_get(buckets, i));

        if (bucket >= 0 && bucket < LARIAT_HISTOGRAM_BUCKETS)
            h->buckets[bucket] = (uint64_t)json_integer_value(json_array_get(buckets, i + 1));
    }
}

static void read_entry(const json_t *object, struct tune_entry *entry)
{
    for (const struct tune_field *f = tune_fields; f->name; f++) {
        double value = json_number_value(json_object_get(object, f->name));

        memcpy((char *)&entry->sample + f->offset, &value, sizeof(value));
    }
    entry->sample.missed = json_is_true(json_object_get(object, "missed"));
    read_histogram(json_object_get(object, "latencies"), &entry->latencies);
}

static bool is_block(const json_t *object, const struct tune *tune, const struct tune_block *block)
{
    const struct tune_scenario *scenario = &tune->scenarios[block->scenario];

    return text_is(object, "stage", tune_stage_name(block->stage)) && integer_of(object, "round") == block->round &&
           integer_of(object, "depth") == scenario->depth && integer_of(object, "percent") == scenario->percent &&
           json_array_size(json_object_get(object, "entries")) == block->n;
}

/* Fill in all entries, each from one with its setting, in any order. False: some are missing. */
static bool read_entries(const json_t *object, const struct tune *tune, struct tune_block *block)
{
    const json_t *entries = json_object_get(object, "entries");
    bool used[TUNE_BLOCK_MAX] = { false };

    for (unsigned i = 0; i < block->n; i++) {
        char name[TUNE_NAME_MAX];
        unsigned j = 0;

        tune_config_name(name, &tune->configs[block->entries[i].config]);
        while (j < block->n && (used[j] || !text_is(json_array_get(entries, j), "setting", name)))
            j++;
        if (j == block->n)
            return false;
        used[j] = true;
        read_entry(json_array_get(entries, j), &block->entries[i]);
    }
    return true;
}

bool tune_state_recall(struct tune_state *state, const struct tune *tune, struct tune_block *block)
{
    for (size_t i = 0; i < json_array_size(state->blocks); i++) {
        const json_t *object = json_array_get(state->blocks, i);

        if (!is_block(object, tune, block) || !read_entries(object, tune, block))
            continue;
        block->took_ns = (int64_t)integer_of(object, "took_ns");
        block->end_ns = (int64_t)integer_of(object, "end_ns");
        block->length_ns = (int64_t)integer_of(object, "length_ns");
        return true;
    }
    return false;
}

/* ---- the file ---- */

/* Its lines. One that is cut short, since the program was ended while it wrote, is cut off. */
static int read_lines(struct tune_state *state, json_t **header)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t n;
    long good = 0;
    int rc = 0;

    while ((n = getline(&line, &size, state->file)) > 0 && line[n - 1] == '\n') {
        json_t *object = json_loads(line, 0, NULL);

        if (!object || (*header && json_array_append(state->blocks, object))) {
            rc = object ? -ENOMEM : -EINVAL;
            json_decref(object);
            break;
        }
        if (!*header)
            *header = json_incref(object);
        json_decref(object);
        good += n;
    }
    free(line);
    if (rc)
        return rc;
    if (fseek(state->file, good, SEEK_SET) || ftruncate(fileno(state->file), good))
        return -errno;
    return 0;
}

static int check_header(struct tune_state *state, const json_t *header, json_t *wanted)
{
    if (json_equal(header, wanted))
        return 0;
    if (integer_of(header, "lariat_tune") != VERSION)
        return tell(state, "it is not a file of lariat-bench tune, or of another version", -EINVAL);
    return tell(state, "it is of another workload, or of another --seed", -EINVAL);
}

static int begin(struct tune_state *state, const struct bench_options *workload, uint64_t seed)
{
    struct builder b = { false };
    json_t *header = NULL, *wanted = make_header(&b, workload, seed);
    int fd = open(state->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666), rc = 0;

    state->blocks = build_array(&b);
    state->file = fd >= 0 ? fdopen(fd, "r+") : NULL;
    if (!state->file) {
        rc = tell_errno(state, -errno);
        if (fd >= 0)
            close(fd);
    } else if (b.failed) {
        rc = tell_errno(state, -ENOMEM);
    } else {
        rc = read_lines(state, &header);
        if (rc == -EINVAL)
            tell(state, "it is not a file of lariat-bench tune", rc);
        else if (rc)
            tell_errno(state, rc);
        else
            rc = header ? check_header(state, header, wanted) : write_line(state, wanted);
    }
    json_decref(header);
    json_decref(wanted);
    return rc;
}

int tune_state_open(const char *path, const struct bench_options *workload, uint64_t seed, struct tune_state **out)
{
    struct tune_state *state = calloc(1, sizeof(*state));
    int rc;

    *out = NULL;
    if (state)
        state->path = strdup(path);
    if (!state || !state->path) {
        free(state);
        fputs("lariat-bench tune: out of memory\n", stderr);
        return -ENOMEM;
    }
    rc = begin(state, workload, seed);
    if (rc)
        tune_state_close(state);
    else
        *out = state;
    return rc;
}

int tune_state_close(struct tune_state *state)
{
    int rc = 0;

    if (!state)
        return 0;
    if (state->file && fclose(state->file))
        rc = tell_errno(state, -errno);
    json_decref(state->blocks);
    free(state->path);
    free(state);
    return rc;
}
