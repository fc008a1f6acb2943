/* SPDX-License-Identifier: MIT */
#ifndef NBD_PID_FILE_H
#define NBD_PID_FILE_H

/* Write the process id there; the file is complete once it can be seen. 0, or -errno, and *errmsg says why. */
int pid_file_write(const char *path, char **errmsg);

/* Remove it if it is ours. */
void pid_file_remove(const char *path);

#endif
