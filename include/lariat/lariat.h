/* SPDX-License-Identifier: MIT */
/* All of Lariat's core. */
#ifndef LARIAT_LARIAT_H
#define LARIAT_LARIAT_H

#include <lariat/api.h>
#include <lariat/bh.h>
#include <lariat/file.h>
#include <lariat/group.h>
#include <lariat/handler.h>
#include <lariat/iothread.h>
#include <lariat/loop.h>
#include <lariat/op.h>
#include <lariat/poll.h>
#include <lariat/poller.h>
#include <lariat/property.h>
#include <lariat/stats.h>
#include <lariat/timer.h>
#include <lariat/version.h>

#endif
