/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tier C: files by the ends of system calls.
 *
 * tp_btf/sys_exit, alone: registers still hold number and arguments there, so one program sees these and the result;
 * only calls that succeeded are reported; it sees 32-bit calls, which the tracepoints per call do not; it needs no
 * tracefs. Its price is that it runs at the end of every system call of the host, so the first part is kept small:
 * result, number, table, cgroup, all by plain loads.
 *
 * No dentry is left at the end of an unlink or rename: those records have the caller's own text and the directory it
 * starts from, and user space resolves symbolic links. A thread that changes the text meanwhile can deceive us.
 */
#ifndef DECKWATCH_TP_H
#define DECKWATCH_TP_H

#include "name.h"
#include "syscalls.h"

/* A system call that has ended well. */
struct ended {
	struct pt_regs *regs;
	u64 cgroup;
	u32 flags;
	bool compat;
};

#define ARG(ended, index) argument((ended)->regs, (ended)->compat, index)

/* An event on one name. */
static __always_inline int report_name(const struct event *event, const struct ended *call, int directory, u64 name)
{
	u32 slot;
	struct scratch *s = begin_event(&slot, event, call->cgroup);

	if (!s)
		return 0;
	return finish_or_lose(s, slot, add_name(s, slot, TEXT_BASE, directory, name, FROM_USER));
}

/* An event on two names. */
static __always_inline int report_names(const struct event *event, const struct ended *call, int directory, u64 name,
					int directory2, u64 name2)
{
	u32 slot;
	struct scratch *s = begin_event(&slot, event, call->cgroup);
	bool complete;

	if (!s)
		return 0;
	complete = add_name(s, slot, TEXT_BASE, directory, name, FROM_USER) &&
		   add_name(s, slot, TEXT_BASE2, directory2, name2, FROM_USER);
	return finish_or_lose(s, slot, complete);
}

static __always_inline int ended_open(const struct ended *call, u32 descriptor, u32 call_flags)
{
	struct file *file = file_at(current(), descriptor);

	/* Of the caller's flags only this one is missing in the file's: the kernel clears it once it is done. */
	return report_open(file, HOOK_SYS_EXIT, call_flags & O_TRUNC, call->flags, call->cgroup);
}

static __always_inline int ended_openat2(const struct ended *call, u32 descriptor)
{
	u64 call_flags = 0;

	bpf_probe_read_user(&call_flags, sizeof(call_flags), (void *)ARG(call, 2));
	return ended_open(call, descriptor, call_flags);
}

static __always_inline int ended_unlink(const struct ended *call, int directory, u64 name, u32 flags)
{
	struct event event = {
		.what = WHAT_DELETE, .hook = HOOK_SYS_EXIT, .flags = call->flags, .operation_flags = flags};

	if (flags & AT_REMOVEDIR) {
		event.what = WHAT_DIRECTORY;
		event.operation_flags = 0;
		event.argument = DIRECTORY_REMOVED;
	}
	return report_name(&event, call, directory, name);
}

static __always_inline int ended_directory(const struct ended *call, u32 how, int directory, u64 name)
{
	struct event event = {
		.what = WHAT_DIRECTORY, .hook = HOOK_SYS_EXIT, .flags = call->flags, .argument = how};

	return report_name(&event, call, directory, name);
}

static __always_inline int ended_rename(const struct ended *call, int directory, u64 name, int directory2, u64 name2,
					u32 flags)
{
	struct event event = {
		.what = WHAT_RENAME, .hook = HOOK_SYS_EXIT, .flags = call->flags, .operation_flags = flags};

	return report_names(&event, call, directory, name, directory2, name2);
}

/* The file that linkat's source names by a descriptor: an empty text, or one like /proc/self/fd/3. */
static __always_inline struct file *linked_descriptor(int directory, u64 name, u32 flags)
{
	static const char prefix[] = "/proc/self/fd/";
	char text[24] = {};
	u32 descriptor = 0;

	bpf_probe_read_user_str(text, sizeof(text), (void *)name);
	if (!text[0] && flags & AT_EMPTY_PATH)
		return file_at(current(), directory);
	for (u32 i = 0; i < sizeof(prefix) - 1; i++)
		if (text[i] != prefix[i])
			return 0;
	for (u32 i = sizeof(prefix) - 1; i < sizeof(text) && text[i]; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		descriptor = descriptor * 10 + text[i] - '0';
	}
	return file_at(current(), descriptor);
}

