/* SPDX-License-Identifier: MIT */
/* What "top" knows: the iothreads with their figures, which of them is selected, in which order they are shown. */
#ifndef CTL_TOP_MODEL_H
#define CTL_TOP_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rates.h"
#include "sample.h"

#define TOP_HISTORY 256

enum top_order { ORDER_CREATED, ORDER_IOPS, ORDER_SPINNING, ORDER_CALLBACKS, N_ORDERS };

struct top_row {
    struct sample now;
    struct rates rates;
    size_t place;                  /* in the order of creation */
    uint64_t history[TOP_HISTORY]; /* of the window, the newest last */
    size_t n_history;
};

/* Begin with zeroes. */
struct top_model {
    struct top_row *rows; /* in the order in which they are shown */
    size_t n_rows;
    size_t selected;      /* kept at the same iothread whatever the order */
    size_t first_visible; /* the screen scrolls it */
    enum top_order order;
    bool paused;
    const char *path;
    double interval_seconds;
    char message[160];
    bool message_is_bad;
};

/* Take in a new look: rows of iothreads that are gone go, with them their history. */
void top_model_update(struct top_model *model, const struct sample *samples, size_t n);
void top_model_free(struct top_model *model);

/* Select the row that is so many further down; stops at the ends. */
void top_model_move(struct top_model *model, long by);
void top_model_next_order(struct top_model *model);
const char *top_order_name(enum top_order order);

/* Of all iothreads together; NAN: not known of any. */
double top_model_iops(const struct top_model *model);

#endif
