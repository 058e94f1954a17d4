/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * io_uring in tier C: its file operations are no system calls. (Tiers A and B see them as any other.)
 *
 * tp_btf/io_uring_complete: has request and result, so an open tells its file. tp_btf/io_uring_submit_req
 * (..._submit_sqe until Linux 6.2): the others have no file afterwards, and their names are freed by then, so they are
 * told of when they are submitted: an attempt. Arguments changed often: each variant loads on its kernels only, before
 * Linux 6.0 none does anything.
 */
#ifndef DECKWATCH_URING_H
#define DECKWATCH_URING_H

#include "name.h"

enum operation {
	OPERATION_OPENAT = 18,
	OPERATION_OPENAT2 = 28,
	OPERATION_RENAMEAT = 35,
	OPERATION_UNLINKAT = 36,
	OPERATION_MKDIRAT = 37,
	OPERATION_SYMLINKAT = 38,
	OPERATION_LINKAT = 39,
};

static __always_inline bool requests_known(void)
{
	return bpf_core_type_exists(struct io_cmd_data);
}

static __always_inline int completed(void *request, s32 result)
{
	u64 cgroup = watched_cgroup(WANT_FILE);
	struct io_kiocb *head = request;
	struct io_open *open = request;
	u32 operation;

	if (!cgroup || result < 0 || !requests_known())
		return 0;
	operation = BPF_CORE_READ(head, opcode);
	if (operation != OPERATION_OPENAT && operation != OPERATION_OPENAT2)
		return 0;
	if (BPF_CORE_READ(open, file_slot)) /* into the ring's own table: no descriptor */
		return 0;
	return report_open(file_at(current(), result), HOOK_IO_URING_TRACEPOINT, BPF_CORE_READ(open, how.flags) & O_TRUNC,
			   FLAG_BY_IO_URING, cgroup);
}

/* Until about Linux 6.14. */
SEC("tp_btf/io_uring_complete")
int BPF_PROG(uring_complete_result, void *ring_context, void *request, u64 user_data, s32 result)
{
	return completed(request, result);
}

/* A typed entry since then: this plain load of it is refused before. */
SEC("tp_btf/io_uring_complete")
int BPF_PROG(uring_complete_entry, void *ring_context, void *request, struct io_uring_cqe *entry)
{
	return completed(request, entry->res);
}

static __always_inline u64 text_of(struct filename *name)
{
	return (u64)BPF_CORE_READ(name, name);
}

static __always_inline int submitted_unlink(struct io_unlink *request, struct scratch *s, u32 slot)
{
	struct filename *name = BPF_CORE_READ(request, filename);
	u32 flags = BPF_CORE_READ(request, flags);

	if (flags & AT_REMOVEDIR) {
		s->header.what = WHAT_DIRECTORY;
		s->file.file.argument = DIRECTORY_REMOVED;
	} else {
		s->header.what = WHAT_DELETE;
		s->file.file.operation_flags = flags;
	}
	return add_name(s, slot, TEXT_BASE, BPF_CORE_READ(request, dfd), text_of(name), FROM_KERNEL);
}

static __always_inline int submitted_mkdir(struct io_mkdir *request, struct scratch *s, u32 slot)
{
	struct filename *name = BPF_CORE_READ(request, filename);

	s->file.file.argument = DIRECTORY_MADE;
	return add_name(s, slot, TEXT_BASE, BPF_CORE_READ(request, dfd), text_of(name), FROM_KERNEL);
}

static __always_inline int submitted_symlink(struct io_link *request, struct scratch *s, u32 slot)
{
	struct filename *name = BPF_CORE_READ(request, newpath);

	s->file.file.argument = DIRECTORY_SYMLINK;
	return add_name(s, slot, TEXT_BASE, BPF_CORE_READ(request, new_dfd), text_of(name), FROM_KERNEL);
}

static __always_inline int submitted_rename(struct io_rename *request, struct scratch *s, u32 slot)
{
	struct filename *name = BPF_CORE_READ(request, oldpath), *name2 = BPF_CORE_READ(request, newpath);

	s->file.file.operation_flags = BPF_CORE_READ(request, flags);
	return add_name(s, slot, TEXT_BASE, BPF_CORE_READ(request, old_dfd), text_of(name), FROM_KERNEL) &&
	       add_name(s, slot, TEXT_BASE2, BPF_CORE_READ(request, new_dfd), text_of(name2), FROM_KERNEL);
}

static __always_inline int submitted_link(struct io_link *request, struct scratch *s, u32 slot)
{
	struct filename *name = BPF_CORE_READ(request, oldpath), *name2 = BPF_CORE_READ(request, newpath);

	s->file.file.operation_flags = BPF_CORE_READ(request, flags);
	return add_name(s, slot, TEXT_BASE, BPF_CORE_READ(request, old_dfd), text_of(name), FROM_KERNEL) &&
	       add_name(s, slot, TEXT_BASE2, BPF_CORE_READ(request, new_dfd), text_of(name2), FROM_KERNEL);
}

static __always_inline u32 what_of(u32 operation)
{
	switch (operation) {
	case OPERATION_RENAMEAT:
		return WHAT_RENAME;
	case OPERATION_UNLINKAT:
		return WHAT_DELETE;
	case OPERATION_LINKAT:
		return WHAT_LINK;
	case OPERATION_MKDIRAT:
	case OPERATION_SYMLINKAT:
		return WHAT_DIRECTORY;
	}
	return 0;
}

static __always_inline int submitted(void *request)
{
	struct event event = {.hook = HOOK_IO_URING_TRACEPOINT, .flags = FLAG_BY_IO_URING};
	u64 cgroup = watched_cgroup(WANT_FILE);
	struct io_kiocb *head = request;
	bool complete = false;
	struct scratch *s;
	u32 slot, operation;

	if (!cgroup || !requests_known())
		return 0;
	operation = BPF_CORE_READ(head, opcode);
	event.what = what_of(operation);
	if (!event.what)
		return 0;
	s = begin_event(&slot, &event, cgroup);
	if (!s)
		return 0;
	switch (operation) {
	case OPERATION_UNLINKAT:
		complete = submitted_unlink(request, s, slot);
		break;
	case OPERATION_RENAMEAT:
		complete = submitted_rename(request, s, slot);
		break;
	case OPERATION_LINKAT:
		complete = submitted_link(request, s, slot);
		break;
	case OPERATION_MKDIRAT:
		complete = submitted_mkdir(request, s, slot);
		break;
	case OPERATION_SYMLINKAT:
		complete = submitted_symlink(request, s, slot);
		break;
	}
	return finish_or_lose(s, slot, complete);
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(uring_submit_req, struct io_kiocb *request)
{
	return submitted(request);
}

/* Linux 5.19 to 6.2. */
SEC("tp_btf/io_uring_submit_sqe")
int BPF_PROG(uring_submit_sqe, struct io_kiocb *request)
{
	return submitted(request);
}

#endif
