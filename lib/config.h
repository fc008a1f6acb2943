/* SPDX-License-Identifier: MIT */
/* What an iothread was configured to be: a value for each property. Plain data; whoever shares one guards it. */
#ifndef LARIAT_CONFIG_H
#define LARIAT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"
#include "property.h"

struct config {
    int64_t numbers[N_PROPERTIES];
    char *cpus;        /* of cpu-affinity; NULL: empty */
    bool max_ns_given; /* else poll-max-ns follows the policy */
};

/* The defaults. */
void config_init(struct config *config);

/* 0 or -ENOMEM. */
int config_copy(struct config *to, const struct config *from);

void config_exit(struct config *config);

/* Set one value. 0 or an error of property_parse() or -ENOMEM; nothing has changed then. */
int config_set(struct config *config, enum property property, const char *text, char **errmsg);

/* Do the values go together, and is there what they ask for? 0, -ERANGE, -ENODEV. */
int config_check(const struct config *config, char **errmsg);

/* One value as text. malloc'ed; NULL: no memory. */
char *config_text(const struct config *config, enum property property);

/* What one value comes to, with what the loop has obtained. */
int64_t config_effective(const struct config *config, enum property property, const struct lariat_loop *loop);

/* The poll parameters out of it, and into it. */
void config_get_poll(const struct config *config, struct lariat_poll_params *params);
void config_put_poll(struct config *config, const struct lariat_poll_params *params);

/* All that a loop can be tuned with. */
void config_get_tuning(const struct config *config, struct loop_tuning *tuning);

#endif
