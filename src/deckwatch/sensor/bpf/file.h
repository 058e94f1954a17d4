/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The file section, whoever fills it: a system call's end, an LSM hook, a function's end. */
#ifndef DECKWATCH_FILE_H
#define DECKWATCH_FILE_H

#include "process.h"

enum file_text { /* places in file_section.lengths */
	TEXT_BASE = 0,
	TEXT_PATH = 1,
	TEXT_BASE2 = 2,
	TEXT_PATH2 = 3,
};

/* What a hook knows of the event; all else comes from the current task. */
struct event {
	u32 what;
	u32 hook;
	u32 flags;
	u32 operation_flags;
	u32 argument;
};

/* Facts of the inode in `inode` and of the mount in `vfsmount`. */
__noinline int fill_inode(u32 slot)
{
	struct scratch *s = scratch_at(slot);
	struct file_section *f;
	struct inode *inode;
	struct mount *mount;

	if (!s)
		return 0;
	inode = (struct inode *)s->inode;
	mount = mount_of(s->vfsmount);
	f = &s->file.file;
	f->inode = BPF_CORE_READ(inode, i_ino);
	f->mode = BPF_CORE_READ(inode, i_mode);
	f->device = BPF_CORE_READ(inode, i_sb, s_dev);
	f->mount = BPF_CORE_READ(mount, mnt_id);
	if (in_upper_layer(inode))
		s->header.flags |= FLAG_FILE_UPPER;
	return 0;
}

static __always_inline void fill_inode_of(struct scratch *s, u32 slot, struct inode *inode, struct vfsmount *mount)
{
	s->inode = (u64)inode;
	s->vfsmount = (u64)mount;
	fill_inode(slot);
}

/* A buffer with the header and an empty file section of the current task, or none: then the loss is counted. */
__noinline int begin_file(u32 what, u32 hook, u64 cgroup)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	u32 slot = take_slot();
	struct scratch *s = scratch_at(slot);

	if (!s) {
		count_loss(OUTCOME_NO_BUFFER, what, cgroup);
		return SLOTS;
	}
	fill_header(s, what, hook, cgroup, task);
	__builtin_memset(&s->file.file, 0, sizeof(s->file.file));
	s->file.file.group = BPF_CORE_READ(task, real_cred, egid.val); /* not `cred`, as in the header */
	s->end = sizeof(s->file);
	return slot;
}

static __always_inline struct scratch *begin_event(u32 *slot, const struct event *event, u64 cgroup)
{
	struct scratch *s;

	*slot = begin_file(event->what, event->hook, cgroup);
	s = scratch_at(*slot);
	if (!s)
		return 0;
	s->header.flags |= event->flags;
	s->file.file.operation_flags = event->operation_flags;
	s->file.file.argument = event->argument;
	return s;
}

/* A canonical path as text number `text`. */
static __always_inline void add_canonical(struct scratch *s, u32 slot, u32 text, struct vfsmount *mount,
					  struct dentry *dentry)
{
	s->file.file.lengths[text & 3] = add_path_of(s, slot, mount, dentry);
	s->header.flags |= s->state | FLAG_BY_DESCRIPTOR;
}

static __always_inline int finish_event(struct scratch *s, u32 slot)
{
	send(slot, false);
	leave(s);
	return 0;
}

/* An event on one dentry whose inode is there. */
static __always_inline int report_dentry(const struct event *event, u64 cgroup, struct vfsmount *mount,
					 struct dentry *dentry)
{
	u32 slot;
	struct scratch *s = begin_event(&slot, event, cgroup);

	if (!s)
		return 0;
	fill_inode_of(s, slot, BPF_CORE_READ(dentry, d_inode), mount);
	add_canonical(s, slot, TEXT_PATH, mount, dentry);
	return finish_event(s, slot);
}

/*
 * A file that was opened. Created: FMODE_CREATED, which only the call that made the file gets. O_TMPFILE never has it:
 * it is an OPEN marked TMPFILE, and the linkat that names the file is the creation.
 */
static __always_inline int report_open(struct file *file, u32 hook, u32 call_flags, u32 flags, u64 cgroup)
{
	u32 mode = BPF_CORE_READ(file, f_mode), open_flags = BPF_CORE_READ(file, f_flags) | call_flags;
	struct event event = {.what = WHAT_OPEN, .hook = hook, .flags = flags, .operation_flags = open_flags};

	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFREG || mode & FMODE_NOACCOUNT)
		return 0;
	if (mode & FMODE_CREATED)
		event.what = WHAT_CREATE;
	else if (!(mode & FMODE_WRITE) && !(open_flags & O_TRUNC)) /* O_RDONLY | O_TRUNC empties a file, too */
		return 0;
	if (open_flags & O_TMPFILE_BIT)
		event.flags |= FLAG_TMPFILE;
	else if (open_flags & O_TRUNC)
		event.flags |= FLAG_TRUNCATED;
	return report_dentry(&event, cgroup, BPF_CORE_READ(file, f_path.mnt), BPF_CORE_READ(file, f_path.dentry));
}

static __always_inline u32 saturated(u64 length)
{
	return length > 0xffffffff ? 0xffffffff : length;
}

#endif
