/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where records are built: a few buffers per CPU, taken by try-lock. One per CPU is not enough, since programs on LSM
 * hooks and on functions run with migration off but preemption on, so another task's program may come in between.
 *
 * All state of loops lives here too: in registers it makes the verifier walk every combination, in map memory it
 * does not. Functions that several programs or calls share are global ones without pointers among their parameters
 * ("walk the path set up in buffer `slot`"), which the verifier checks once instead of once per call.
 */
#ifndef DECKWATCH_SCRATCH_H
#define DECKWATCH_SCRATCH_H

#include "kernel.h"

#define SLOTS 4
#define ARGUMENTS_MAX 14336
#define FIXED_MAX (sizeof(struct header) + sizeof(struct process_section))
#define TEXTS_MAX (3 * PATH_MAX + ARGUMENTS_MAX)

struct process_record {
	struct header header;
	struct process_section process;
};

struct file_record {
	struct header header;
	struct file_section file;
};

struct cgroup_record {
	struct header header;
	struct cgroup_section cgroup;
};

struct scratch {
	u64 users;

	/* Parameters and state of the global functions. Pointers are plain numbers here: read, never followed. */
	u64 task;
	u64 dentry;
	u64 vfsmount;
	u64 inode;
	u64 text;
	u32 end;  /* bytes of the record so far */
	u32 head; /* the walk writes backwards: where the path begins in `path` */
	u32 first_head;
	u32 state;

	char path[PATH_MAX + NAME_MAX + 1];
	union {
		struct header header;
		struct process_record process;
		struct file_record file;
		struct cgroup_record cgroup;
		char record[FIXED_MAX + TEXTS_MAX];
	};
};

_Static_assert(sizeof(struct scratch) <= 32768, "a per-CPU map's value holds 32 KiB");
_Static_assert(sizeof(struct header) == 56, "wire.h says so");
_Static_assert(sizeof(struct process_section) == 112, "wire.h says so");
_Static_assert(sizeof(struct file_section) == 40, "wire.h says so");
_Static_assert(sizeof(struct cgroup_section) == 16, "wire.h says so");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, u32);
	__type(value, struct scratch);
} scratch SEC(".maps");

static __always_inline struct scratch *scratch_at(u32 slot)
{
	return bpf_map_lookup_elem(&scratch, &slot);
}

/* The number of a free buffer, or SLOTS. Plain atomic adds only: those that return a value need Linux 5.12. */
__noinline int take_slot(void)
{
	for (u32 slot = 0; slot < SLOTS; slot++) {
		struct scratch *s = scratch_at(slot);

		if (!s)
			break;
		__sync_fetch_and_add(&s->users, 1);
		if (*(volatile u64 *)&s->users == 1)
			return slot;
		__sync_fetch_and_add(&s->users, -1);
	}
	return SLOTS;
}

static __always_inline void leave(struct scratch *s)
{
	__sync_fetch_and_add(&s->users, -1);
}

#endif
