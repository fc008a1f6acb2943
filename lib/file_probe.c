/* SPDX-License-Identifier: MIT */
/*
 * Finding out what a file can do. Nothing is written: where only a write would tell, one is made that cannot transfer
 * anything, because its memory is not readable.
 *
 * What the kernel does not tell is taken for the worse. But want of memory or descriptors is an error: a device that could not
 * be looked at must not pass for one that nobody uses.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/fs.h>

#include "annotate.h"
#include "file.h"

#define SECTOR_BYTES 512u
#define DIO_ALIGN_FALLBACK 4096u

static enum lariat_file_kind kind_of(mode_t mode)
{
    if (S_ISREG(mode))
        return LARIAT_FILE_REGULAR;
    if (S_ISBLK(mode))
        return LARIAT_FILE_BLOCK;
    return S_ISCHR(mode) ? LARIAT_FILE_CHAR : LARIAT_FILE_OTHER;
}

/* Does errno say that there was no memory or no descriptor? */
static bool was_want(void)
{
    return errno == ENOMEM || errno == EMFILE || errno == ENFILE;
}

/* One number of /sys/dev/block/MAJOR:MINOR/queue/, also when that is a partition; -1 if it is not there. 0 or -errno. */
static int queue_number(dev_t dev, const char *name, long long *value)
{
    static const char *const where[] = { "queue", "../queue" };

    *value = -1;
    for (size_t i = 0; i < sizeof(where) / sizeof(where[0]) && *value < 0; i++) {
        char path[128];
        FILE *f;

        snprintf(path, sizeof(path), "/sys/dev/block/%u:%u/%s/%s", major(dev), minor(dev), where[i], name);
        f = fopen(path, "re");
        if (!f && was_want())
            return -errno;
        if (!f)
            continue;
        if (fscanf(f, "%lld", value) != 1)
            *value = -1;
        fclose(f);
    }
    return 0;
}

/*
 * A device that somebody holds exclusively cannot be opened with O_EXCL; a whole disk neither if one of its partitions is.
 * 1, 0 or -errno.
 */
static int device_in_use(const char *path)
{
    int fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return was_want() ? -errno : errno == EBUSY;
    close(fd);
    return 0;
}

