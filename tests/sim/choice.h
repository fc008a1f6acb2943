/* SPDX-License-Identifier: MIT */
/*
 * Where a run of the simulator takes its decisions from: a string of bytes, so that a seed, a file and a fuzzer drive the
 * same thing.
 *
 *   bytes 0-7   seed of the random numbers of the kernel (delays, order, faults)
 *         8-11  the faults that may strike in this run, a bit each (swarm testing: each run has another subset)
 *         12    how often they strike, and the age of the kernel
 *         13    sizes of the queues, completion batching
 *         14    flags of the loop, poll parameters
 *         15    how the run ends
 *         16-   what the program does, see world.c; at the end of the string it ends
 */
#ifndef LARIAT_SIM_CHOICE_H
#define LARIAT_SIM_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fault {
    FAULT_SLOW,          /* requests take long */
    FAULT_SHORT,         /* transfers are short */
    FAULT_ERRNO,         /* requests fail */
    FAULT_AGAIN,         /* requests fail with EAGAIN or EINTR */
    FAULT_REORDER,       /* completions in any order */
    FAULT_CANCEL,        /* cancels come too late */
    FAULT_MULTISHOT,     /* multishot requests end */
    FAULT_SPURIOUS,      /* waits end for nothing */
    FAULT_EINTR,         /* waits, reads and writes are interrupted */
    FAULT_ENTER_AGAIN,   /* enter fails with EAGAIN, EBUSY or ENOMEM */
    FAULT_FEWER,         /* enter takes fewer requests than offered */
    FAULT_STALE_HINT,    /* TASKRUN stays set with nothing behind it */
    FAULT_CLOCK_STILL,   /* the clock stands */
    FAULT_CLOCK_LEAP,    /* ... leaps forward */
    FAULT_CLOCK_BACK,    /* ... goes back */
    FAULT_MEMORY,        /* malloc() fails */
    FAULT_EVENTFD_FULL,  /* somebody else fills the counter */
    FAULT_FOREIGN,       /* no fault: other threads use the loop */
    FAULT_SIGNAL,        /* no fault: signal handlers use it, on the owner's thread */
    FAULT_SETUP,         /* setting up a ring or an eventfd fails */
    FAULT_REGISTER,      /* registering fails */
    FAULT_POLL,          /* polling a descriptor fails */
    N_FAULTS
};

#define CHOICE_HEADER_BYTES 16
#define CHOICE_FAULTS_AT 8
#define CHOICE_FAULTS_BYTES 4

/* Begin a run. The bytes must stay until the next one. */
void choice_begin(const uint8_t *bytes, size_t n);

/* Byte i of the header; 0 behind the end. */
uint8_t choice_header(size_t i);

/* The next byte of the program, 0 at the end. */
uint8_t choice_byte(void);
bool choice_more(void);

/* A random number below n, of the kernel's. */
uint32_t choice_random(uint32_t n);

/* Does this fault strike now? */
bool choice_fault(enum fault fault);

/* From now on none does. */
void choice_end_faults(void);
bool choice_faults_over(void);

/* How many have struck. */
uint64_t choice_struck(void);

/* May this one strike in this run at all? */
bool choice_may_strike(enum fault fault);

/* The bytes that stand for a seed. Returns how many. */
size_t choice_from_seed(uint64_t seed, uint8_t *bytes, size_t room);

#endif
