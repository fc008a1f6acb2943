/* SPDX-License-Identifier: MIT */
/*
 * Pollers: sources that live in memory shared with another thread, process or machine, such as the ring of a virtual queue.
 * The kernel knows nothing of them, so the loop looks by itself: in each iteration, all the time while it spins, and once
 * more before it sleeps. While it sleeps only a notification ends that: the other side calls lariat_loop_notify() or schedules
 * a BH, or writes to a descriptor that has a handler. So that it need not do so for each item, it can be told when to.
 *
 * A poller that found nothing for long is put aside: the other side is told to notify, for good, and the spin looks at it no
 * more, until it is ready again.
 */
#ifndef LARIAT_POLLER_H
#define LARIAT_POLLER_H

#include <stdbool.h>

#include <lariat/api.h>
#include <lariat/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lariat_poller;

/*
 * Have the loop look at a source.
 *
 * poll(opaque): is there anything to do? Only a look: cheap, since it is called again and again, and it takes nothing.
 * ready(opaque): there is; take it. A callback of the loop like others: it may delete pollers, its own too, and make new ones.
 * It runs once per iteration as long as poll says true, after the BHs; bound what it takes, for the sake of the loop's other
 * sources.
 *
 * The loop must be able to tell that there is something, so unless lariat_poller_set_sleep_callbacks() is used, the other side
 * notifies after each item that it adds. Owner only; the poller is to be given back by lariat_poller_delete(), also after
 * lariat_loop_close(), from which on it is never called. 0, -ENOMEM, -ESHUTDOWN once the loop is stopping.
 */
LARIAT_API LARIAT_NODISCARD int lariat_poller_new(struct lariat_loop *loop, bool (*poll)(void *opaque),
                                                  void (*ready)(void *opaque), void *opaque, struct lariat_poller **out);

/*
 * Tell the other side whether to notify. Either may be NULL.
 *
 * before(opaque): the loop is about to sleep, or puts the poller aside: from now on each item must be notified.
 * after(opaque): the loop is awake; notifying is a waste of time. Once for each before, at the latest when the poller is
 * deleted or the loop closed. One notification too many does no harm.
 *
 * Nothing is lost if both sides write first and then read, with a full barrier in between. Here the loop does so: before,
 * barrier, poll once more, and only then sleep. The other side must: publish the item, full barrier
 * (atomic_thread_fence(memory_order_seq_cst)), look whether it was told to notify.
 *
 * These two and poll must not use the loop, but for lariat_loop_notify() and BHs. They run inside lariat_loop_poll() and
 * dispatch, prepare, check and close; after also inside lariat_poller_delete(). Owner only.
 */
LARIAT_API void lariat_poller_set_sleep_callbacks(struct lariat_poller *poller, void (*before)(void *opaque),
                                                  void (*after)(void *opaque));

/*
 * Look at it no more, and free it; NULL is ignored. Owner only, also inside callbacks (but those of the sleep and poll); once
 * its loop is closed, any thread.
 */
LARIAT_API void lariat_poller_delete(struct lariat_poller *poller);

#ifdef __cplusplus
}
#endif

#endif
