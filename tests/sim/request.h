/* SPDX-License-Identifier: MIT */
/* Requests inside the fake kernel: what each opcode does to an object, when it ends, and how. */
#ifndef LARIAT_SIM_REQUEST_H
#define LARIAT_SIM_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include <liburing.h>

#include "object.h"

struct request {
    enum { REQUEST_FREE, REQUEST_LINKED, REQUEST_WAITING, REQUEST_WORKING, REQUEST_DONE } state;
    struct io_uring_sqe sqe;
    struct object *object; /* NULL: none */
    struct request *link;  /* starts when this one succeeded */
    int64_t end;           /* WORKING: when it is done */
    int res;               /* DONE */
    bool queued;           /* on the list of task work */
    bool fired;            /* WAITING, a poll: look at it again */
    bool cancelled;
};

/* Nothing in flight; multishot: the kernel knows multishot polls. */
void requests_begin(bool multishot);

/* The kernel took an SQE. The whole chain comes at once, each linked to the next. */
struct request *request_new(const struct io_uring_sqe *sqe);
bool request_is_valid(const struct request *r);

/* Start it; failed: it, or one of its chain, was not valid, so that none starts. */
void request_start(struct request *r, bool failed);

/* Carry on with one on the list of task work. */
void request_task_work(struct request *r);

/* Those whose time has come. */
void requests_advance(void);
int64_t requests_next_end(void);

/* Something happened to the object: events that wait for it. */
void requests_wake(struct object *object);

unsigned requests_in_flight(void);

/* A poll on this descriptor waits in the kernel, for these events at least, or will be looked at again. */
bool requests_poll_armed(const struct object *object, uint64_t user_data, unsigned events);

/* What the application registered. */
void requests_register_files(const int *fds, unsigned n);
void requests_update_files(unsigned first, const int *fds, unsigned n);
void requests_register_buffers(unsigned n);
unsigned requests_n_files(void);
unsigned requests_n_buffers(void);

#endif
