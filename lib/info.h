/* SPDX-License-Identifier: MIT */
/* What a query tells of one iothread. */
#ifndef LARIAT_INFO_H
#define LARIAT_INFO_H

#include <lariat/iothread.h>

/* Make one, as lariat_iothread_info_free() frees it. Any thread. 0 or -ENOMEM. */
int info_make(struct lariat_iothread *iothread, struct lariat_iothread_info **out);

#endif
