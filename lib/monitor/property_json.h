/* SPDX-License-Identifier: MIT */
/* Properties between JSON and the text that liblariat takes. */
#ifndef LARIAT_MONITOR_PROPERTY_JSON_H
#define LARIAT_MONITOR_PROPERTY_JSON_H

#include <lariat/iothread.h>
#include <lariat/property.h>

#include "request.h"

bool monitor_property_is_number(const struct lariat_property_info *info);

/* A number, a bool, or else a string; NULL: no memory. */
json_t *monitor_property_value(const struct lariat_property_value *value);

/* "int", "bool" or "string", as qom-list names what monitor_property_value() gives. */
const char *monitor_property_qom_type(const struct lariat_property_info *info);

/* Append `value` as text to `out`, commas doubled if it goes into a list of pairs. False: the request has failed. */
bool monitor_property_append(struct monitor_request *request, struct monitor_buffer *out,
                             const struct lariat_property_info *info, const json_t *value, bool in_list);

/* Append ",name=value". False: the request has failed, for a property that is not there too. */
bool monitor_property_append_pair(struct monitor_request *request, struct monitor_buffer *out, const char *name,
                                  const json_t *value);

#endif
