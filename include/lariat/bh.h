/* SPDX-License-Identifier: MIT */
/*
 * Bottom halves: callbacks that any thread may schedule onto a loop.
 *
 * BHs run on the owner in the order in which they were scheduled. Those scheduled while BHs run (by themselves, say) run in
 * the next iteration, so I/O and timers always advance in between. A BH scheduled twice before it ran runs once.
 */
#ifndef LARIAT_BH_H
#define LARIAT_BH_H

#include <lariat/api.h>
#include <lariat/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lariat_bh;

/*
 * Make a BH. It holds a reference on its loop until it is deleted. name is borrowed and must outlive the BH
 * (a string literal); it may be NULL. Not deleting a BH leaks it and the loop's memory; nothing aborts.
 * Any thread, also after close (it will refuse to be scheduled). -ENOMEM.
 */
LARIAT_API LARIAT_NODISCARD int lariat_bh_new(struct lariat_loop *loop, const char *name, void (*fn)(void *), void *opaque,
                                              struct lariat_bh **out);

/*
 * Have fn(opaque) run once on the loop. All that the caller wrote before is visible to fn.
 * Any thread, async-signal-safe, no malloc, no lock; a system call only if the loop sleeps, and one for a whole burst.
 * 0: it will run (unless cancelled or deleted before); -ESHUTDOWN once the loop is stopping: it will not.
 */
LARIAT_API int lariat_bh_schedule(struct lariat_bh *bh);

/*
 * Take a schedule back. Any thread, async-signal-safe. Called by the owner: it will not run. Called elsewhere: it may be
 * running at this moment, or just about to start.
 */
LARIAT_API void lariat_bh_cancel(struct lariat_bh *bh);

/*
 * Never call it again, and free it as soon as the loop does not need it any more; NULL is ignored. The caller must not use bh
 * after this. Any thread, also from its own callback and after stop. Called elsewhere than by the owner, the callback may be
 * running at this moment.
 */
LARIAT_API void lariat_bh_delete(struct lariat_bh *bh);

/* The name given at creation, or NULL. Any thread. */
LARIAT_API const char *lariat_bh_name(const struct lariat_bh *bh);

/*
 * Have fn(opaque) run once on the loop, without a BH object. Any thread; allocates, so not async-signal-safe.
 * 0, -ENOMEM, or -ESHUTDOWN once the loop is stopping.
 */
LARIAT_API int lariat_bh_schedule_oneshot(struct lariat_loop *loop, void (*fn)(void *), void *opaque);

#ifdef __cplusplus
}
#endif

#endif
