/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the LSM hooks (tier A) and the ends of the functions that call them (tier B) have in common: the same
 * arguments, the directory's mount and the very dentry that will be used. So paths are canonical, whatever symbolic
 * links the caller wrote, and neither another thread nor io_uring gets around them.
 *
 * They come before the operation: what they tell of was allowed by the security modules, but the file system may
 * still refuse it (permissions of files, a directory that is not empty). Creations are exact: they wait for the open.
 */
#ifndef DECKWATCH_HOOKS_H
#define DECKWATCH_HOOKS_H

#include "file.h"
#include "syscalls.h"

/* The system call that the current task is in; unknown before Linux 5.15 and in io_uring's workers. */
static __always_inline enum call current_call(void)
{
	struct pt_regs *regs;
	u32 number;

	if (!bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return CALL_OTHER;
	regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	number = call_number(regs);
	if (number >= NUMBERS)
		return CALL_OTHER;
	return is_current_compat() ? calls32[number] : calls64[number];
}

static __always_inline bool is_open_call(enum call call)
{
	return call == CALL_OPEN || call == CALL_CREAT || call == CALL_OPENAT || call == CALL_OPENAT2;
}

static __always_inline u32 compat_flag(void)
{
	return is_current_compat() ? FLAG_COMPAT32 : 0;
}

/* A mount of no namespace: overlay's own of its layers, not to be seen from within the container. */
static __always_inline bool is_internal(struct vfsmount *vfsmount)
{
	struct mount *mount = mount_of((u64)vfsmount);

	return (u64)BPF_CORE_READ(mount, mnt_ns) > -4096ull;
}

static __always_inline int before_open(struct file *file, u32 hook)
{
	u64 cgroup = watched_cgroup(WANT_FILE);

	if (!cgroup || is_internal(BPF_CORE_READ(file, f_path.mnt)))
		return 0;
	return report_open(file, hook, 0, compat_flag(), cgroup);
}

/* An open comes here too, and again as the open itself; only mknod ends here. */
static __always_inline int before_mknod(const struct path *directory, struct dentry *dentry, u32 mode, u32 hook)
{
	struct event event = {.what = WHAT_CREATE, .hook = hook, .argument = CREATION_MKNOD};
	u64 cgroup = watched_cgroup(WANT_FILE);
	enum call call;
	struct scratch *s;
	u32 slot;

	if (!cgroup || ((mode & S_IFMT) && (mode & S_IFMT) != S_IFREG))
		return 0;
	call = current_call();
	if (call != CALL_MKNOD && call != CALL_MKNODAT)
		return 0;
	event.flags = compat_flag();
	s = begin_event(&slot, &event, cgroup);
	if (!s)
		return 0;
	s->file.file.mode = S_IFREG | (mode & 07777);
	add_canonical(s, slot, TEXT_PATH, BPF_CORE_READ(directory, mnt), dentry);
	return finish_event(s, slot);
}

static __always_inline int before_unlink(const struct path *directory, struct dentry *dentry, u32 hook)
{
	struct event event = {.what = WHAT_DELETE, .hook = hook};
	u64 cgroup = watched_cgroup(WANT_FILE);

	if (!cgroup)
		return 0;
	event.flags = compat_flag();
	return report_dentry(&event, cgroup, BPF_CORE_READ(directory, mnt), dentry);
}

/* A directory or a symbolic link that is made or removed. */
static __always_inline int before_directory(const struct path *directory, struct dentry *dentry, u32 how, u32 hook)
{
	struct event event = {.what = WHAT_DIRECTORY, .hook = hook, .argument = how};
	u64 cgroup = watched_cgroup(WANT_FILE);
	struct scratch *s;
	u32 slot;

	if (!cgroup)
		return 0;
	event.flags = compat_flag();
	s = begin_event(&slot, &event, cgroup);
	if (!s)
		return 0;
	add_canonical(s, slot, TEXT_PATH, BPF_CORE_READ(directory, mnt), dentry);
	return finish_event(s, slot);
}

static __always_inline int report_pair(const struct event *event, u64 cgroup, struct vfsmount *mount,
				       struct dentry *dentry, struct vfsmount *mount2, struct dentry *dentry2)
{
	u32 slot;
	struct scratch *s = begin_event(&slot, event, cgroup);

	if (!s)
		return 0;
	fill_inode_of(s, slot, BPF_CORE_READ(dentry, d_inode), mount);
	add_canonical(s, slot, TEXT_PATH, mount, dentry);
	add_canonical(s, slot, TEXT_PATH2, mount2, dentry2);
	return finish_event(s, slot);
}

static __always_inline int before_rename(const struct path *directory, struct dentry *dentry,
					 const struct path *directory2, struct dentry *dentry2, u32 flags, u32 hook)
{
	struct event event = {.what = WHAT_RENAME, .hook = hook, .operation_flags = flags};
	u64 cgroup = watched_cgroup(WANT_FILE);

	if (!cgroup)
		return 0;
	event.flags = compat_flag();
	if (is_directory(dentry)) {
		event.what = WHAT_DIRECTORY;
		event.operation_flags = 0;
		event.argument = DIRECTORY_RENAMED;
	}
	return report_pair(&event, cgroup, BPF_CORE_READ(directory, mnt), dentry, BPF_CORE_READ(directory2, mnt), dentry2);
}

/* A file without any name yet is one of O_TMPFILE: this link creates it. */
static __always_inline int before_link(struct dentry *dentry, const struct path *directory2, struct dentry *dentry2,
				       u32 hook)
{
	struct event event = {.what = WHAT_LINK, .hook = hook};
	struct vfsmount *mount = BPF_CORE_READ(directory2, mnt); /* a link never leaves the mount */
	u64 cgroup = watched_cgroup(WANT_FILE);
	struct scratch *s;
	u32 slot;

	if (!cgroup)
		return 0;
	event.flags = compat_flag();
	if (BPF_CORE_READ(dentry, d_inode, i_nlink))
		return report_pair(&event, cgroup, mount, dentry, mount, dentry2);
	event.what = WHAT_CREATE;
	event.flags |= FLAG_TMPFILE;
	event.argument = CREATION_LINK;
	s = begin_event(&slot, &event, cgroup);
	if (!s)
		return 0;
	fill_inode_of(s, slot, BPF_CORE_READ(dentry, d_inode), mount);
	add_canonical(s, slot, TEXT_PATH, mount, dentry2);
	return finish_event(s, slot);
}

static __always_inline int before_chmod(const struct path *path, u32 mode, u32 hook)
{
	struct event event = {.what = WHAT_CHMOD, .hook = hook, .argument = mode & 07777};
	u64 cgroup = watched_cgroup(WANT_FILE);
	struct dentry *dentry = BPF_CORE_READ(path, dentry);
	struct vfsmount *mount = BPF_CORE_READ(path, mnt);
	struct scratch *s;
	u32 slot;

	if (!cgroup)
		return 0;
	event.flags = compat_flag();
	s = begin_event(&slot, &event, cgroup);
	if (!s)
		return 0;
	fill_inode_of(s, slot, BPF_CORE_READ(dentry, d_inode), mount);
	s->file.file.mode = (s->file.file.mode & S_IFMT) | (mode & 07777);
	add_canonical(s, slot, TEXT_PATH, mount, dentry);
	return finish_event(s, slot);
}

/* An open with O_TRUNC comes here too, and has said so itself. */
static __always_inline int before_truncate(const struct path *path, u32 hook)
{
	struct event event = {.what = WHAT_TRUNCATE, .hook = hook};
	u64 cgroup = watched_cgroup(WANT_FILE);

	if (!cgroup || is_open_call(current_call()))
		return 0;
	event.flags = compat_flag();
	return report_dentry(&event, cgroup, BPF_CORE_READ(path, mnt), BPF_CORE_READ(path, dentry));
}

#endif
