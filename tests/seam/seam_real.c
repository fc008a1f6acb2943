/* SPDX-License-Identifier: MIT */
/* Compiled as the library proper is, without LARIAT_SEAM: so the functions of the seam are the system calls. */
#include "seam_real.h"

#include "seam_ring.h"

const struct seam seam_real = {
    .ring_setup = seam_ring_setup,
    .ring_exit = seam_ring_exit,
    .ring_enter = seam_ring_enter,
    .ring_register = seam_ring_register,
    .ring_register_fd = seam_ring_register_fd,
    .ring_dontfork = seam_ring_dontfork,
    .ring_poll = seam_ring_poll,
    .eventfd_open = seam_eventfd_open,
    .eventfd_read = seam_eventfd_read,
    .eventfd_write = seam_eventfd_write,
    .eventfd_close = seam_eventfd_close,
    .now_ns = seam_now_ns,
    .sleep_ns = seam_sleep_ns,
    .yield = seam_yield,
    .current_cpu = seam_current_cpu,
    .thread_cpu_ns = seam_thread_cpu_ns,
    .involuntary_switches = seam_involuntary_switches,
    .cpu_share = seam_cpu_share,
    .thread_create = seam_thread_create,
};

const struct seam *seam = &seam_real;

struct seam *seam_answers_anew(void)
{
    static struct seam answers;

    answers = seam_real;
    seam = &answers;
    return &answers;
}
