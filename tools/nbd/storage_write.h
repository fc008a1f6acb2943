/* SPDX-License-Identifier: MIT */
/*
 * Writing to a file whose blocks can only be written whole, at offsets that are anything: of blocks that are written in part the
 * rest is read before. The request has the range for itself. On other files it is one write.
 */
#ifndef NBD_STORAGE_WRITE_H
#define NBD_STORAGE_WRITE_H

struct request;

/* Write the payload, or as many zeroes; ends in storage_end(). */
void storage_write(struct request *request);

/* The request is done, by what storage.c and this began: res is a negative errno value, or success. */
void storage_end(struct request *request, int res);

#endif
