/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's side of the sensor: one object with all tiers of hooks. User space picks programs by their names' groups
 * (see wire.h).
 */
#include "life.h"
#include "iter.h"
#include "lsm.h"
#include "fexit.h"
#include "setsid.h"
#include "tp.h"
#include "uring.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
