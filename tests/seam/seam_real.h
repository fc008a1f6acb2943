/* SPDX-License-Identifier: MIT */
/*
 * The library's seam (lib/seam.h) answered by the kernel. A test that wants to answer some calls itself copies seam_real,
 * replaces members, and points `seam` to the copy before it calls the library.
 */
#ifndef LARIAT_TESTS_SEAM_REAL_H
#define LARIAT_TESTS_SEAM_REAL_H

#include "seam.h"

extern const struct seam seam_real;

#endif
