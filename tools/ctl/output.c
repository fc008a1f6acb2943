/* SPDX-License-Identifier: MIT */
#include "output.h"

#include <errno.h>

static int first_error;

void output_json(const json_t *value)
{
    json_dumpf(value, stdout, JSON_ENCODE_ANY | JSON_REAL_PRECISION(9));
    putchar('\n');
}

void output_value(const json_t *value)
{
    if (json_is_integer(value))
        printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "on" : "off", stdout);
    else if (json_is_string(value))
        fputs(json_string_value(value), stdout);
    else if (json_is_real(value))
        printf("%g", json_real_value(value));
}

bool output_is_scalar(const json_t *value)
{
    return !json_is_object(value) && !json_is_array(value);
}

bool output_flush(void)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    if (!first_error)
        first_error = errno ? errno : EIO;
    return false;
}

int output_error(void)
{
    return first_error;
}
