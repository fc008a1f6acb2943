/* SPDX-License-Identifier: MIT */
/*
 * Hooks: what another library adds to a loop. A list that only the owner touches, until the loop, or its iothread, is freed.
 * A callback may add and remove hooks, its own and others: hooks.next is the place in the walk, and removal moves it on.
 */
#include "hook.h"

#include <errno.h>

#include "loop.h"

/* What is in the words of struct lariat_loop_hook. */
struct hook_priv {
    struct lariat_loop *loop; /* NULL: not added */
    struct lariat_loop_hook *prev, *next;
} __attribute__((may_alias));

_Static_assert(sizeof(struct hook_priv) <= sizeof(((struct lariat_loop_hook *)0)->priv),
               "struct lariat_loop_hook has too few words");

static struct hook_priv *hook_priv(struct lariat_loop_hook *hook)
{
    return (struct hook_priv *)hook->priv;
}

int lariat_loop_hook_add(struct lariat_loop *loop, struct lariat_loop_hook *hook)
{
    struct hook_priv *p;

    assert_owner(loop, __func__);
    require(hook, __func__, "hook");
    if (loop->stopping)
        return -ESHUTDOWN;
    p = hook_priv(hook);
    if (p->loop)
        fatal(__func__, "loop", loop->name, "this hook was added already");
    p->loop = loop;
    p->prev = NULL;
    p->next = loop->hooks.first;
    if (p->next)
        hook_priv(p->next)->prev = hook;
    loop->hooks.first = hook;
    loop_queued(loop);
    return 0;
}

static void unlink_hook(struct lariat_loop *loop, struct lariat_loop_hook *hook)
{
    struct hook_priv *p = hook_priv(hook);

    if (p->prev)
        hook_priv(p->prev)->next = p->next;
    else
        loop->hooks.first = p->next;
    if (p->next)
        hook_priv(p->next)->prev = p->prev;
    if (loop->hooks.next == hook)
        loop->hooks.next = p->next;
    p->loop = NULL;
}

void lariat_loop_hook_remove(struct lariat_loop *loop, struct lariat_loop_hook *hook)
{
    assert_owner(loop, __func__);
    require(hook, __func__, "hook");
    if (hook_priv(hook)->loop == loop)
        unlink_hook(loop, hook);
}

static struct lariat_loop_hook *take_next(struct lariat_loop *loop)
{
    struct lariat_loop_hook *hook = loop->hooks.next;

    if (hook)
        loop->hooks.next = hook_priv(hook)->next;
    return hook;
}

/* lariat_loop_prepare() too comes here: to the hooks that is inside the loop as well. */
void hooks_prepare(struct lariat_loop *loop)
{
    struct lariat_loop *outer = loop_set_current(loop);
    bool polling = loop->polling;

    /* What is queued goes out next, and an open chain ends with it: so it does not take in what the hooks submit. */
    ring_end_chain(&loop->ring);
    loop->polling = true;
    loop->hooks.next = loop->hooks.first;
    for (struct lariat_loop_hook *hook = take_next(loop); hook; hook = take_next(loop))
        if (hook->prepare)
            hook->prepare(hook);
    loop->polling = polling;
    loop_set_current(outer);
}

void hooks_closed(struct lariat_loop *loop)
{
    loop->hooks.next = loop->hooks.first;
    for (struct lariat_loop_hook *hook = take_next(loop); hook; hook = take_next(loop))
        if (hook->closed)
            hook->closed(hook);
}

void hooks_free(struct lariat_loop *loop)
{
    struct lariat_loop_hook *hook;

    while (loop && (hook = loop->hooks.first)) {
        unlink_hook(loop, hook);
        if (hook->freed)
            hook->freed(hook); /* the memory of the hook is gone */
    }
}
