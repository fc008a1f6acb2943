/* SPDX-License-Identifier: MIT */
#include "jobfile.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "lariat-bench: "
#define BYTES_MAX (4 << 20)  /* of one file */
#define SECTION_NAME_MAX 255 /* as in fio */
#define INCLUDES_MAX 16      /* one in the other */
#define INCLUDED_MAX 1000
#define SECTION_OPTIONS_MAX 4096

/* What is being read; the includes of a file share it. */
struct reader {
    struct option_parser *parser;
    bool barrier;             /* the next job waits for those before */
    bool in_section, skipped; /* skipped: --section names others */
    unsigned n_includes;      /* that are open */
    unsigned n_included;      /* in all: files that include each other twice would go on for ever */
    struct typed *typed;      /* the options of the section so far: some have to be applied before the others */
    size_t n_typed, capacity;
};

/* One file. */
struct source {
    const char *path;
    unsigned line;
};

static int complain(const struct reader *reader, const struct source *source, const char *format, const char *text)
{
    fprintf(reader->parser->err, PREFIX "%s:%u: ", source->path, source->line);
    fprintf(reader->parser->err, format, text);
    fputc('\n', reader->parser->err);
    return -EINVAL;
}

static int complain_file(const struct option_parser *parser, const char *path, const char *why)
{
    fprintf(parser->err, PREFIX "%s: %s\n", path, why);
    return -EINVAL;
}

/* All of a file, ended by a NUL. */
static int read_all(const struct option_parser *parser, int fd, const char *path, char **text, size_t *n)
{
    size_t capacity = 0;
    ssize_t got = 1;

    *n = 0;
    *text = NULL;
    while (got > 0) {
        if (capacity - *n < 4096) {
            char *more = *n > BYTES_MAX ? NULL : realloc(*text, capacity = capacity ? 2 * capacity : 16384);

            if (!more)
                return *n > BYTES_MAX ? complain_file(parser, path, "this is too large for a job file") : -ENOMEM;
            *text = more;
        }
        got = read(fd, *text + *n, capacity - *n - 1);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            *n += (size_t)got;
    }
    if (got < 0)
        return complain_file(parser, path, errno == EISDIR ? "this is a directory and not a job file" : strerror(errno));
    (*text)[*n] = '\0';
    return 0;
}

static int load(const struct option_parser *parser, const char *path, char **text, size_t *n)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    *text = NULL;
    if (fd < 0)
        return complain_file(parser, path, strerror(errno));
    int rc = read_all(parser, fd, path, text, n);

    if (fd != STDIN_FILENO)
        close(fd);
    return rc;
}

static char *trim(char *text)
{
    char *end = text + strlen(text);

    while (isspace((unsigned char)*text))
        text++;
    while (end > text && isspace((unsigned char)end[-1]))
        end--;
    *end = '\0';
    return text;
}

/* Apply what the section holds: the base of k first, since the others are read by it. */
static int end_section(struct reader *reader)
{
    int rc = 0;

    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < reader->n_typed && !rc; i++) {
            bool first = strcmp(reader->typed[i].row->name, "kb_base") == 0;

            if (first == (turn == 0))
                rc = parser_set(reader->parser, &reader->typed[i]);
        }
    reader->n_typed = 0;
    return rc;
}

static int begin_section(struct reader *reader, const struct source *source, char *line)
{
    struct option_parser *parser = reader->parser;
    size_t n = strlen(line);
    char *name = line + 1;

    if (reader->n_includes)
        return complain(reader, source, "%s: there can be no section in an included file", line);
    if (n < 2 || line[n - 1] != ']')
        return complain(reader, source, "%s: the ']' of the section is missing", line);
    line[n - 1] = '\0';
    if (!*name)
        return complain(reader, source, "[]: the section has no name%s", "");
    if (n - 2 > SECTION_NAME_MAX)
        return complain(reader, source, "the name of the section has more than 255 letters: [%.32s...]", name);
    int rc = end_section(reader);

    if (rc)
        return rc;
    reader->in_section = true;
    reader->skipped = false;
    if (strncmp(name, "global", 6) == 0) {
        parser_begin_global(parser);
        return 0;
    }
    reader->skipped = !parser_wants(parser, name);
    if (reader->skipped)
        return 0;
    rc = parser_add_job(parser, name);
    if (!rc && reader->barrier)
        parser_add_barrier(parser);
    reader->barrier = false;
    return rc;
}

