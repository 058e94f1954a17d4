/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which cgroups we watch, and their coming and going.
 *
 * tp_btf/cgroup_mkdir: the one place where a container's cgroup is known before its first process is in it, so the
 * verdict is taken here in the kernel and nothing of the container is missed. tp_btf/cgroup_rmdir: the end of it.
 */
#ifndef DECKWATCH_CGROUP_H
#define DECKWATCH_CGROUP_H

#include "ring.h"

#define NAME_ROOM 256
#define HEX_ID 64

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, u32);
} cgs SEC(".maps");

static __always_inline u32 wants_of(u64 cgroup)
{
	u32 *wants = bpf_map_lookup_elem(&cgs, &cgroup);

	return wants ? *wants : 0;
}

/* The cgroup of any task, by reads that cannot fault. */
static __always_inline u64 cgroup_of(struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *state = 0;

	if (cgroup_v1_subsystem < 0)
		return BPF_CORE_READ(set, dfl_cgrp, kn, id);
	bpf_probe_read_kernel(&state, sizeof(state),
			      (void *)set + bpf_core_field_offset(struct css_set, subsys) + cgroup_v1_subsystem * sizeof(void *));
	return BPF_CORE_READ(state, cgroup, kn, id);
}

/*
 * A container's leaf has its id in the name, 64 hex digits (docker-<id>.scope, <id>, cri-containerd-<id>.scope ...),
 * but a conmon scope has it too and is only the monitor. Other shapes (Amazon ECS) are left to user space, which sees
 * every CGROUP_MADE. Reads `path` of the buffer; 1: a container.
 */
__noinline int names_container(u32 slot)
{
	static const volatile char monitor[8] = "conmon";
	struct scratch *s = scratch_at(slot);
	volatile u32 *hex, *found;
	volatile u64 *matched;

	if (!s)
		return 0;
	hex = &s->head, found = &s->state, matched = &s->text;
	*hex = *found = *matched = 0;
	for (u32 i = 0; i < NAME_ROOM; i++) {
		char c = s->path[i];

		if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')) {
			*hex += 1;
		} else {
			*found |= *hex == HEX_ID;
			*hex = 0;
		}
		*matched = c == monitor[*matched & 7] ? *matched + 1 : c == monitor[0];
		if (*matched == 6)
			return 0;
		if (!c)
			break;
	}
	return *found;
}

static __always_inline bool in_our_hierarchy(struct cgroup *cgroup)
{
	if (cgroup_v1_subsystem < 0)
		return BPF_CORE_READ(cgroup, root, hierarchy_id) == 0;
	return BPF_CORE_READ(cgroup, root, subsys_mask) & (1u << cgroup_v1_subsystem);
}

static __always_inline int report_cgroup(u32 what, u32 flags, struct cgroup *cgroup, u64 parent, const char *path,
					 u32 slot)
{
	struct scratch *s = scratch_at(slot);
	u64 id = BPF_CORE_READ(cgroup, kn, id);
	int length;

	if (!s) {
		count_loss(OUTCOME_NO_BUFFER, what, id);
		return 0;
	}
	__builtin_memset(&s->cgroup, 0, sizeof(s->cgroup));
	s->header.what = what;
	s->header.version = WIRE_VERSION;
	s->header.flags = flags;
	s->header.hook = HOOK_CGROUP;
	s->header.cpu = bpf_get_smp_processor_id();
	s->header.time = bpf_ktime_get_boot_ns();
	s->header.cgroup = id;
	s->cgroup.cgroup.parent = parent;
	length = bpf_probe_read_kernel_str(s->record + sizeof(s->cgroup), PATH_MAX, path);
	if (length > 0)
		s->cgroup.cgroup.lengths[0] = length - 1;
	s->end = sizeof(s->cgroup) + s->cgroup.cgroup.lengths[0];
	send(slot, true);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(common_cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	u64 id = BPF_CORE_READ(cgroup, kn, id);
	u64 parent = BPF_CORE_READ(cgroup, self.parent, cgroup, kn, id);
	u32 wants = wants_of(parent), slot, flags = 0;
	struct scratch *s;

	if (!in_our_hierarchy(cgroup))
		return 0;
	slot = take_slot();
	s = scratch_at(slot);
	if (s) {
		bpf_probe_read_kernel_str(s->path, NAME_ROOM, BPF_CORE_READ(cgroup, kn, name));
		if (names_container(slot)) {
			wants = new_cgroup_wants;
			flags = FLAG_TRACKED_BY_NAME;
		}
	}
	if (wants)
		bpf_map_update_elem(&cgs, &id, &wants, BPF_ANY);
	report_cgroup(WHAT_CGROUP_MADE, flags, cgroup, parent, path, slot);
	if (s)
		leave(s);
	return 0;
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(common_cgroup_rmdir, struct cgroup *cgroup, const char *path)
{
	u64 id = BPF_CORE_READ(cgroup, kn, id);
	u64 parent = BPF_CORE_READ(cgroup, self.parent, cgroup, kn, id);
	struct scratch *s;
	u32 slot;

	if (!in_our_hierarchy(cgroup))
		return 0;
	bpf_map_delete_elem(&cgs, &id);
	slot = take_slot();
	s = scratch_at(slot);
	report_cgroup(WHAT_CGROUP_REMOVED, 0, cgroup, parent, path, slot);
	if (s)
		leave(s);
	return 0;
}

#endif
