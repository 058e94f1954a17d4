/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The processes that were there before us. iter/task gives exact start times and needs no parsing of /proc. It writes
 * the same records as the live hooks, for every process: user space knows by then which it wants.
 */
#ifndef DECKWATCH_ITER_H
#define DECKWATCH_ITER_H

#include "process.h"

SEC("iter/task")
int iter_task(struct bpf_iter__task *context)
{
	struct seq_file *output = context->meta->seq;
	struct task_struct *task = context->task;
	struct scratch *s;
	u32 slot, length;

	if (!task || task->pid != task->tgid)
		return 0;
	slot = take_slot();
	s = scratch_at(slot);
	if (!s)
		return count_loss(OUTCOME_NO_BUFFER, WHAT_TASK, 0);
	begin_process(s, slot, WHAT_TASK, HOOK_TASK_ITERATOR, cgroup_of(task), task);
	add_places(s, slot, task);
	length = s->end;
	s->header.length = length;
	length = (length + 7) & ~7;
	if (length <= sizeof(s->record))
		bpf_seq_write(output, s->record, length);
	leave(s);
	return 0;
}

#endif
