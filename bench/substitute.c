/* SPDX-License-Identifier: MIT */
#include "substitute.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE_MAX 255     /* letters of a name */
#define RESULT_MAX (1 << 20) /* bytes: a variable of variables could grow without end */
#define NESTING_MAX 64       /* parentheses and signs, one in the other */

/* A calculation, read from left to right. */
struct calculation {
    const char *text;
    unsigned nesting;
    bool overflow;
};

static bool calculate_sum(struct calculation *c, int64_t *value);

static void skip_blanks(struct calculation *c)
{
    while (*c->text == ' ' || *c->text == '\t')
        c->text++;
}

/* A number, or something in parentheses, or the negative of either. */
static bool calculate_operand(struct calculation *c, int64_t *value)
{
    bool good = false;

    skip_blanks(c);
    if (isdigit((unsigned char)*c->text)) {
        char *end;

        errno = 0;
        *value = strtoll(c->text, &end, 10);
        c->overflow |= errno == ERANGE;
        c->text = end;
        good = true;
    } else if ((*c->text == '(' || *c->text == '-') && c->nesting < NESTING_MAX) {
        bool negative = *c->text++ == '-';

        c->nesting++;
        good = negative ? calculate_operand(c, value) : calculate_sum(c, value);
        c->nesting--;
        if (good && negative)
            c->overflow |= __builtin_sub_overflow(INT64_C(0), *value, value);
        else if (good && *c->text++ != ')')
            good = false;
    }
    if (good)
        skip_blanks(c);
    return good;
}

static bool calculate_product(struct calculation *c, int64_t *value)
{
    bool good = calculate_operand(c, value);

    while (good && (*c->text == '*' || *c->text == '/')) {
        bool divide = *c->text++ == '/';
        int64_t right;

        good = calculate_operand(c, &right);
        if (!good)
            break;
        if (!divide)
            c->overflow |= __builtin_mul_overflow(*value, right, value);
        else if (right == 0 || (right == -1 && *value == INT64_MIN))
            c->overflow = true;
        else
            *value /= right;
    }
    return good;
}

static bool calculate_sum(struct calculation *c, int64_t *value)
{
    bool good = calculate_product(c, value);

    while (good && (*c->text == '+' || *c->text == '-')) {
        bool minus = *c->text++ == '-';
        int64_t right;

        good = calculate_product(c, &right);
        if (good)
            c->overflow |=
                minus ? __builtin_sub_overflow(*value, right, value) : __builtin_add_overflow(*value, right, value);
    }
    return good;
}

/* Append what stands for the word at the beginning of `text`, if one does; how many letters it has, or 0. */
static size_t put_word(FILE *out, const char *text)
{
    static const char *const words[] = { "$ncpus", "$pagesize", "$mb_memory" };
    long page = sysconf(_SC_PAGESIZE);

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        size_t n = strlen(words[i]);

        if (strncmp(text, words[i], n) != 0)
            continue;
        long value = i == 0 ? sysconf(_SC_NPROCESSORS_ONLN) : i == 1 ? page : sysconf(_SC_PHYS_PAGES) / ((1 << 20) / page);

        fprintf(out, "%ld", value);
        return n;
    }
    return 0;
}

static int put_variable(FILE *out, const char **text, const char **why)
{
    const char *name = *text + 2, *end = strchr(name, '}');
    char buf[VARIABLE_MAX + 1];

    if (!end || (size_t)(end - name) > VARIABLE_MAX) {
        *why = end ? "the name of a variable is too long" : "the '}' of a \"${\" is missing";
        return -EINVAL;
    }
    memcpy(buf, name, (size_t)(end - name));
    buf[end - name] = '\0';
    const char *value = getenv(buf);

    if (value)
        fputs(value, out);
    *text = end + 1;
    return 0;
}

/* One turn over the text: variables or words. *found: there were some. NULL with *rc set: it failed. */
static char *replace(const char *text, bool variables, bool *found, int *rc, const char **why)
{
    char *result = NULL;
    size_t size;
    FILE *out = open_memstream(&result, &size);

    *rc = out ? 0 : -ENOMEM;
    while (out && *text && !*rc) {
        size_t n = *text != '$' || variables ? 0 : put_word(out, text);

        if (n) {
            text += n;
            *found = true;
        } else if (variables && text[0] == '$' && text[1] == '{') {
            *rc = put_variable(out, &text, why);
            *found = true;
        } else {
            fputc(*text++, out);
        }
        if (!*rc && ftell(out) > RESULT_MAX) {
            *why = "it is too long";
            *rc = -ERANGE;
        }
    }
    if (out && fclose(out) && !*rc)
        *rc = -ENOMEM;
    if (*rc) {
        free(result);
        result = NULL;
    }
    return result;
}

/* If the text is a calculation, its result takes the place of *text. */
static int calculate(char **text, const char **why)
{
    struct calculation c = { .text = *text };
    char *result;
    int64_t value;

    if (!strpbrk(*text, "+-*/") || !calculate_sum(&c, &value) || *c.text)
        return 0;
    if (c.overflow) {
        *why = "it cannot be calculated in 64 bits";
        return -ERANGE;
    }
    if (asprintf(&result, "%" PRId64, value) < 0)
        return -ENOMEM;
    free(*text);
    *text = result;
    return 0;
}

int substitute(const char *text, char **result, const char **why)
{
    bool variables = false, words = false;
    int rc;

    *result = NULL;
    if (!strchr(text, '$'))
        return 0;
    char *first = replace(text, true, &variables, &rc, why);
    if (!first)
        return rc;
    char *second = replace(first, false, &words, &rc, why);

    free(first);
    if (!second)
        return rc;
    if (words)
        rc = calculate(&second, why);
    if (rc || (!variables && !words)) {
        free(second);
        return rc;
    }
    *result = second;
    return 0;
}
