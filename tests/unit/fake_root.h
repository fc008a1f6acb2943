/* SPDX-License-Identifier: MIT */
/* A machine that is made of a few files: what stands before /proc and /sys. */
#ifndef LARIAT_TESTS_FAKE_ROOT_H
#define LARIAT_TESTS_FAKE_ROOT_H

#include "support.h"

#define FAKE_ROOT_MAX 64

void fake_root_new(char root[FAKE_ROOT_MAX]);
void fake_root_free(const char *root);

/* A file or a link at an absolute path, and the folders that it needs. */
void fake_root_put(const char *root, const char *path, const char *text);
void fake_root_link(const char *root, const char *path, const char *to);

#endif
