/* SPDX-License-Identifier: MIT */
/*
 * Handlers: callbacks for a descriptor that becomes readable or writable. All calls are owner only and never block.
 */
#ifndef LARIAT_HANDLER_H
#define LARIAT_HANDLER_H

#include <lariat/api.h>
#include <lariat/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Watch fd, level-triggered: as long as it is readable (writable) the callback runs once per iteration. Setting again
 * replaces the callbacks; both NULL removes the handler, and it is never called again. A regular file is always ready.
 *
 * Hang-up and error conditions call `readable` if set, else `writable`. If the poll itself fails (the descriptor was closed,
 * say) that callback runs one last time, the handler is removed, and one line on stderr says so.
 *
 * Remove the handler BEFORE closing fd: until then the kernel keeps the file open (the peer sees no end of file), and if the
 * number is used again the handler would watch the new file.
 *
 * 0; -EBADF (fd < 0, or a large number that is not open); -ENOMEM; -ESHUTDOWN once the loop is stopping (removing is still fine).
 * After an error nothing has changed: a handler that was set before still is.
 */
LARIAT_API int lariat_handler_set(struct lariat_loop *loop, int fd, void (*readable)(void *), void (*writable)(void *),
                                  void *opaque);

/*
 * The same, edge-triggered, at half the cost: the callback runs when something new arrived (or, after it was set, if fd is
 * ready). It must read or write until EAGAIN, from a non-blocking descriptor: it may be called with nothing left to read.
 * Needs multishot polls (Linux 5.13): where the kernel has none, polling fails as told above.
 */
LARIAT_API int lariat_handler_set_edge(struct lariat_loop *loop, int fd, void (*readable)(void *), void (*writable)(void *),
                                       void *opaque);

#ifdef __cplusplus
}
#endif

#endif
