/* SPDX-License-Identifier: MIT */
#include "arg_table.h"

#define FOR(command) (1u << (command))
#define SAMPLING (FOR(CTL_STATS) | FOR(CTL_TOP))

const struct option_row option_table[] = {
    { "socket", 's', OPTION_TEXT, offsetof(struct ctl_args, socket), ALL_COMMANDS, "PATH",
      "the control socket of the program; without it, $LARIAT_SOCKET" },
    { "json", 'j', OPTION_FLAG, offsetof(struct ctl_args, json), ALL_COMMANDS, NULL,
      "print JSON, one document per line, with exact numbers" },
    { "timeout", 't', OPTION_SECONDS, offsetof(struct ctl_args, timeout_ns), ALL_COMMANDS, "SECONDS",
      "how long to wait for an answer (default 5)" },
    { "interval", 'i', OPTION_SECONDS, offsetof(struct ctl_args, interval_ns), SAMPLING, "SECONDS",
      "print what happened per second, again and again, this far apart (top: 1 if not given)" },
    { "count", 'n', OPTION_COUNT, offsetof(struct ctl_args, count), SAMPLING | FOR(CTL_WATCH_EVENTS), "N",
      "end after N samples or events" },
    { "batch", 'b', OPTION_FLAG, offsetof(struct ctl_args, batch), FOR(CTL_TOP), NULL,
      "print plain lines, as it does where there is no terminal" },
    { "effective", 'e', OPTION_FLAG, offsetof(struct ctl_args, effective), FOR(CTL_LIST), NULL,
      "show what the poll parameters come to, where 0 stands for a default" },
    { "names", 'q', OPTION_FLAG, offsetof(struct ctl_args, names), FOR(CTL_LIST) | FOR(CTL_PROPERTIES), NULL,
      "print the names alone, one per line" },
    { "objective", 'o', OPTION_TEXT, offsetof(struct ctl_args, objective), FOR(CTL_TUNE), "WHAT",
      "tune for latency, efficiency (CPU time per completion), or balanced (default), which is both alike" },
    { "budget", 'B', OPTION_SECONDS, offsetof(struct ctl_args, budget_ns), FOR(CTL_TUNE), "SECONDS",
      "how long tuning may take (default 60)" },
    { "candidates", 'c', OPTION_TEXT, offsetof(struct ctl_args, candidates), FOR(CTL_TUNE), "LIST",
      "compare these and search no further: off, or POLICY[/MAX[/GROW[/SHRINK[/WEIGHT]]]], ..." },
    { "seed", 'S', OPTION_COUNT, offsetof(struct ctl_args, seed), FOR(CTL_TUNE), "N",
      "of the order in which settings are tried (default 1)" },
    { "apply", 'a', OPTION_FLAG, offsetof(struct ctl_args, apply), FOR(CTL_TUNE), NULL,
      "leave what is found better in force" },
    { "help", 'h', OPTION_FLAG, offsetof(struct ctl_args, help), ALL_COMMANDS, NULL,
      "say what there is, with a command about that command" },
    { "version", 'V', OPTION_FLAG, offsetof(struct ctl_args, version), ALL_COMMANDS, NULL, "print the version" },
    { NULL, 0, OPTION_FLAG, 0, 0, NULL, NULL },
};

const struct command_row command_table[] = {
    [CTL_LIST] = { "list", "", 0, 0, false, "the iothreads, their poll parameters and windows",
                   "The poll parameters are those that were configured; --effective shows what they come to." },
    [CTL_GET] = { "get", "ID [PROPERTY]", 1, 2, false, "the properties of an iothread, or one of them",
                  "Prints the bare value of one property, in a form that \"set\" takes, or a line name=value for each." },
    [CTL_SET] = { "set", "ID PROPERTY=VALUE...", 2, -1, true, "change properties of a running iothread: all, or none",
                  "Durations are ns, or have ns, us, ms or s behind them: poll-max-ns=100us. '-' and '_' are the same in "
                  "names. The program goes on with the new values in its next loop iteration." },
    [CTL_STATS] = { "stats", "[ID]", 0, 1, false, "the counters of one iothread or of all",
                    "Without --interval the counters since the iothread was made; with it, or with --count, what happened "
                    "per second, and of each duration the share of the time." },
    [CTL_TOP] = { "top", "", 0, 0, false, "watch and tune all iothreads in the terminal",
                  "Keys: up and down select, + and - double and halve poll-max-ns, 0 turns polling off, s sorts, p pauses, "
                  "q quits. Where there is no terminal, and with --batch, --count or --json, it prints lines." },
    [CTL_TUNE] = { "tune", "ID", 1, 1, false, "find the polling that suits what an iothread does now",
                   "Tries settings of the poll properties on the running iothread, in turns with the old one, and says "
                   "whether one of them is better, beyond chance. The old one is put back at the end, unless --apply is "
                   "given and another is better, and whenever something goes wrong." },
    [CTL_WATCH_EVENTS] = { "watch-events", "", 0, 0, false, "print what happens to iothreads, a line for each event",
                           "Iothreads that come and go, and poll parameters that change, until interrupted." },
    [CTL_ADD] = { "add", "ID [PROPERTY=VALUE...]", 1, -1, true, "make an iothread in the program",
                  "It lives until \"del\", or until the program's control socket goes." },
    [CTL_DEL] = { "del", "ID", 1, 1, false, "end an iothread that \"add\" made and nobody uses",
                  "Refused for what the program made itself, and while anybody in it holds a reference." },
    [CTL_PROPERTIES] = { "properties", "", 0, 0, false, "all properties: type, range, default, meaning",
                         "\"live\" properties can be set at any time, the others only by \"add\"." },
    [CTL_COMMANDS] = { "commands", "", 0, 0, false, "the QMP commands that the program knows",
                       "They are for programs that speak to the socket themselves." },
    [CTL_NO_COMMAND] = { NULL, NULL, 0, 0, false, NULL, NULL },
};
