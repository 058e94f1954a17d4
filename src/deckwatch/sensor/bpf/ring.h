/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Handing records over, and counting those that could not be. */
#ifndef DECKWATCH_RING_H
#define DECKWATCH_RING_H

#include "options.h"
#include "scratch.h"

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 8 * 1024 * 1024);
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u64);
	__type(value, u64);
} lost_cgs SEC(".maps");

static __always_inline void count(u32 outcome, u32 what)
{
	u32 zero = 0;
	struct counters *c = bpf_map_lookup_elem(&counters, &zero);

	/* An atomic add, for a preempted program may be in the middle of the same one. */
	if (c && outcome < OUTCOME_COUNT)
		__sync_fetch_and_add(&c->counts[outcome][what & (WHAT_COUNT - 1)], 1);
}

static __always_inline void count_lost_of_cgroup(u64 cgroup)
{
	u64 none = 0, one = 1;
	u64 *lost = bpf_map_lookup_elem(&lost_cgs, &cgroup);

	if (!lost && bpf_map_update_elem(&lost_cgs, &cgroup, &one, BPF_NOEXIST) == 0)
		return;
	if (!lost)
		lost = bpf_map_lookup_elem(&lost_cgs, &cgroup);
	if (!lost && bpf_map_update_elem(&lost_cgs, &none, &one, BPF_NOEXIST) == 0)
		return;
	if (!lost)
		lost = bpf_map_lookup_elem(&lost_cgs, &none);
	if (lost)
		__sync_fetch_and_add(lost, 1);
}

__noinline int count_loss(u32 outcome, u32 what, u64 cgroup)
{
	count(outcome, what);
	count_lost_of_cgroup(cgroup);
	return 0;
}

/*
 * Send the record in the buffer. A wake-up per record costs more than all else that the reader does, so it is woken
 * only each time another `wake_bytes` have piled up (it polls besides), and at once for what needs quick hands:
 * a container's files of state must be read before a short-lived container is gone.
 */
__noinline int send(u32 slot, u32 wake)
{
	struct scratch *s = scratch_at(slot);
	u64 flags = BPF_RB_FORCE_WAKEUP, waiting;
	u32 length;

	if (!s)
		return 0;
	length = s->end;
	if (length > sizeof(s->record))
		length = sizeof(s->record);
	s->header.length = length;
	if (!wake) {
		waiting = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA);
		if (waiting / wake_bytes == (waiting + length) / wake_bytes)
			flags = BPF_RB_NO_WAKEUP;
	}
	if (bpf_ringbuf_output(&ring, s->record, length, flags) == 0)
		count(OUTCOME_SENT, s->header.what);
	else
		count_loss(OUTCOME_RING_FULL, s->header.what, s->header.cgroup);
	return 0;
}

#endif