static bool is_memory_backed(int fd)
{
    struct statfs fs;

    return fstatfs(fd, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static void probe_alignment(const struct lariat_file *file, struct lariat_file_info *info)
{
    struct statx stx;
    unsigned fallback = info->kind == LARIAT_FILE_BLOCK ? info->logical_block_size : DIO_ALIGN_FALLBACK;

    info->dio_mem_align = info->dio_offset_align = 1;
    if (!info->direct)
        return;
    info->dio_mem_align = info->dio_offset_align = fallback;
#ifdef STATX_DIOALIGN
    memset(&stx, 0, sizeof(stx));
    if (statx(file->fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &stx) == 0 && stx.stx_mask & STATX_DIOALIGN &&
        stx.stx_dio_offset_align) {
        info->dio_mem_align = stx.stx_dio_mem_align;
        info->dio_offset_align = stx.stx_dio_offset_align;
    }
#else
    (void)stx;
    (void)file;
#endif
}

/* Does the kernel take RWF_NOWAIT? It refuses with EOPNOTSUPP before it looks at the data. */
static bool nowait_read(const struct lariat_file *file)
{
    char byte;
    struct iovec iov = { &byte, 1 };

    return preadv2(file->fd, &iov, 1, 0, RWF_NOWAIT) >= 0 || errno != EOPNOTSUPP;
}

/* 1, 0 or -errno. */
static int nowait_write(const struct lariat_file *file)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *unreadable = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct iovec iov = { unreadable, page };
    bool ok;

    if (unreadable == MAP_FAILED)
        return -errno;
    annotate_kernel_wrote(unreadable, page); /* for valgrind only, which would object */
    ok = pwritev2(file->fd, &iov, 1, 0, RWF_NOWAIT) >= 0 || errno != EOPNOTSUPP;
    munmap(unreadable, page);
    return ok;
}

/* By type, since trying would touch the time stamps. Of others nothing is claimed; lariat_file_discard() tries all the same. */
static bool can_punch(int fd)
{
    static const unsigned long known[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC,
                                           TMPFS_MAGIC,      OCFS2_SUPER_MAGIC };
    struct statfs fs;

    if (fstatfs(fd, &fs))
        return false;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if ((unsigned long)fs.f_type == known[i])
            return true;
    return false;
}

static int probe_block(const struct lariat_file *file, const struct stat *st, struct lariat_file_info *info)
{
    long long rotational, discard_max;
    int logical = 0;
    int err = queue_number(st->st_rdev, "rotational", &rotational);

    if (!err)
        err = queue_number(st->st_rdev, "discard_max_bytes", &discard_max);
    if (err)
        return err;
    if (ioctl(file->fd, BLKSSZGET, &logical) == 0 && logical > 0)
        info->logical_block_size = (unsigned)logical;
    info->rotational = rotational == 1;
    info->supports_discard = discard_max > 0;
    info->supports_write_zeroes = true; /* the kernel writes them itself where the device cannot */
    return 0;
}

static int probe_regular(const struct lariat_file *file, const struct stat *st, struct lariat_file_info *info, bool writable)
{
    long long logical, rotational;
    int err = queue_number(st->st_dev, "logical_block_size", &logical);

    if (!err)
        err = queue_number(st->st_dev, "rotational", &rotational);
    if (err)
        return err;
    if (logical > 0)
        info->logical_block_size = (unsigned)logical;
    info->rotational = rotational == 1;
    info->memory_backed = is_memory_backed(file->fd);
    info->supports_discard = info->supports_write_zeroes = writable && can_punch(file->fd);
    return 0;
}

static int probe_nowait(const struct lariat_file *file, struct lariat_file_info *info, int oflags)
{
    int access = oflags & O_ACCMODE;
    int ret;

    info->supports_nowait = access == O_WRONLY || nowait_read(file);
    /* With O_DIRECT reads and writes are alike, and ext4 would touch the time stamps before it looks at the memory. */
    if (info->direct) {
        info->supports_nowait_write = info->supports_nowait;
        return 0;
    }
    if (access == O_RDONLY || oflags & O_APPEND)
        return 0;
    ret = nowait_write(file);
    info->supports_nowait_write = ret > 0;
    return ret < 0 ? ret : 0;
}

int file_probe_size(struct lariat_file *file)
{
    int64_t size = 0;
    int mounted = 0;

    if (file->info.kind == LARIAT_FILE_REGULAR) {
        struct stat st;

        if (fstat(file->fd, &st))
            return -errno;
        size = st.st_size;
    } else if (file->info.kind == LARIAT_FILE_BLOCK) {
        uint64_t bytes;

        if (ioctl(file->fd, BLKGETSIZE64, &bytes))
            return -errno;
        size = (int64_t)bytes;
        mounted = device_in_use(file->path);
        if (mounted < 0)
            return mounted;
    }
    __atomic_store_n(&file->size_bytes, size, __ATOMIC_RELAXED);
    __atomic_store_n(&file->mounted, mounted > 0, __ATOMIC_RELAXED);
    return 0;
}

int file_probe(struct lariat_file *file, int oflags)
{
    struct lariat_file_info *info = &file->info;
    struct stat st;
    int err = 0;

    if (fstat(file->fd, &st))
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    info->kind = kind_of(st.st_mode);
    info->logical_block_size = SECTOR_BYTES;
    info->direct = oflags & O_DIRECT;
    if (info->kind == LARIAT_FILE_BLOCK)
        err = probe_block(file, &st, info);
    else if (info->kind == LARIAT_FILE_REGULAR)
        err = probe_regular(file, &st, info, (oflags & O_ACCMODE) != O_RDONLY);
    if (err)
        return err;
    probe_alignment(file, info);
    if (info->kind == LARIAT_FILE_REGULAR || info->kind == LARIAT_FILE_BLOCK)
        err = probe_nowait(file, info, oflags);
    if (err)
        return err;
    file->block_discard_cmd = info->kind == LARIAT_FILE_BLOCK;
    return file_probe_size(file);
}
