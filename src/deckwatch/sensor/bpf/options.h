/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Read-only data that user space sets before the load (see wire.h): the verifier sees constants and drops dead code. */
#ifndef DECKWATCH_OPTIONS_H
#define DECKWATCH_OPTIONS_H

#include "kernel.h"

const volatile u32 sensor_tgid = 0;
const volatile u32 host_mount_namespace = 0;
const volatile u32 new_cgroup_wants = WANT_PROCESS | WANT_FILE;
const volatile u32 wake_bytes = 256 * 1024;
const volatile s32 cgroup_v1_subsystem = -1;

#endif
