/* SPDX-License-Identifier: MIT */
#ifndef BENCH_CRC32C_H
#define BENCH_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli), as iSCSI and ext4 use it: that of "123456789" is 0xe3069283. */
uint32_t crc32c(const void *data, size_t n);

#endif