static __always_inline int ended_link(const struct ended *call, int directory, u64 name, int directory2, u64 name2,
				      u32 flags)
{
	struct event event = {
		.what = WHAT_LINK, .hook = HOOK_SYS_EXIT, .flags = call->flags, .operation_flags = flags};
	struct file *file = linked_descriptor(directory, name, flags);
	struct scratch *s;
	u32 slot;

	if (!file || !(BPF_CORE_READ(file, f_flags) & O_TMPFILE_BIT))
		return report_names(&event, call, directory, name, directory2, name2);
	event.what = WHAT_CREATE;
	event.flags |= FLAG_TMPFILE;
	event.operation_flags = BPF_CORE_READ(file, f_flags);
	event.argument = CREATION_LINK;
	s = begin_event(&slot, &event, call->cgroup);
	if (!s)
		return 0;
	fill_inode_of(s, slot, BPF_CORE_READ(file, f_inode), BPF_CORE_READ(file, f_path.mnt));
	return finish_or_lose(s, slot, add_name(s, slot, TEXT_BASE, directory2, name2, FROM_USER));
}

/* Only regular files are told of; a mode without a type means one. */
static __always_inline int ended_mknod(const struct ended *call, int directory, u64 name, u32 mode)
{
	struct event event = {
		.what = WHAT_CREATE, .hook = HOOK_SYS_EXIT, .flags = call->flags, .argument = CREATION_MKNOD};

	if ((mode & S_IFMT) != S_IFREG && (mode & S_IFMT))
		return 0;
	return report_name(&event, call, directory, name);
}

static __always_inline int ended_chmod(const struct ended *call, int directory, u64 name, u32 mode)
{
	struct event event = {
		.what = WHAT_CHMOD, .hook = HOOK_SYS_EXIT, .flags = call->flags, .argument = mode & 07777};

	return report_name(&event, call, directory, name);
}

static __always_inline int ended_truncate(const struct ended *call, u64 name, u64 length)
{
	struct event event = {
		.what = WHAT_TRUNCATE, .hook = HOOK_SYS_EXIT, .flags = call->flags, .argument = saturated(length)};

	return report_name(&event, call, AT_FDCWD, name);
}

/* fchmod, ftruncate. */
static __always_inline int ended_by_descriptor(const struct ended *call, u32 what, u32 descriptor, u64 argument)
{
	struct event event = {
		.what = what, .hook = HOOK_SYS_EXIT, .flags = call->flags, .argument = saturated(argument)};
	struct file *file = file_at(current(), descriptor);

	if (!file)
		return count_loss(OUTCOME_UNREADABLE, what, call->cgroup);
	return report_dentry(&event, call->cgroup, BPF_CORE_READ(file, f_path.mnt), BPF_CORE_READ(file, f_path.dentry));
}

static __always_inline int ended_io_uring(const struct ended *call)
{
	struct event event = {.what = WHAT_IO_URING, .hook = HOOK_SYS_EXIT, .flags = call->flags};
	u32 slot;
	struct scratch *s = begin_event(&slot, &event, call->cgroup);

	return s ? finish_event(s, slot) : 0;
}

static __always_inline u64 length64(const struct ended *call)
{
	return ARG(call, LENGTH64_AT) | ARG(call, LENGTH64_AT + 1) << 32;
}

