/* SPDX-License-Identifier: MIT */
/*
 * What the fake kernel has descriptors of: files with bytes, streams that bytes arrive on and go away by, listening sockets,
 * eventfds. Files and streams have the number of a real descriptor of their kind, because the library asks fstat() what it
 * deals with; no real I/O is ever done on those.
 */
#ifndef LARIAT_SIM_OBJECT_H
#define LARIAT_SIM_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum object_kind { OBJECT_NONE, OBJECT_FILE, OBJECT_STREAM, OBJECT_LISTENER, OBJECT_EVENTFD };

#define N_FILES 2
#define N_STREAMS 6
#define N_LISTENERS 2
#define N_OBJECTS (N_FILES + N_STREAMS + N_LISTENERS + 1) /* and the eventfd */
#define FILE_BYTES 32768u

struct object {
    enum object_kind kind;
    int fd;
    bool hung_up;      /* stream: no more will come */
    bool full;         /* stream: takes nothing now */
    uint64_t counter;  /* eventfd: its value; listener: connections waiting */
    unsigned n_in;     /* stream: bytes that have arrived and were not read */
    uint64_t in_at;    /* ... number of the first of them, which tells what it is */
    uint8_t *bytes;    /* file */
};

/* All objects anew. */
void objects_begin(void);

struct object *object_file(unsigned i);
struct object *object_stream(unsigned i);
struct object *object_listener(unsigned i);
struct object *object_of_fd(int fd);

/* The eventfd, closed when its fd is -1. */
struct object *object_eventfd(void);

/* POLL... that holds now. */
unsigned object_events(const struct object *object);

/* What is in a file that nobody wrote to, and in the stream of bytes that arrive. */
uint8_t file_byte(size_t offset);
uint8_t stream_byte(uint64_t at);

#endif
