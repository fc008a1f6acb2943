/* SPDX-License-Identifier: MIT */
#include "info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "iothread.h"
#include "poll.h"

/* With all that it points to, but for the texts of the values. `info` is first: it is what is handed out. */
struct info_block {
    struct lariat_iothread_info info;
    struct lariat_loop_stats stats;
    struct lariat_property_value values[N_PROPERTIES];
    char id[IOTHREAD_ID_MAX + 1];
};

static int fill_values(struct info_block *block, const struct config *config, const struct lariat_loop *loop)
{
    for (int i = 0; i < N_PROPERTIES; i++) {
        struct lariat_property_value *value = &block->values[i];

        value->info = lariat_property_at((unsigned)i);
        value->text = config_text(config, (enum property)i);
        value->number = config->numbers[i];
        value->effective = config_effective(config, (enum property)i, loop);
        if (!value->text)
            return -ENOMEM;
    }
    return 0;
}

int info_make(struct lariat_iothread *iothread, struct lariat_iothread_info **out)
{
    const struct lariat_loop_stats empty = LARIAT_LOOP_STATS_INIT;
    struct info_block *block = calloc(1, sizeof(*block));
    struct config config;
    int err;

    if (!block)
        return -ENOMEM;
    err = iothread_get_config(iothread, &config, &block->info.running);
    if (err) {
        free(block);
        return err;
    }
    strcpy(block->id, iothread->id);
    block->stats = empty;
    lariat_loop_get_stats(iothread->loop, &block->stats);
    block->info.id = block->id;
    block->info.thread_id = iothread->tid;
    block->info.cpu_ns = iothread_cpu_ns(iothread);
    config_get_poll(&config, &block->info.poll);
    poll_params_effective(&block->info.poll, &block->info.poll_effective);
    block->info.properties = block->values;
    block->info.n_properties = N_PROPERTIES;
    block->info.stats = &block->stats;
    err = fill_values(block, &config, iothread->loop);
    config_exit(&config);
    if (err)
        lariat_iothread_info_free(&block->info);
    else
        *out = &block->info;
    return err;
}

void lariat_iothread_info_free(struct lariat_iothread_info *head)
{
    while (head) {
        struct info_block *block = (struct info_block *)head;

        head = head->next;
        for (int i = 0; i < N_PROPERTIES; i++)
            free((char *)block->values[i].text);
        free(block);
    }
}
