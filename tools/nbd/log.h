/* SPDX-License-Identifier: MIT */
/* Lines on stderr; where that is the journal, with their priority in front. Any thread. */
#ifndef NBD_LOG_H
#define NBD_LOG_H

#include <stdbool.h>
#include <syslog.h>

/* Nothing less than this is logged: LOG_INFO by default, of which LOG_NOTICE says nothing that is as it should be. */
void log_set_level(int level);

/* One line, at most 1023 bytes; what a client said in it is made printable. */
__attribute__((format(printf, 2, 3))) void log_line(int level, const char *format, ...);

#endif
