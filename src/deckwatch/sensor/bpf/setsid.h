/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * New sessions in tiers A and B; tier C sees them at the end of its system calls anyway.
 *
 * fexit/ksys_setsid: the whole of the system call, so it costs nothing elsewhere, and its result says that there is a
 * new session. Where functions cannot be hooked, the end of all system calls, with as little work as can be.
 */
#ifndef DECKWATCH_SETSID_H
#define DECKWATCH_SETSID_H

#include "process.h"
#include "syscalls.h"

static __always_inline int report_session(void)
{
	u64 cgroup = watched_cgroup(WANT_PROCESS);

	if (!cgroup)
		return 0;
	return report_process(WHAT_SETSID, HOOK_SYS_EXIT, cgroup, (struct task_struct *)bpf_get_current_task(), 0);
}

SEC("fexit/ksys_setsid")
int BPF_PROG(setsid_fexit, int session)
{
	return session > 0 ? report_session() : 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(setsid_sysexit, struct pt_regs *regs, long session)
{
	u32 number = call_number(regs);

	if ((s32)session <= 0 || number >= NUMBERS)
		return 0;
	if ((is_current_compat() ? calls32[number] : calls64[number]) != CALL_SETSID)
		return 0;
	return report_session();
}

#endif
