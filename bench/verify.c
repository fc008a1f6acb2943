/* SPDX-License-Identifier: MIT */
#include "verify.h"

#include <string.h>

#include "crc32c.h"
#include "pattern.h"

#define MAGIC UINT64_C(0x3243565461697261) /* "ariaTVC2" in memory */
#define SEAL_MAX (VERIFY_HEADER_SIZE + CHECKSUM_MAX)

static uint32_t seal_size(const struct verify_format *format)
{
    return VERIFY_HEADER_SIZE + (format->checksum ? format->checksum->size : 0);
}

uint32_t verify_size_min(const struct verify_format *format)
{
    return format->header ? format->at + seal_size(format) : 1;
}

/* The checksum of all but the header and itself; what is before them and what is behind them are chained by their checksums. */
static void compute(const struct verify_format *format, const char *stretch, uint32_t length, uint8_t *out)
{
    uint32_t behind = format->at + seal_size(format);
    uint8_t both[2 * CHECKSUM_MAX];
    unsigned size = format->checksum->size;

    if (!format->at) {
        format->checksum->compute(stretch + behind, length - behind, out);
        return;
    }
    format->checksum->compute(stretch, format->at, both);
    format->checksum->compute(stretch + behind, length - behind, both + size);
    format->checksum->compute(both, 2 * (size_t)size, out);
}

static uint32_t kind_of(const struct verify_format *format)
{
    return format->checksum ? crc32c(format->checksum->name, strlen(format->checksum->name)) : 0;
}

static void seal_stretch(const struct verify_format *format, char *stretch, uint32_t length, uint64_t offset,
                         uint32_t sequence)
{
    struct verify_header header = {
        .magic = MAGIC, .offset = offset, .sequence = sequence, .length = length, .kind = kind_of(format)
    };

    if (format->pattern)
        pattern_fill(format->pattern, stretch, length, offset);
    if (!format->header)
        return;
    header.crc32c = crc32c(&header, sizeof(header));
    if (format->checksum)
        compute(format, stretch, length, (uint8_t *)stretch + format->at + VERIFY_HEADER_SIZE);
    memcpy(stretch + format->at, &header, sizeof(header));
}

/* The stretch that begins at `at`; what is left at the end, too short for a header, belongs to the one before. */
static uint32_t stretch_length(const struct verify_format *format, uint32_t length, uint32_t at)
{
    uint32_t left = length - at, interval = format->interval;

    return !interval || left < interval + verify_size_min(format) ? left : interval;
}

void verify_seal(const struct verify_format *format, void *buf, uint32_t length, uint64_t offset, uint32_t sequence)
{
    for (uint32_t at = 0, n; at < length; at += n) {
        n = stretch_length(format, length, at);
        seal_stretch(format, (char *)buf + at, n, offset + at, sequence);
    }
}

static const char *check_pattern(const struct verify_format *format, const char *stretch, uint32_t from, uint32_t length,
                                 uint64_t offset, uint32_t *where)
{
    char expected[4 * PATTERN_MAX];
    uint32_t piece = (uint32_t)(sizeof(expected) / format->pattern->n * format->pattern->n);

    pattern_fill(format->pattern, expected, piece, offset);
    for (uint32_t at = 0; at < length; at += piece) {
        uint32_t n = length - at < piece ? length - at : piece;
        uint32_t skip = from > at ? (from - at < n ? from - at : n) : 0;

        if (memcmp(stretch + at + skip, expected + skip, n - skip) == 0)
            continue;
        for (*where = at + skip; stretch[*where] == expected[*where - at];)
            (*where)++;
        return "the pattern is not there";
    }
    return NULL;
}

static const char *check_header(const struct verify_format *format, const char *stretch, uint32_t length, uint64_t offset,
                                uint32_t sequence)
{
    uint8_t sum[CHECKSUM_MAX];
    struct verify_header header;

    memcpy(&header, stretch + format->at, sizeof(header));
    uint32_t crc = header.crc32c;

    header.crc32c = 0;
    if (header.magic != MAGIC)
        return "no block of a verify job is there (or its header was changed)";
    if (crc != crc32c(&header, sizeof(header)))
        return "the header was changed";
    if (header.length != length)
        return "the block was written with another --bs or --verify_interval";
    if (header.kind != kind_of(format))
        return "the block was written with another --verify";
    if (format->checksum) {
        compute(format, stretch, length, sum);
        if (memcmp(sum, stretch + format->at + VERIFY_HEADER_SIZE, format->checksum->size) != 0)
            return "the checksum is wrong: data was changed";
    }
    if (header.offset != offset)
        return "the block belongs to another offset";
    if (sequence && header.sequence != sequence)
        return "the block is an older one: a write was lost";
    return NULL;
}

static const char *check_stretch(const struct verify_format *format, const char *stretch, uint32_t length, uint64_t offset,
                                 uint32_t sequence, uint32_t *where)
{
    const char *wrong = NULL;
    uint32_t behind = format->header ? format->at + seal_size(format) : 0;

    *where = 0;
    if (format->header)
        wrong = check_header(format, stretch, length, offset, sequence);
    if (!wrong && format->pattern && !format->checksum) {
        if (format->header && format->at)
            wrong = check_pattern(format, stretch, 0, format->at, offset, where);
        if (!wrong)
            wrong = check_pattern(format, stretch, behind, length, offset, where);
    }
    return wrong;
}

const char *verify_check(const struct verify_format *format, const void *buf, uint32_t length, uint64_t offset,
                         uint32_t sequence, uint32_t *where)
{
    for (uint32_t at = 0, n; at < length; at += n) {
        n = stretch_length(format, length, at);
        const char *wrong = check_stretch(format, (const char *)buf + at, n, offset + at, sequence, where);

        *where += at;
        if (wrong)
            return wrong;
    }
    return NULL;
}
