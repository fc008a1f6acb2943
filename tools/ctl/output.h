/* SPDX-License-Identifier: MIT */
/* What several commands print alike. */
#ifndef CTL_OUTPUT_H
#define CTL_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* A document in one line. */
void output_json(const json_t *value);

/* A value as `set` would take it: a number, on or off, a text. Nothing for an array or an object. */
void output_value(const json_t *value);
bool output_is_scalar(const json_t *value);

/* Flush what was printed. False: nobody reads it any more, or it cannot be written; output_error() then is the errno. */
bool output_flush(void);
int output_error(void);

#endif
