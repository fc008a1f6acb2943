/* SPDX-License-Identifier: MIT */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif

#include "checksum.h"

#include <pthread.h>
#include <string.h>

#ifdef HAVE_NETTLE
#include <nettle/md5.h>
#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <nettle/sha3.h>
#endif
#ifdef HAVE_XXHASH
#include <xxhash.h>
#endif

#include "crc32c.h"

/* CRCs by a table of 256, made at first use: crc16 as Modbus has it, crc32 as zlib, crc64 as xz, crc7 as MMC cards. */
static uint16_t table16[256];
static uint32_t table32[256];
static uint64_t table64[256];
static uint8_t table7[256];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

static void make_tables(void)
{
    for (unsigned i = 0; i < 256; i++) {
        uint64_t x16 = i, x32 = i, x64 = i;
        uint8_t x7 = (uint8_t)i;

        for (unsigned bit = 0; bit < 8; bit++) {
            x16 = (x16 >> 1) ^ (x16 & 1 ? 0xa001 : 0);
            x32 = (x32 >> 1) ^ (x32 & 1 ? 0xedb88320 : 0);
            x64 = (x64 >> 1) ^ (x64 & 1 ? UINT64_C(0xc96c5795d7870f42) : 0);
            x7 = (uint8_t)((x7 << 1) ^ (x7 & 0x80 ? 0x12 : 0));
        }
        table16[i] = (uint16_t)x16;
        table32[i] = (uint32_t)x32;
        table64[i] = x64;
        table7[i] = x7;
    }
}

static void compute_crc7(const void *data, size_t n, uint8_t *out)
{
    const uint8_t *p = data;
    uint8_t crc = 0;

    pthread_once(&tables_once, make_tables);
    for (size_t i = 0; i < n; i++)
        crc = table7[crc ^ p[i]];
    out[0] = crc >> 1;
}

static void compute_crc16(const void *data, size_t n, uint8_t *out)
{
    const uint8_t *p = data;
    unsigned crc = 0;

    pthread_once(&tables_once, make_tables);
    for (size_t i = 0; i < n; i++)
        crc = (crc >> 8) ^ table16[(crc ^ p[i]) & 0xff];
    uint16_t crc16 = (uint16_t)crc;
    memcpy(out, &crc16, sizeof(crc16));
}

static void compute_crc32(const void *data, size_t n, uint8_t *out)
{
    const uint8_t *p = data;
    uint32_t crc = ~0u;

    pthread_once(&tables_once, make_tables);
    for (size_t i = 0; i < n; i++)
        crc = (crc >> 8) ^ table32[(crc ^ p[i]) & 0xff];
    crc = ~crc;
    memcpy(out, &crc, sizeof(crc));
}

static void compute_crc64(const void *data, size_t n, uint8_t *out)
{
    const uint8_t *p = data;
    uint64_t crc = ~UINT64_C(0);

    pthread_once(&tables_once, make_tables);
    for (size_t i = 0; i < n; i++)
        crc = (crc >> 8) ^ table64[(crc ^ p[i]) & 0xff];
    crc = ~crc;
    memcpy(out, &crc, sizeof(crc));
}

static void compute_crc32c(const void *data, size_t n, uint8_t *out)
{
    uint32_t crc = crc32c(data, n);

    memcpy(out, &crc, sizeof(crc));
}

#ifdef HAVE_XXHASH
#define XXHASH NULL, compute_xxhash

static void compute_xxhash(const void *data, size_t n, uint8_t *out)
{
    uint32_t hash = XXH32(data, n, 0);

    memcpy(out, &hash, sizeof(hash));
}
#else
#define XXHASH "xxhash", NULL
#endif

#ifdef HAVE_NETTLE

static void compute_md5(const void *data, size_t n, uint8_t *out)
{
    struct md5_ctx context;

    md5_init(&context);
    md5_update(&context, n, data);
    md5_digest(&context, MD5_DIGEST_SIZE, out);
}

static void compute_sha1(const void *data, size_t n, uint8_t *out)
{
    struct sha1_ctx context;

    sha1_init(&context);
    sha1_update(&context, n, data);
    sha1_digest(&context, SHA1_DIGEST_SIZE, out);
}

static void compute_sha256(const void *data, size_t n, uint8_t *out)
{
    struct sha256_ctx context;

    sha256_init(&context);
    sha256_update(&context, n, data);
    sha256_digest(&context, SHA256_DIGEST_SIZE, out);
}

static void compute_sha512(const void *data, size_t n, uint8_t *out)
{
    struct sha512_ctx context;

    sha512_init(&context);
    sha512_update(&context, n, data);
    sha512_digest(&context, SHA512_DIGEST_SIZE, out);
}

static void compute_sha3_224(const void *data, size_t n, uint8_t *out)
{
    struct sha3_224_ctx context;

    sha3_224_init(&context);
    sha3_224_update(&context, n, data);
    sha3_224_digest(&context, SHA3_224_DIGEST_SIZE, out);
}

static void compute_sha3_256(const void *data, size_t n, uint8_t *out)
{
    struct sha3_256_ctx context;

    sha3_256_init(&context);
    sha3_256_update(&context, n, data);
    sha3_256_digest(&context, SHA3_256_DIGEST_SIZE, out);
}

static void compute_sha3_384(const void *data, size_t n, uint8_t *out)
{
    struct sha3_384_ctx context;

    sha3_384_init(&context);
    sha3_384_update(&context, n, data);
    sha3_384_digest(&context, SHA3_384_DIGEST_SIZE, out);
}

static void compute_sha3_512(const void *data, size_t n, uint8_t *out)
{
    struct sha3_512_ctx context;

    sha3_512_init(&context);
    sha3_512_update(&context, n, data);
    sha3_512_digest(&context, SHA3_512_DIGEST_SIZE, out);
}

#define NETTLE(function) NULL, function
#else
#define NETTLE(function) "nettle", NULL
#endif

static const struct checksum checksums[] = {
    { "crc32c", 4, NULL, compute_crc32c },
    { "crc32c-intel", 4, NULL, compute_crc32c },
    { "crc7", 1, NULL, compute_crc7 },
    { "crc16", 2, NULL, compute_crc16 },
    { "crc32", 4, NULL, compute_crc32 },
    { "crc64", 8, NULL, compute_crc64 },
    { "xxhash", 4, XXHASH },
    { "md5", 16, NETTLE(compute_md5) },
    { "sha1", 20, NETTLE(compute_sha1) },
    { "sha256", 32, NETTLE(compute_sha256) },
    { "sha512", 64, NETTLE(compute_sha512) },
    { "sha3-224", 28, NETTLE(compute_sha3_224) },
    { "sha3-256", 32, NETTLE(compute_sha3_256) },
    { "sha3-384", 48, NETTLE(compute_sha3_384) },
    { "sha3-512", 64, NETTLE(compute_sha3_512) },
};

const struct checksum *checksum_at(size_t i)
{
    return i < sizeof(checksums) / sizeof(checksums[0]) ? &checksums[i] : NULL;
}

const struct checksum *checksum_find(const char *name)
{
    const struct checksum *checksum;

    for (size_t i = 0; (checksum = checksum_at(i)); i++)
        if (strcmp(checksum->name, name) == 0)
            return checksum;
    return NULL;
}
