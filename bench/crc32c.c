/* SPDX-License-Identifier: MIT */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "crc32c.h"

#ifdef HAVE_ISAL

#include <isa-l/crc.h>

uint32_t crc32c(const void *data, size_t n)
{
    /* ISA-L counts in int; our blocks are at most 1 GiB. Its prototype lacks the const. */
    return ~crc32_iscsi((unsigned char *)(uintptr_t)data, (int)n, ~0u);
}

#else

#include <string.h>

#define POLYNOMIAL 0x82f63b78u /* reflected */

static uint32_t update_bytes(uint32_t crc, const unsigned char *p, size_t n)
{
    while (n--) {
        crc ^= *p++;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (POLYNOMIAL & (0u - (crc & 1)));
    }
    return crc;
}

#ifdef __x86_64__

__attribute__((target("sse4.2"))) static uint32_t update_sse42(uint32_t crc, const unsigned char *p, size_t n)
{
    uint64_t wide = crc;

    for (; n >= 8; n -= 8, p += 8) {
        uint64_t word;

        memcpy(&word, p, sizeof(word));
        wide = __builtin_ia32_crc32di(wide, word);
    }
    crc = (uint32_t)wide;
    while (n--)
        crc = __builtin_ia32_crc32qi(crc, *p++);
    return crc;
}

#endif

uint32_t crc32c(const void *data, size_t n)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("sse4.2"))
        return ~update_sse42(~0u, data, n);
#endif
    return ~update_bytes(~0u, data, n);
}

#endif
