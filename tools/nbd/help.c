/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "args.h"

#define WIDTH 100
#define COLUMN 8

void help_print(FILE *out)
{
    fputs("lariat-nbd serves files and block devices by the NBD protocol.\n"
          "\n"
          "  lariat-nbd --export=name=NAME,path=FILE[,readonly]... --socket=PATH|--listen=ADDR:PORT...\n"
          "\n"
          "Options:\n",
          out);
    for (const struct option_row *row = option_table; row->name; row++) {
        int column = COLUMN;

        fprintf(out, "  --%s%s%s\n%*s", row->name, row->value ? "=" : "", row->value ? row->value : "", COLUMN, "");
        for (const char *word = row->help; *word;) {
            int n = (int)strcspn(word, " ");

            if (column > COLUMN && column + n > WIDTH) {
                fprintf(out, "\n%*s", COLUMN, "");
                column = COLUMN;
            }
            fprintf(out, "%.*s%s", n, word, word[n] ? " " : "");
            column += n + 1;
            word += n + (word[n] == ' ');
        }
        fputc('\n', out);
    }
    fputs("\n"
          "Sockets handed over by systemd are listened on as well. lariat-nbd(1) says more.\n"
          "Exit status: 0 ended by a signal; 1 something failed; 2 wrong usage.\n",
          out);
}
