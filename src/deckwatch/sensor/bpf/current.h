/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Who runs, whether we watch it, and the header of its records. */
#ifndef DECKWATCH_CURRENT_H
#define DECKWATCH_CURRENT_H

#include "cgroup.h"
#include "walk.h"

/*
 * The current task's cgroup. Where the kernel hands out a typed pointer (5.11), by plain loads: this runs on every
 * candidate event of the whole host, and the typed way costs a third less than probe reads.
 */
static __always_inline u64 current_cgroup(void)
{
	if (cgroup_v1_subsystem < 0 &&
	    bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)) {
		struct task_struct *task = bpf_get_current_task_btf();

		return task->cgroups->dfl_cgrp->kn->id;
	}
	return cgroup_of((struct task_struct *)bpf_get_current_task());
}

static __always_inline bool is_sensor(void)
{
	return bpf_get_current_pid_tgid() >> 32 == sensor_tgid;
}

/* The current task's cgroup if it wants such records, else 0. */
static __always_inline u64 watched_cgroup(u32 want)
{
	u64 cgroup = current_cgroup();

	return wants_of(cgroup) & want && !is_sensor() ? cgroup : 0;
}

static __always_inline void fill_header(struct scratch *s, u32 what, u32 hook, u64 cgroup, struct task_struct *task)
{
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	struct pid *pid = BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]);
	u32 level = BPF_CORE_READ(pid, level);

	s->header.what = what;
	s->header.version = WIRE_VERSION;
	s->header.flags = 0;
	s->header.hook = hook;
	s->header.cpu = bpf_get_smp_processor_id();
	s->header.time = bpf_ktime_get_boot_ns();
	s->header.cgroup = cgroup;
	s->header.start = BPF_CORE_READ(leader, start_boottime);
	s->header.pid = BPF_CORE_READ(task, tgid);
	s->header.tid = BPF_CORE_READ(task, pid);
	s->header.nspid = 0;
	s->header.user = BPF_CORE_READ(task, real_cred, euid.val); /* not `cred`: overlay puts its mounter's there */
	bpf_probe_read_kernel(&s->header.nspid, sizeof(s->header.nspid),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, nr));
	if (host_mount_namespace && BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum) == host_mount_namespace)
		s->header.flags |= FLAG_HOST_MOUNTS;
	if (is_chrooted(task))
		s->header.flags |= FLAG_CHROOTED;
}

#endif
