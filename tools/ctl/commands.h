/* SPDX-License-Identifier: MIT */
/* The commands, each in a file of its own name. All print to stdout and return the exit status; words on errors are left in the client. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "args.h"
#include "client.h"

enum client_status command_list(struct client *client, const struct ctl_args *args);
enum client_status command_get(struct client *client, const struct ctl_args *args);
enum client_status command_set(struct client *client, const struct ctl_args *args);
enum client_status command_add(struct client *client, const struct ctl_args *args);
enum client_status command_del(struct client *client, const struct ctl_args *args);
enum client_status command_stats(struct client *client, const struct ctl_args *args);
enum client_status command_top(struct client *client, const struct ctl_args *args);
enum client_status command_tune(struct client *client, const struct ctl_args *args);
enum client_status command_watch_events(struct client *client, const struct ctl_args *args);
enum client_status command_properties(struct client *client, const struct ctl_args *args);
enum client_status command_commands(struct client *client, const struct ctl_args *args);

#endif
