/* SPDX-License-Identifier: MIT */
#include "keyval.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "errmsg.h"

/* A value up to a single comma; *text moves to that comma or to the end. */
static char *take_value(const char **text)
{
    char *value = malloc(strlen(*text) + 1);
    size_t n = 0;
    const char *c;

    if (!value)
        return NULL;
    for (c = *text; *c; c++) {
        if (*c == ',') {
            if (c[1] != ',')
                break;
            c++;
        }
        value[n++] = *c;
    }
    value[n] = '\0';
    *text = c;
    return value;
}

int keyval_next(const char **text, struct keyval *pair, char **errmsg)
{
    size_t n = strcspn(*text, "=,");

    pair->key = pair->value = NULL;
    if (!**text)
        return 0;
    if (!n)
        return errmsg_set(errmsg, -EINVAL, "expected key=value at '%s'", *text);
    pair->key = strndup(*text, n);
    *text += n;
    if (pair->key && **text == '=') {
        ++*text;
        pair->value = take_value(text);
        if (!pair->value)
            keyval_free(pair);
    }
    if (!pair->key)
        return errmsg_set(errmsg, -ENOMEM, "no memory");
    if (**text == ',')
        ++*text;
    return 1;
}

void keyval_free(struct keyval *pair)
{
    free(pair->key);
    free(pair->value);
    pair->key = pair->value = NULL;
}
