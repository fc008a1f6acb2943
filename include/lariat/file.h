/* SPDX-License-Identifier: MIT */
/*
 * Files: what a storage application must know about a target before it does I/O on it, found out once, when it is opened.
 *
 * The calls on the file alone are for any thread; a file may be used by several loops at once.
 */
#ifndef LARIAT_FILE_H
#define LARIAT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <lariat/api.h>
#include <lariat/op.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lariat_file;

enum lariat_file_kind {
    LARIAT_FILE_REGULAR = 0,
    LARIAT_FILE_BLOCK = 1,
    LARIAT_FILE_CHAR = 2,
    LARIAT_FILE_OTHER = 3 /* pipe, socket: a stream */
};

struct lariat_file_info {
    size_t size;                  /* set by the initialiser: the library fills no more than this */
    enum lariat_file_kind kind;
    int64_t size_bytes;           /* of the file or device; 0 for the others */
    unsigned dio_mem_align;       /* alignment of memory for O_DIRECT; 1 without O_DIRECT */
    unsigned dio_offset_align;    /* alignment of offset and length for O_DIRECT; 1 without O_DIRECT */
    unsigned logical_block_size;  /* of the device, or of the one below the file; 512 if unknown */
    bool direct;                  /* opened with O_DIRECT */
    bool rotational;              /* on a spinning disk, as far as the kernel says */
    bool supports_nowait;         /* reads go through the ring without a worker thread */
    bool supports_nowait_write;   /* so do writes */
    bool supports_discard;        /* lariat_file_discard() works: known of the device, or of the type of file system */
    bool supports_write_zeroes;   /* so does lariat_file_write_zeroes() */
    bool mounted;                 /* block device: mounted, swap, or claimed by another driver, wholly or a partition */
    bool memory_backed;           /* tmpfs or ramfs: reads and writes never wait for a device */
};
#define LARIAT_FILE_INFO_INIT { sizeof(struct lariat_file_info), LARIAT_FILE_REGULAR, 0, 0, 0, 0, \
    false, false, false, false, false, false, false, false }

/*
 * Open path (O_CLOEXEC is added) and probe it. oflags and mode as for open(2). May block.
 * -errno of open(2), -EISDIR, -ENOMEM, -EMFILE, -ENFILE; *errmsg (may be NULL) then gets a sentence that names the path, to be
 * freed. Probing writes nothing; it takes one descriptor more for a moment, and fails when that or memory is not to be had.
 */
LARIAT_API LARIAT_NODISCARD int lariat_file_open(const char *path, int oflags, mode_t mode, struct lariat_file **out,
                                                 char **errmsg);

/* Close it; no I/O may be in flight. NULL is ignored. */
LARIAT_API void lariat_file_close(struct lariat_file *file);

/* The descriptor, owned by the file. */
LARIAT_API int lariat_file_fd(const struct lariat_file *file);

/* Read the size (and `mounted`) anew, after a resize. 0, or -errno and nothing has changed. May block. */
LARIAT_API int lariat_file_refresh(struct lariat_file *file);

/* What was found out. Set info->size first (LARIAT_FILE_INFO_INIT). */
LARIAT_API void lariat_file_get_info(const struct lariat_file *file, struct lariat_file_info *info);

/*
 * I/O on a file: as the calls of op.h with its descriptor, but by the way that suits what was probed: reads and writes of up
 * to 64 KiB on memory-backed files are done inline, in the call (io_uring would hand them to a worker thread, 3 to 6 times
 * slower at depth 1); where the kernel would first try in vain without blocking, the worker is asked for at once; all else
 * goes through the ring. fn still runs later, never inside the call. Owner of `loop` only. LARIAT_OP_FIXED_FILE does not
 * apply (-EINVAL).
 */
LARIAT_API void lariat_file_read(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file, void *buf,
                                 size_t len, int64_t offset);
LARIAT_API void lariat_file_write(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file, const void *buf,
                                  size_t len, int64_t offset);
LARIAT_API void lariat_file_readv(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file,
                                  const struct iovec *iov, int n_iov, int64_t offset);
LARIAT_API void lariat_file_writev(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file,
                                   const struct iovec *iov, int n_iov, int64_t offset);
LARIAT_API void lariat_file_fsync(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file, bool datasync);

/*
 * Discard a range: on block devices by the ring's own command where the kernel has it, otherwise (and on regular files) by
 * punching a hole. The range reads as zeroes on regular files; on devices its content is undefined. -EOPNOTSUPP where it is
 * not supported.
 */
LARIAT_API void lariat_file_discard(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file, int64_t offset,
                                    int64_t len);

/* Make a range read as zeroes without sending them; extends a regular file where its file system can. */
LARIAT_API void lariat_file_write_zeroes(struct lariat_loop *loop, struct lariat_op *op, struct lariat_file *file,
                                         int64_t offset, int64_t len);

/*
 * Memory for O_DIRECT: len bytes at a multiple of align (a power of two; 0: the page size). NULL when there is none, or align
 * is not a power of two. Not zeroed. Any thread.
 */
LARIAT_API void *lariat_buffer_alloc(size_t align, size_t len);

/* Free it; NULL is ignored. Any thread. */
LARIAT_API void lariat_buffer_free(void *buf);

#ifdef __cplusplus
}
#endif

#endif
