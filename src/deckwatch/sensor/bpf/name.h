/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names as the caller wrote them, with the directory they start from: all that tier C has where no file stays open. */
#ifndef DECKWATCH_NAME_H
#define DECKWATCH_NAME_H

#include "file.h"

static __always_inline struct task_struct *current(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

/* Where a name comes from: the caller's memory, or (io_uring) the kernel's own copy. */
enum origin {
	FROM_USER = 0,
	FROM_KERNEL = 1,
};

/* The name in `text`, added to the record. Returns its length, negative when it cannot be read. */
__noinline int add_text(u32 slot, u32 origin)
{
	struct scratch *s = scratch_at(slot);
	u32 end;
	int length;

	if (!s)
		return -1;
	end = s->end;
	if (end > sizeof(s->record) - PATH_MAX)
		return -1;
	if (origin == FROM_USER)
		length = bpf_probe_read_user_str(s->record + end, PATH_MAX, (void *)s->text);
	else
		length = bpf_probe_read_kernel_str(s->record + end, PATH_MAX, (void *)s->text);
	if (length <= 0)
		return -1;
	s->end = end + length - 1;
	return length - 1;
}

static __always_inline char first_of(u64 name, u32 origin)
{
	char first = 0;

	if (origin == FROM_USER)
		bpf_probe_read_user(&first, 1, (void *)name);
	else
		bpf_probe_read_kernel(&first, 1, (void *)name);
	return first;
}

/* Add the directory that a name starts from, and the name, as texts number `text` and the one after it. */
static __always_inline bool add_name(struct scratch *s, u32 slot, u32 text, int directory, u64 name, u32 origin)
{
	struct task_struct *task = current();
	struct path *base;
	struct file *file;
	int length;

	if (first_of(name, origin) == '/') {
		base = (void *)BPF_CORE_READ(task, fs) + bpf_core_field_offset(struct fs_struct, root);
	} else if (directory == AT_FDCWD) {
		base = (void *)BPF_CORE_READ(task, fs) + bpf_core_field_offset(struct fs_struct, pwd);
	} else {
		file = file_at(task, directory);
		if (!file)
			return false;
		base = (void *)file + bpf_core_field_offset(struct file, f_path);
	}
	s->file.file.lengths[text & 3] = add_path_of(s, slot, BPF_CORE_READ(base, mnt), BPF_CORE_READ(base, dentry));
	s->header.flags |= s->state & FLAG_PATH_CUT;
	s->text = name;
	length = add_text(slot, origin);
	if (length < 0)
		return false;
	s->file.file.lengths[(text + 1) & 3] = length;
	return true;
}

static __always_inline int finish_or_lose(struct scratch *s, u32 slot, bool complete)
{
	if (complete)
		send(slot, false);
	else
		count_loss(OUTCOME_UNREADABLE, s->header.what, s->header.cgroup);
	leave(s);
	return 0;
}

#endif
