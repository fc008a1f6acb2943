/* SPDX-License-Identifier: MIT */
#include "top_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"

static struct top_row *find(const struct top_model *model, const struct sample *sample)
{
    for (size_t i = 0; i < model->n_rows; i++) {
        struct top_row *row = &model->rows[i];

        if (row->now.thread_id == sample->thread_id && strcmp(row->now.id, sample->id) == 0)
            return row;
    }
    return NULL;
}

static void push_history(struct top_row *row, uint64_t window_ns)
{
    if (row->n_history == TOP_HISTORY)
        memmove(row->history, row->history + 1, --row->n_history * sizeof(row->history[0]));
    row->history[row->n_history++] = window_ns;
}

static void fill(struct top_row *row, const struct top_row *old, const struct sample *sample)
{
    if (old)
        *row = *old;
    row->rates = rates_between(old ? &old->now.counters : NULL, &sample->counters);
    row->now = *sample;
    push_history(row, sample->window_ns);
}

/* What a row is sorted by, the largest first; what is not known comes last. */
static double weight(const struct top_row *row, enum top_order order)
{
    double value = order == ORDER_IOPS        ? row->rates.iops
                   : order == ORDER_SPINNING  ? row->rates.spinning
                   : order == ORDER_CALLBACKS ? row->rates.callbacks
                                              : 0;

    return isnan(value) ? -1 : value;
}

static int compare(const void *a, const void *b, void *order)
{
    const struct top_row *x = a, *y = b;
    double wx = weight(x, *(enum top_order *)order), wy = weight(y, *(enum top_order *)order);

    if (wx != wy)
        return wx > wy ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

/* Keep the selection at the iothread of this place, if it is there. */
static void sort(struct top_model *model, size_t selected_place)
{
    if (model->n_rows > 0)
        qsort_r(model->rows, model->n_rows, sizeof(*model->rows), compare, &model->order);
    for (size_t i = 0; i < model->n_rows; i++)
        if (model->rows[i].place == selected_place)
            model->selected = i;
    top_model_move(model, 0);
}

void top_model_update(struct top_model *model, const struct sample *samples, size_t n)
{
    struct top_row *rows = need_memory(calloc(n + 1, sizeof(*rows)));
    const struct top_row *selected = model->selected < model->n_rows ? &model->rows[model->selected] : NULL;
    size_t selected_place = SIZE_MAX;

    for (size_t i = 0; i < n; i++) {
        const struct top_row *old = find(model, &samples[i]);

        if (old && old == selected)
            selected_place = i;
        fill(&rows[i], old, &samples[i]);
        rows[i].place = i;
    }
    free(model->rows);
    model->rows = rows;
    model->n_rows = n;
    sort(model, selected_place);
}

void top_model_free(struct top_model *model)
{
    free(model->rows);
    model->rows = NULL;
    model->n_rows = 0;
}

void top_model_move(struct top_model *model, long by)
{
    long to = (long)model->selected + by, last = (long)model->n_rows - 1;

    to = to > last ? last : to;
    model->selected = to < 0 ? 0 : (size_t)to;
}

void top_model_next_order(struct top_model *model)
{
    size_t place = model->n_rows > 0 ? model->rows[model->selected].place : SIZE_MAX;

    model->order = (enum top_order)((model->order + 1) % N_ORDERS);
    sort(model, place);
}

const char *top_order_name(enum top_order order)
{
    static const char *const names[] = { "created", "IOPS", "spinning", "callbacks" };

    return names[order];
}

double top_model_iops(const struct top_model *model)
{
    double sum = NAN;

    for (size_t i = 0; i < model->n_rows; i++)
        if (!isnan(model->rows[i].rates.iops))
            sum = (isnan(sum) ? 0 : sum) + model->rows[i].rates.iops;
    return sum;
}
