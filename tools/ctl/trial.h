/* SPDX-License-Identifier: MIT */
/*
 * Settings of the polling tried on an iothread of a running program, and the old one put back.
 *
 * All five poll properties are set by one command, so that the iothread never runs with a mixture. A setting that is not the
 * one that was set last is somebody else's, and is left alone from then on.
 */
#ifndef CTL_TRIAL_H
#define CTL_TRIAL_H

#include <jansson.h>
#include <stdint.h>

#include "client.h"
#include "tuning.h"

#define TRIAL_INTERRUPTED (-1) /* a signal came; all other statuses are of enum client_status */

struct trial {
    struct client *client;
    const char *id;
    int64_t thread_id; /* another iothread may get the same id */
    struct tune_config old;
    struct tune_config set;   /* what was set last, and is in force */
    struct tune_config asked; /* what is being set: if the answer is lost, nobody knows which of the two is in force */
    bool own;                 /* `set` is not the old one, but one on trial */
    bool touched;             /* anything was set, and nobody else did since */
    const char *counted;      /* what counts as a completion: the name of a counter, or TRIAL_OPS */
    bool has_cpu_time;
    unsigned short random[3];
};

extern const char TRIAL_OPS[];

/* Find the iothread and its setting. id: borrowed. */
enum client_status trial_begin(struct trial *trial, struct client *client, const char *id, uint64_t seed);

/* Watch it for a while, with the old setting, to see what there is to count. TRIAL_INTERRUPTED, or a status. */
int trial_look(struct trial *trial, int64_t length_ns);

/* Put a setting in force. */
enum client_status trial_set(struct trial *trial, const struct tune_config *config);

/* Put one in force, let the window find its length, and measure for the rest of the time. TRIAL_INTERRUPTED, or a status. */
int trial_run(struct trial *trial, const struct tune_config *config, int64_t length_ns, struct tuning_figures *figures);

/*
 * Put the old setting back, if another one is in force and is ours. after: the status because of which. Where the connection
 * is lost, a new one is tried for a second.
 */
enum client_status trial_restore(struct trial *trial, int after);

/* The five properties and their values, as iothread-set takes them. */
json_t *trial_properties(const struct tune_config *config);

#endif
