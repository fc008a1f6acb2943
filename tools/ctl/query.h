/* SPDX-License-Identifier: MIT */
/* Figures out of the server's JSON. */
#ifndef CTL_QUERY_H
#define CTL_QUERY_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "client.h"
#include "sample.h"

/* All iothreads now, in the order of their creation. *out is malloc'ed. */
enum client_status query_samples(struct client *client, struct sample **out, size_t *n);

/* The counters of one entry of query-iothread-stats. */
struct counters query_counters(const json_t *entry);

/* The entry with this id and thread id, or NULL. */
json_t *query_find(const json_t *entries, const char *id, int64_t thread_id);

#endif
