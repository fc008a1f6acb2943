/* SPDX-License-Identifier: MIT */
#include "io_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <lariat/file.h>
#include <linux/magic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "target_parts.h"
#include "text_file.h"

static bool is_huge(enum mem_kind kind)
{
    return kind == MEM_MMAPHUGE || kind == MEM_SHMHUGE;
}

static size_t round_up(size_t n, size_t align)
{
    return (n + align - 1) / align * align;
}

/* Of the default size; 0: this kernel has none. */
static size_t huge_page_bytes(void)
{
    char text[8192];
    size_t kib = 0;

    if (text_file_read("", "/proc/meminfo", text, sizeof(text)) < 0)
        return 0;
    const char *line = strstr(text, "Hugepagesize:");

    return line && sscanf(line, "Hugepagesize: %zu kB", &kib) == 1 ? kib * 1024 : 0;
}

static int refuse(char *why, int rc, const char *what)
{
    snprintf(why, IO_MEMORY_WHY, "%s: %s", what, strerror(-rc));
    return rc;
}

/* The usual reason why huge pages are not to be had, and the way to get them. */
static int refuse_huge(char *why, int rc, size_t bytes, size_t page)
{
    char path[96], text[32];
    unsigned long n_free = 0;

    if (rc != -ENOMEM)
        return refuse(why, rc, "huge pages");
    snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB/free_hugepages", page / 1024);
    if (text_file_read("", path, text, sizeof(text)) > 0)
        sscanf(text, "%lu", &n_free);
    snprintf(why, IO_MEMORY_WHY, "%zu huge pages of %zu KiB are needed, and %lu are free; see /proc/sys/vm/nr_hugepages",
             bytes / page, page / 1024, n_free);
    return rc;
}

/* ---- files ---- */

/* What is mapped must be there: touching more than that would be a SIGBUS. */
static int check_file(int fd, const struct memory_value *value, uint64_t end, char *why)
{
    struct stat st;
    struct statfs fs;

    if (fstat(fd, &st) || fstatfs(fd, &fs))
        return refuse(why, -errno, value->path);
    if (S_ISBLK(st.st_mode)) {
        snprintf(why, IO_MEMORY_WHY, "%s is a block device", value->path);
        return -EINVAL;
    }
    if (value->kind == MEM_MMAPHUGE && fs.f_type != HUGETLBFS_MAGIC) {
        snprintf(why, IO_MEMORY_WHY, "%s is not on a hugetlbfs", value->path);
        return -EINVAL;
    }
    if (S_ISREG(st.st_mode) && (uint64_t)st.st_size < end) {
        snprintf(why, IO_MEMORY_WHY, "%s exists, and of the %llu bytes that are needed it has %lld", value->path,
                 (unsigned long long)end, (long long)st.st_size);
        return -EINVAL;
    }
    return 0;
}

