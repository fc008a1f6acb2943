/* SPDX-License-Identifier: MIT */
/* As lariat-bench --cmdhelp=pod, for its man page where the program itself cannot be built: a tarball has all pages. */
#include <stdio.h>

#include "options.h"

int main(void)
{
    return options_print_cmdhelp("pod", stdout, stderr) != 0;
}
