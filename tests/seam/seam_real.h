/* SPDX-License-Identifier: MIT */
/*
 * The library's seam (lib/seam.h) answered by the kernel. A test that wants to answer some calls itself replaces members of
 * what seam_answers_anew() gives, before it calls the library.
 */
#ifndef LARIAT_TESTS_SEAM_REAL_H
#define LARIAT_TESTS_SEAM_REAL_H

#include "seam.h"

extern const struct seam seam_real;

/* A fresh copy of seam_real, which is now who answers; there is one, so earlier replacements are gone. */
struct seam *seam_answers_anew(void);

#endif