/* One that did not exist lives as long as the mapping only. Returns the descriptor, or -errno. */
static int open_file(const struct memory_value *value, size_t bytes, uint64_t *at, unsigned part, char *why)
{
    bool may_make = value->kind == MEM_MMAPHUGE || !path_is_under_dev(value->path);
    int fd = may_make ? open(value->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    int rc = 0;

    *at = 0;
    if (fd >= 0) {
        unlink(value->path);
        rc = ftruncate(fd, (off_t)bytes) ? refuse(why, -errno, value->path) : 0;
    } else if (!may_make || errno == EEXIST) {
        fd = open(value->path, O_RDWR | O_CLOEXEC);
        *at = value->kind == MEM_MMAP ? 0 : (uint64_t)part * bytes;
    }
    if (fd < 0)
        return refuse(why, -errno, value->path);
    if (!rc)
        rc = check_file(fd, value, *at + bytes, why);
    if (rc)
        close(fd);
    return rc ? rc : fd;
}

/* ---- mappings ---- */

static int map_file(struct io_memory *memory, const struct memory_value *value, unsigned part, char *why)
{
    int flags = value->kind == MEM_MMAP ? MAP_PRIVATE : MAP_SHARED;
    uint64_t at;
    int fd = open_file(value, memory->mapping_bytes, &at, part, why);

    if (fd < 0)
        return fd;
    memory->mapping = mmap(NULL, memory->mapping_bytes, PROT_READ | PROT_WRITE, flags, fd, (off_t)at);
    int rc = memory->mapping == MAP_FAILED ? -errno : 0;

    close(fd);
    return rc;
}

static int map_anonymous(struct io_memory *memory)
{
    int flags = MAP_ANONYMOUS | (memory->kind == MEM_MMAPSHARED ? MAP_SHARED : MAP_PRIVATE);

    if (memory->kind == MEM_MMAPHUGE)
        flags |= MAP_HUGETLB;
    memory->mapping = mmap(NULL, memory->mapping_bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
    return memory->mapping == MAP_FAILED ? -errno : 0;
}

static int attach(struct io_memory *memory)
{
    int id = shmget(IPC_PRIVATE, memory->mapping_bytes, IPC_CREAT | 0600 | (memory->kind == MEM_SHMHUGE ? SHM_HUGETLB : 0));

    if (id < 0)
        return -errno;
    memory->mapping = shmat(id, NULL, 0);
    int rc = memory->mapping == MAP_FAILED ? -errno : 0;

    shmctl(id, IPC_RMID, NULL); /* it goes when it is detached, however we end */
    return rc;
}

/* Reserved pages may still be missing on the node where they are to be: found out here, and not by a SIGBUS. */
static int populate(const struct io_memory *memory)
{
    if (!madvise(memory->mapping, memory->mapping_bytes, MADV_POPULATE_WRITE) || errno == EINVAL) /* before Linux 5.14 */
        return 0;
    return errno == EFAULT ? -ENOMEM : -errno;
}

static int get_mapping(struct io_memory *memory, const struct memory_value *value, unsigned part, size_t page, char *why)
{
    bool shm = memory->kind == MEM_SHM || memory->kind == MEM_SHMHUGE;
    int rc;

    why[0] = '\0';
    if (shm)
        rc = attach(memory);
    else
        rc = value->path ? map_file(memory, value, part, why) : map_anonymous(memory);
    if (rc)
        memory->mapping = NULL;
    else if (is_huge(memory->kind))
        rc = populate(memory);
    if (!rc || why[0])
        return rc;
    return is_huge(memory->kind) ? refuse_huge(why, rc, memory->mapping_bytes, page) : refuse(why, rc, "no memory");
}

int io_memory_get(struct io_memory *memory, const struct memory_value *value, size_t bytes, size_t align, unsigned part,
                  char why[IO_MEMORY_WHY])
{
    enum mem_kind kind = (enum mem_kind)value->kind;
    size_t page = is_huge(kind) ? huge_page_bytes() : (size_t)sysconf(_SC_PAGESIZE);

    *memory = (struct io_memory){ .kind = kind };
    if (kind == MEM_MALLOC) {
        memory->start = lariat_buffer_alloc(align, bytes);
        return memory->start ? 0 : refuse(why, -ENOMEM, "no memory");
    }
    if (!page) {
        snprintf(why, IO_MEMORY_WHY, "this kernel has no huge pages");
        return -EOPNOTSUPP;
    }
    memory->mapping_bytes = round_up(bytes + (align > page ? align - page : 0), page);
    int rc = get_mapping(memory, value, part, page, why);

    if (rc) {
        io_memory_put(memory);
        return rc;
    }
    memory->start = (char *)memory->mapping + (-(uintptr_t)memory->mapping & (align - 1));
    return 0;
}

void io_memory_put(struct io_memory *memory)
{
    if (memory->kind == MEM_MALLOC)
        lariat_buffer_free(memory->start);
    else if (memory->mapping && (memory->kind == MEM_SHM || memory->kind == MEM_SHMHUGE))
        shmdt(memory->mapping);
    else if (memory->mapping)
        munmap(memory->mapping, memory->mapping_bytes);
    *memory = (struct io_memory){ .start = NULL };
}
