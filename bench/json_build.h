/* SPDX-License-Identifier: MIT */
/*
 * Making a JSON document with jansson. Its calls fail only for lack of memory; the first failure is remembered, and then the
 * document is not to be written at all.
 */
#ifndef BENCH_JSON_BUILD_H
#define BENCH_JSON_BUILD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct builder {
    bool failed;
};

json_t *build_object(struct builder *b);
json_t *build_array(struct builder *b);

/* Each puts a value into an object. build_set() takes the reference over, and returns it as a borrowed one. */
json_t *build_set(struct builder *b, json_t *object, const char *key, json_t *value);
json_t *build_append(struct builder *b, json_t *array, json_t *value);
void build_int(struct builder *b, json_t *object, const char *key, uint64_t value);
void build_real(struct builder *b, json_t *object, const char *key, double value);
void build_bool(struct builder *b, json_t *object, const char *key, bool value);

/* Bytes that are not UTF-8 are legal in a file name, but not in JSON. */
void build_text(struct builder *b, json_t *object, const char *key, const char *value);

#endif