static int add_typed(struct reader *reader, const struct typed *typed)
{
    if (reader->n_typed == reader->capacity) {
        size_t capacity = reader->capacity ? 2 * reader->capacity : 64;
        struct typed *more = reallocarray(reader->typed, capacity, sizeof(*more));

        if (!more)
            return -ENOMEM;
        reader->typed = more;
        reader->capacity = capacity;
    }
    reader->typed[reader->n_typed++] = *typed;
    return 0;
}

static int read_option(struct reader *reader, const struct source *source, char *line)
{
    struct option_parser *parser = reader->parser;
    char *equals = strchr(line, '=');
    struct typed typed = { .file = source->path, .line = source->line };

    if (!reader->in_section)
        return complain(reader, source, "%.64s: an option outside of a section", line);
    if (equals) {
        *equals = '\0';
        typed.value = trim(equals + 1);
    }
    typed.spelling = trim(line);
    typed.n_spelling = (int)strlen(typed.spelling);
    int rc = parser_find(parser, &typed);

    if (rc || reader->skipped)
        return rc;
    if (typed.row->scope == SCOPE_PROGRAM)
        return typed_refuse_place(parser->err, &typed);
    if (!equals && typed.row->type != TYPE_FLAG && typed.row->type != TYPE_NONE)
        return typed_refuse(parser->err, &typed, "the value is missing");
    if (reader->n_typed == SECTION_OPTIONS_MAX)
        return complain(reader, source, "%.64s: there are too many options in the section", line);
    if (typed.value)
        rc = parser_substitute(parser, &typed);
    return rc ? rc : add_typed(reader, &typed);
}

static int read_source(struct reader *reader, const char *path);

/* include FILE, which is relative to the file it stands in. */
static int include(struct reader *reader, const struct source *source, const char *name)
{
    const char *slash = strrchr(source->path, '/');
    char *path;

    if (!reader->in_section)
        return complain(reader, source, "include %.64s: outside of a section", name);
    if (reader->n_includes == INCLUDES_MAX || reader->n_included == INCLUDED_MAX)
        return complain(reader, source, "include %s: the files include each other, or more than 16 deep, or more than 1000",
                        name);
    int n = name[0] == '/' || !slash ? asprintf(&path, "%s", name)
                                     : asprintf(&path, "%.*s/%s", (int)(slash - source->path), source->path, name);
    int rc = n < 0 ? -ENOMEM : parser_keep(reader->parser, path);

    if (rc)
        return rc;
    struct stat st;

    if (stat(path, &st) || access(path, R_OK))
        return complain(reader, source, "include %s: it cannot be read", path);
    if (!S_ISREG(st.st_mode)) /* opening a device or a pipe may do anything, and wait for ever */
        return complain(reader, source, "include %s: it is not a file", path);
    reader->n_includes++;
    reader->n_included++;
    rc = read_source(reader, path);
    reader->n_includes--;
    return rc;
}

static int read_line(struct reader *reader, const struct source *source, char *line, size_t n)
{
    if (memchr(line, '\0', n))
        return complain(reader, source, "there is a NUL byte: this is not a job file%s", "");
    line[strcspn(line, ";#")] = '\0';
    line = trim(line);
    if (!*line)
        return 0;
    if (*line == '[')
        return begin_section(reader, source, line);
    if (strncmp(line, "include", 7) == 0 && isspace((unsigned char)line[7]))
        return include(reader, source, trim(line + 8));
    return read_option(reader, source, line);
}

/* The text is kept: names and values point into it. */
static int read_source(struct reader *reader, const char *path)
{
    struct source source = { .path = path };
    char *text;
    size_t n;
    int rc = load(reader->parser, path, &text, &n);

    if (rc) {
        free(text);
        return rc;
    }
    rc = parser_keep(reader->parser, text);
    for (char *line = text, *end = text + n; line < end && !rc;) {
        char *newline = memchr(line, '\n', (size_t)(end - line));
        char *next = newline ? newline + 1 : end;
        size_t length = newline ? (size_t)(newline - line) : (size_t)(end - line);

        line[length] = '\0';
        source.line++;
        rc = read_line(reader, &source, line, length);
        line = next;
    }
    return rc;
}

int jobfile_read(struct option_parser *parser, const char *path, bool barrier)
{
    struct reader reader = { .parser = parser, .barrier = barrier };
    int rc = read_source(&reader, path);

    if (!rc)
        rc = end_section(&reader);
    free(reader.typed);
    return rc;
}
