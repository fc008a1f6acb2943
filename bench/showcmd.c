/* SPDX-License-Identifier: MIT */
#include "showcmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int showcmd_begin(struct showcmd *show)
{
    show->line = open_memstream(&show->line_text, &show->line_size);
    show->defaults = open_memstream(&show->defaults_text, &show->defaults_size);
    return show->line && show->defaults ? 0 : -ENOMEM;
}

/* As a shell takes it for one word. */
static void put_quoted(FILE *out, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=.,:/%@";

    if (!text[strspn(text, plain)]) {
        fputs(text, out);
        return;
    }
    fputc('\'', out);
    for (; *text; text++)
        if (*text == '\'')
            fputs("'\\''", out);
        else
            fputc(*text, out);
    fputc('\'', out);
}

void showcmd_begin_file(struct showcmd *show)
{
    if (!show->line)
        return;
    fflush(show->defaults);
    fprintf(show->line, "lariat-bench%s", show->defaults_text);
    show->in_file = true;
    show->has_job = false;
}

void showcmd_add_job(struct showcmd *show, const char *name)
{
    if (!show->line || !show->in_file)
        return;
    fputs(" --name=", show->line);
    put_quoted(show->line, name);
    show->has_job = true;
}

void showcmd_add_global(struct showcmd *show)
{
    if (show->line && show->in_file && show->has_job)
        fputs(" --name=global", show->line);
}

void showcmd_add_option(struct showcmd *show, const struct typed *typed, bool is_default)
{
    FILE *out = show->in_file ? show->line : is_default ? show->defaults : NULL;

    if (!out)
        return;
    fprintf(out, " --%s", typed->row->name);
    if (typed->value) {
        fputc('=', out);
        put_quoted(out, typed->value);
    }
}

void showcmd_end_file(struct showcmd *show)
{
    if (show->line)
        fputc('\n', show->line);
    show->in_file = false;
}

char *showcmd_end(struct showcmd *show)
{
    bool good = show->line && show->defaults;

    if (show->line && fclose(show->line))
        good = false;
    if (show->defaults && fclose(show->defaults))
        good = false;
    free(show->defaults_text);
    if (!good) {
        free(show->line_text);
        show->line_text = NULL;
    }
    show->line = show->defaults = NULL;
    return show->line_text;
}
