/* SPDX-License-Identifier: MIT */
/* The actions of the program that concern ops. */
#ifndef LARIAT_SIM_PROGRAM_OPS_H
#define LARIAT_SIM_PROGRAM_OPS_H

#include "program.h"

void program_ops_begin(void);

/* One action; inside a callback or outside. */
void program_act_op(uint8_t what, uint8_t more);

/* Each callback ends with this. */
void program_react(void);

#endif
