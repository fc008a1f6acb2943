/* SPDX-License-Identifier: MIT */
#include "fake_root.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_TEXT_MAX 256

void fake_root_new(char root[FAKE_ROOT_MAX])
{
    snprintf(root, FAKE_ROOT_MAX, "/tmp/lariat-fake-root.XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
}

static void make_folders(const char *root, const char *path, char full[PATH_TEXT_MAX])
{
    snprintf(full, PATH_TEXT_MAX, "%s%s", root, path);
    for (char *slash = strchr(full + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(full, 0700);
        *slash = '/';
    }
}

void fake_root_put(const char *root, const char *path, const char *text)
{
    char full[PATH_TEXT_MAX];

    make_folders(root, path, full);
    FILE *file = fopen(full, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

void fake_root_link(const char *root, const char *path, const char *to)
{
    char full[PATH_TEXT_MAX];

    make_folders(root, path, full);
    ck_assert_int_eq(symlink(to, full), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void fake_root_free(const char *root)
{
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