static __always_inline int report_call(const struct ended *call, u32 kind, u64 result)
{
	switch (kind) {
	case CALL_OPEN:
		return ended_open(call, result, ARG(call, 1));
	case CALL_CREAT:
		return ended_open(call, result, O_TRUNC);
	case CALL_OPENAT:
		return ended_open(call, result, ARG(call, 2));
	case CALL_OPENAT2:
		return ended_openat2(call, result);
	case CALL_UNLINK:
		return ended_unlink(call, AT_FDCWD, ARG(call, 0), 0);
	case CALL_UNLINKAT:
		return ended_unlink(call, ARG(call, 0), ARG(call, 1), ARG(call, 2));
	case CALL_RMDIR:
		return ended_directory(call, DIRECTORY_REMOVED, AT_FDCWD, ARG(call, 0));
	case CALL_MKDIR:
		return ended_directory(call, DIRECTORY_MADE, AT_FDCWD, ARG(call, 0));
	case CALL_MKDIRAT:
		return ended_directory(call, DIRECTORY_MADE, ARG(call, 0), ARG(call, 1));
	case CALL_SYMLINK:
		return ended_directory(call, DIRECTORY_SYMLINK, AT_FDCWD, ARG(call, 1));
	case CALL_SYMLINKAT:
		return ended_directory(call, DIRECTORY_SYMLINK, ARG(call, 1), ARG(call, 2));
	case CALL_RENAME:
		return ended_rename(call, AT_FDCWD, ARG(call, 0), AT_FDCWD, ARG(call, 1), 0);
	case CALL_RENAMEAT:
		return ended_rename(call, ARG(call, 0), ARG(call, 1), ARG(call, 2), ARG(call, 3), 0);
	case CALL_RENAMEAT2:
		return ended_rename(call, ARG(call, 0), ARG(call, 1), ARG(call, 2), ARG(call, 3), ARG(call, 4));
	case CALL_LINK:
		return ended_link(call, AT_FDCWD, ARG(call, 0), AT_FDCWD, ARG(call, 1), 0);
	case CALL_LINKAT:
		return ended_link(call, ARG(call, 0), ARG(call, 1), ARG(call, 2), ARG(call, 3), ARG(call, 4));
	case CALL_MKNOD:
		return ended_mknod(call, AT_FDCWD, ARG(call, 0), ARG(call, 1));
	case CALL_MKNODAT:
		return ended_mknod(call, ARG(call, 0), ARG(call, 1), ARG(call, 2));
	case CALL_CHMOD:
		return ended_chmod(call, AT_FDCWD, ARG(call, 0), ARG(call, 1));
	case CALL_FCHMODAT:
		return ended_chmod(call, ARG(call, 0), ARG(call, 1), ARG(call, 2));
	case CALL_FCHMOD:
		return ended_by_descriptor(call, WHAT_CHMOD, ARG(call, 0), ARG(call, 1) & 07777);
	case CALL_TRUNCATE:
		return ended_truncate(call, ARG(call, 0), ARG(call, 1));
	case CALL_TRUNCATE64:
		return ended_truncate(call, ARG(call, 0), length64(call));
	case CALL_FTRUNCATE:
		return ended_by_descriptor(call, WHAT_TRUNCATE, ARG(call, 0), ARG(call, 1));
	case CALL_FTRUNCATE64:
		return ended_by_descriptor(call, WHAT_TRUNCATE, ARG(call, 0), length64(call));
	case CALL_IO_URING_SETUP:
		return ended_io_uring(call);
	}
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(tp_sys_exit, struct pt_regs *regs, long result)
{
	struct ended call = {.regs = regs};
	u32 number = call_number(regs), kind, wants;

	if ((s32)result < 0 || number >= NUMBERS) /* all our calls return an int */
		return 0;
	call.compat = is_current_compat();
	kind = call.compat ? calls32[number] : calls64[number];
	if (kind == CALL_OTHER)
		return 0;
	call.cgroup = current_cgroup();
	wants = wants_of(call.cgroup);
	if (!wants || is_sensor())
		return 0;
	if (kind == CALL_SETSID)
		return wants & WANT_PROCESS ? report_process(WHAT_SETSID, HOOK_SYS_EXIT, call.cgroup, current(), 0) : 0;
	if (!(wants & WANT_FILE))
		return 0;
	if (call.compat)
		call.flags = FLAG_COMPAT32;
	return report_call(&call, kind, result);
}

#endif
