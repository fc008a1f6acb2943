/* SPDX-License-Identifier: MIT */
/* Names: in the form that the server knows, and what may have been meant by one that it refused. */
#ifndef CTL_HINTS_H
#define CTL_HINTS_H

#include <stddef.h>

#include "client.h"

/* The name of a property, n bytes, malloc'ed, with '-' for each '_'. */
char *hint_property_name(const char *name, size_t n);

/*
 * After a refusal: ask the server which iothreads and properties there are, and put "did you mean" behind its words if the id
 * or one of the words (PROPERTY or PROPERTY=VALUE) is near to one. Returns status.
 */
enum client_status hint_after(struct client *client, enum client_status status, const char *id, char *const *words,
                              int n_words);

#endif
