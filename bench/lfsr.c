/* SPDX-License-Identifier: MIT */
#include "lfsr.h"

/* Exponents of a primitive polynomial for each number of bits, the leading one and the 1 left out. */
static const uint8_t taps[LFSR_BITS_MAX + 1][5] = {
    [2] = { 1 },           [3] = { 2 },        [4] = { 3 },           [5] = { 3 },
    [6] = { 5 },           [7] = { 6 },        [8] = { 6, 5, 4 },     [9] = { 5 },
    [10] = { 7 },          [11] = { 9 },       [12] = { 6, 4, 1 },    [13] = { 4, 3, 1 },
    [14] = { 5, 3, 1 },    [15] = { 14 },      [16] = { 15, 13, 4 },  [17] = { 14 },
    [18] = { 11 },         [19] = { 6, 2, 1 }, [20] = { 17 },         [21] = { 19 },
    [22] = { 21 },         [23] = { 18 },      [24] = { 23, 22, 17 }, [25] = { 22 },
    [26] = { 6, 2, 1 },    [27] = { 5, 2, 1 }, [28] = { 25 },         [29] = { 27 },
    [30] = { 6, 4, 1 },    [31] = { 28 },      [32] = { 22, 2, 1 },   [33] = { 20 },
    [34] = { 27, 2, 1 },   [35] = { 33 },      [36] = { 25 },         [37] = { 5, 4, 3, 2, 1 },
    [38] = { 6, 5, 1 },    [39] = { 35 },      [40] = { 38, 21, 19 }, [41] = { 38 },
    [42] = { 41, 20, 19 },
};

uint64_t lfsr_mask(unsigned bits)
{
    uint64_t mask = UINT64_C(1) << (bits - 1);

    for (unsigned i = 0; i < 5 && taps[bits][i]; i++)
        mask |= UINT64_C(1) << (taps[bits][i] - 1);
    return mask;
}

bool lfsr_init(struct lfsr *lfsr, uint64_t n, uint64_t seed)
{
    unsigned bits = 2;

    while (bits <= LFSR_BITS_MAX && (UINT64_C(1) << bits) - 1 < n)
        bits++;
    if (bits > LFSR_BITS_MAX)
        return false;
    /* The register holds 1 to 2^bits - 1; what lies above n is skipped, less than three of four. */
    *lfsr = (struct lfsr){ .n = n, .mask = lfsr_mask(bits), .first = seed % n + 1 };
    lfsr_reset(lfsr);
    return true;
}

void lfsr_reset(struct lfsr *lfsr)
{
    lfsr->state = lfsr->first;
    lfsr->begun = false;
}

bool lfsr_next(struct lfsr *lfsr, uint64_t *number)
{
    if (lfsr->begun) {
        do
            lfsr->state = (lfsr->state >> 1) ^ (lfsr->state & 1 ? lfsr->mask : 0);
        while (lfsr->state > lfsr->n);
        if (lfsr->state == lfsr->first)
            return false;
    }
    lfsr->begun = true;
    *number = lfsr->state - 1;
    return true;
}
