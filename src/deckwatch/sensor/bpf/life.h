/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A process's life. Tracepoints in every tier: they need no trampoline, so they load where others are refused.
 *
 * sched_process_fork: the child is complete but has not run, so its fork precedes all else of it.
 * sched_process_exec: the new image is in place, arguments and executable can be read, and nothing of it has run.
 * sched_process_exit: the last moment with credentials and cgroup. Files are closed after it.
 */
#ifndef DECKWATCH_LIFE_H
#define DECKWATCH_LIFE_H

#include "process.h"

SEC("tp_btf/sched_process_fork")
int BPF_PROG(common_fork, struct task_struct *parent, struct task_struct *child)
{
	u64 cgroup;

	if (child->pid != child->tgid)
		return 0;
	cgroup = cgroup_of(child);
	if (!(wants_of(cgroup) & WANT_PROCESS) || is_sensor())
		return 0;
	return report_process(WHAT_FORK, HOOK_SCHED_PROCESS_FORK, cgroup, child, 0);
}

/* The argument area as it lies on the new stack. */
static __always_inline void add_arguments(struct scratch *s, struct task_struct *task)
{
	u64 start = BPF_CORE_READ(task, mm, arg_start), stop = BPF_CORE_READ(task, mm, arg_end);
	u32 length = stop - start, end = s->end;

	s->process.process.argument_bytes = length;
	if (length > ARGUMENTS_MAX) {
		length = ARGUMENTS_MAX;
		s->header.flags |= FLAG_ARGS_CUT;
	}
	if (end > FIXED_MAX + 2 * PATH_MAX)
		return;
	if (bpf_probe_read_user(s->record + end, length, (void *)start) < 0) {
		s->header.flags |= FLAG_ARGS_CUT;
		return;
	}
	s->process.process.lengths[TEXT_ARGUMENTS] = length;
	s->end = end + length;
}

static __always_inline void add_filename(struct scratch *s, const char *filename)
{
	u32 end = s->end;
	int length;

	if (end > FIXED_MAX + 2 * PATH_MAX + ARGUMENTS_MAX)
		return;
	length = bpf_probe_read_kernel_str(s->record + end, PATH_MAX, filename);
	if (length <= 0)
		return;
	s->process.process.lengths[TEXT_FILENAME] = length - 1;
	s->end = end + length - 1;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(common_exec, struct task_struct *task, int old_tid, struct linux_binprm *bprm)
{
	u64 cgroup = watched_cgroup(WANT_PROCESS);
	struct scratch *s;
	u32 slot;
	bool container_starts;

	if (!cgroup)
		return 0;
	slot = take_slot();
	s = scratch_at(slot);
	if (!s)
		return count_loss(OUTCOME_NO_BUFFER, WHAT_EXEC, cgroup);
	begin_process(s, slot, WHAT_EXEC, HOOK_SCHED_PROCESS_EXEC, cgroup, task);
	s->process.process.old_tid = old_tid;
	s->process.process.argument_count = BPF_CORE_READ(bprm, argc);
	add_places(s, slot, task);
	add_arguments(s, task);
	add_filename(s, BPF_CORE_READ(bprm, filename));
	container_starts = s->header.nspid == 1 && !(s->header.flags & FLAG_HOST_MOUNTS);
	send(slot, container_starts);
	leave(s);
	return 0;
}

/*
 * The group is dead when no thread is left. Two last threads that go at the same moment may both see that; user space
 * takes the first record of a process.
 */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(common_exit, struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	struct task_struct *leader = BPF_CORE_READ(task, group_leader);
	u64 cgroup;
	s32 code;

	if (BPF_CORE_READ(signal, live.counter) != 0)
		return 0;
	cgroup = watched_cgroup(WANT_PROCESS);
	if (!cgroup)
		return 0;
	if (BPF_CORE_READ(signal, flags) & SIGNAL_GROUP_EXIT)
		code = BPF_CORE_READ(signal, group_exit_code);
	else
		code = BPF_CORE_READ(leader, exit_code);
	return report_process(WHAT_EXIT, HOOK_SCHED_PROCESS_EXIT, cgroup, task, code);
}

#endif
