/* SPDX-License-Identifier: MIT */
/*
 * What every public header needs: symbol visibility and the must-check attribute.
 *
 * Rules that hold for the whole library:
 *  - Functions that can fail return 0 or a count, or a negative errno value (-EINVAL ...). Nothing is printed and errno is
 *    not used, except for the one line that lariat_handler_set() mentions.
 *  - A NULL object, or a call from a thread that may not make it, is a programming error: the process aborts with a line
 *    that names the object and the function. The free-like calls (unref, destroy, delete, free, close of a file) take NULL.
 *  - Time is an int64_t count of nanoseconds of CLOCK_MONOTONIC; such names end in _ns.
 *  - A function not marked "any thread" belongs to the owner of the loop: the thread that made it, or the iothread.
 *  - In a child of fork() only unref, destroy and delete may be called on what the parent made; they give back memory only.
 *    Anything else aborts. The child may make loops of its own.
 */
#ifndef LARIAT_API_H
#define LARIAT_API_H

#if defined(__GNUC__)
#define LARIAT_API __attribute__((visibility("default")))
#define LARIAT_NODISCARD __attribute__((warn_unused_result))
#else
#define LARIAT_API
#define LARIAT_NODISCARD
#endif

#endif
