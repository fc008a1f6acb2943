/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "arg_table.h"

#define WIDTH 100
#define COLUMN 26

/* Text that begins in column `left` of a line that was begun, and goes on there in the next. */
static void print_wrapped(FILE *out, const char *text, int left)
{
    int column = left;

    while (*text) {
        int n = (int)strcspn(text, " ");

        if (column > left && column + 1 + n > WIDTH) {
            fprintf(out, "\n%*s", left, "");
            column = left;
        } else if (column > left) {
            fputc(' ', out);
            column++;
        }
        fprintf(out, "%.*s", n, text);
        column += n;
        text += n + (text[n] == ' ');
    }
    fputc('\n', out);
}

static void print_option(FILE *out, const struct option_row *row)
{
    fprintf(out, "  -%c, ", row->letter);
    int n = 6 + fprintf(out, "--%s%s%s", row->name, row->value ? "=" : "", row->value ? row->value : "");

    fprintf(out, "%*s", n < COLUMN ? COLUMN - n : 1, "");
    print_wrapped(out, row->help, COLUMN);
}

static void print_options(FILE *out, enum ctl_command command)
{
    fputs("\nOptions:\n", out);
    for (const struct option_row *row = option_table; row->name; row++)
        if (command == CTL_NO_COMMAND || row->commands & (1u << command))
            print_option(out, row);
}

static void print_all(FILE *out)
{
    fputs("lariat-ctl looks into the iothreads of a running program and tunes them, through the program's control socket.\n"
          "\n"
          "  lariat-ctl [--socket=PATH] [--json] COMMAND\n"
          "\n"
          "Commands:\n",
          out);
    for (const struct command_row *row = command_table; row->name; row++) {
        int n = 2 + fprintf(out, "  %s%s%s", row->name, *row->words ? " " : "", row->words) - 2;

        fprintf(out, "%*s", n < COLUMN + 14 ? COLUMN + 14 - n : 1, "");
        print_wrapped(out, row->summary, COLUMN + 14);
    }
    print_options(out, CTL_NO_COMMAND);
    fputs("\n"
          "'lariat-ctl COMMAND --help' says more about a command, lariat-ctl(1) about all.\n"
          "Exit status: 0 success; 1 refused by the program; 2 wrong usage; 3 no connection, or it was lost.\n",
          out);
}

void help_print(enum ctl_command command, FILE *out)
{
    const struct command_row *row = &command_table[command];

    if (command == CTL_NO_COMMAND) {
        print_all(out);
        return;
    }
    fprintf(out, "lariat-ctl %s%s%s: %s.\n\n", row->name, *row->words ? " " : "", row->words, row->summary);
    print_wrapped(out, row->text, 0);
    print_options(out, command);
}
