/* SPDX-License-Identifier: MIT */
#include "choice.h"

#include <string.h>

#define PROGRAM_BYTES_LEAST 24
#define PROGRAM_BYTES_MOST 1400
#define FAULTS_MASK ((UINT32_C(1) << N_FAULTS) - 1)

static struct {
    const uint8_t *bytes;
    size_t n, at;
    uint64_t random;
    uint64_t n_struck;
    uint32_t faults;
    unsigned rate; /* of 256 */
    bool over;
} choice;

/* splitmix64: public domain, Sebastiano Vigna. */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void choice_begin(const uint8_t *bytes, size_t n)
{
    static const unsigned rates[] = { 4, 16, 48, 128 };

    memset(&choice, 0, sizeof(choice));
    choice.bytes = bytes;
    choice.n = n;
    choice.at = CHOICE_HEADER_BYTES;
    for (size_t i = 0; i < 8; i++)
        choice.random = choice.random << 8 | choice_header(i);
    for (size_t i = CHOICE_FAULTS_AT; i < CHOICE_FAULTS_AT + CHOICE_FAULTS_BYTES; i++)
        choice.faults = choice.faults << 8 | choice_header(i);
    choice.rate = rates[choice_header(12) & 3];
}

uint8_t choice_header(size_t i)
{
    return i < choice.n ? choice.bytes[i] : 0;
}

bool choice_more(void)
{
    return choice.at < choice.n;
}

uint8_t choice_byte(void)
{
    return choice_more() ? choice.bytes[choice.at++] : 0;
}

uint32_t choice_random(uint32_t n)
{
    return n ? (uint32_t)(next_random(&choice.random) >> 32) % n : 0;
}

bool choice_may_strike(enum fault fault)
{
    return choice.faults >> fault & 1;
}

bool choice_fault(enum fault fault)
{
    bool strikes = !choice.over && choice_may_strike(fault) && choice_random(256) < choice.rate;

    choice.n_struck += strikes;
    return strikes;
}

void choice_end_faults(void)
{
    choice.over = true;
}

bool choice_faults_over(void)
{
    return choice.over;
}

uint64_t choice_struck(void)
{
    return choice.n_struck;
}

size_t choice_from_seed(uint64_t seed, uint8_t *bytes, size_t room)
{
    uint64_t state = seed;
    uint64_t kind = next_random(&state);
    size_t n = CHOICE_HEADER_BYTES + PROGRAM_BYTES_LEAST + kind % (PROGRAM_BYTES_MOST - PROGRAM_BYTES_LEAST);
    uint32_t faults = (uint32_t)next_random(&state) & FAULTS_MASK;

    n = n < room ? n : room;
    for (size_t i = 0; i < n; i++)
        bytes[i] = (uint8_t)(next_random(&state) >> 40);
    /* A swarm: mostly a random subset, now and then few, none, or all. */
    switch (kind >> 32 & 15) {
    case 0:
        faults = 0;
        break;
    case 1:
        faults = FAULTS_MASK;
        break;
    case 2:
    case 3:
    case 4:
        faults &= (uint32_t)next_random(&state);
        faults &= (uint32_t)next_random(&state);
        break;
    default:
        break;
    }
    for (size_t i = 0; i < CHOICE_FAULTS_BYTES; i++)
        bytes[CHOICE_FAULTS_AT + i] = (uint8_t)(faults >> (24 - 8 * i));
    return n;
}
