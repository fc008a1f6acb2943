/* SPDX-License-Identifier: MIT */
#include "program_pollers.h"

#include <errno.h>

#include "choice.h"
#include "oracle.h"
#include "program_ops.h"
#include "sim.h"
#include "world.h"

/* ---- what the loop calls: others may act before and behind each look ---- */

static struct sim_poller *called(void *opaque)
{
    struct sim_poller *p = opaque;

    sim_require(p->poller && !oracle.closed, "a poller that was deleted, or of a closed loop, is called");
    return p;
}

static bool poll_items(void *opaque)
{
    struct sim_poller *p = called(opaque);
    bool ready = p->n_items > 0;

    sim_require(oracle.inside && !oracle.closing, "a poller is looked at outside of an iteration");
    world_interfere();
    return ready;
}

static void take_items(void *opaque)
{
    struct sim_poller *p = called(opaque);

    sim_require(p->n_items > 0, "a poller runs, and nothing is there");
    sim_require(!p->told, "a poller runs, and its other side still has to notify");
    sim_trace("poller %d is ready", (int)(p - oracle.pollers));
    p->n_items = choice_random(2) ? p->n_items - 1 : 0;
    program_react();
}

static void tell(void *opaque)
{
    struct sim_poller *p = called(opaque);

    sim_require(!p->told, "a poller's other side is told twice to notify");
    world_interfere();
    p->told = true;
    world_interfere();
}

static void take_back(void *opaque)
{
    struct sim_poller *p = called(opaque);

    sim_require(p->told, "a poller's other side is told twice not to notify");
    p->told = false;
}

/* ---- actions ---- */

static void delete_poller(struct sim_poller *p)
{
    sim_trace("poller %d deleted", (int)(p - oracle.pollers));
    lariat_poller_delete(p->poller);
    sim_require(!p->told, "a poller was deleted, and its other side still has to notify");
    p->poller = NULL;
    p->n_items = 0;
}

static void make_poller(struct sim_poller *p)
{
    int err = lariat_poller_new(oracle.loop, poll_items, take_items, p, &p->poller);

    sim_trace("poller %d made: %d", (int)(p - oracle.pollers), err);
    sim_require(err == 0 || (err == -ENOMEM && choice_may_strike(FAULT_MEMORY)) ||
                    (err == -ESHUTDOWN && (oracle.closing || oracle.closed)),
                "making a poller gives %d", err);
    if (err)
        p->poller = NULL;
    else
        lariat_poller_set_sleep_callbacks(p->poller, tell, take_back);
}

void program_put_item(unsigned slot)
{
    struct sim_poller *p = &oracle.pollers[slot % N_POLLERS];

    if (!p->poller)
        return;
    sim_trace("poller %u has an item", slot % N_POLLERS);
    p->n_items++;
    if (p->told)
        lariat_loop_notify(oracle.loop);
}

void program_act_poller(uint8_t more)
{
    struct sim_poller *p = &oracle.pollers[more % N_POLLERS];

    if (!p->poller)
        make_poller(p);
    else if (more & 48)
        program_put_item(more);
    else
        delete_poller(p);
}

void program_delete_pollers(void)
{
    for (unsigned i = 0; i < N_POLLERS; i++)
        if (oracle.pollers[i].poller)
            delete_poller(&oracle.pollers[i]);
}
