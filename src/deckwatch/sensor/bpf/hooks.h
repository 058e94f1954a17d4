/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the LSM hooks (tier A) and the ends of the functions that call them (tier B) have in common: the same arguments,
 * and the very dentry that will be used. So paths are canonical, whatever symbolic links the caller wrote, and neither
 * another thread nor io_uring gets around them.
 *
 * Most operations pass two hooks. path_* knows the mount, but comes before the permissions of files are checked;
 * inode_* comes after that, right before the file system does it, but does not know the mount. So the first remembers
 * the mount and the second reports: what is told of was permitted, and only a full disk and the like can still stop
 * it. It also drops what overlay does to its own layers: those dentries were never remembered. Only chmod and
 * truncate have no such second hook: a chmod by someone who does not own the file is told of as well.
 */
#ifndef DECKWATCH_HOOKS_H
#define DECKWATCH_HOOKS_H

#include "file.h"
#include "syscalls.h"

/* What the current thread is about to do. */
struct intent {
	u64 dentry;
	u64 vfsmount;
	u64 flags;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH); /* an operation that is refused leaves its own behind */
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, struct intent);
} intents SEC(".maps");

static __always_inline int remember(const struct path *directory, struct dentry *dentry, u32 flags)
{
	struct intent intent = {.dentry = (u64)dentry, .flags = flags};
	u32 thread = bpf_get_current_pid_tgid();

	if (!watched_cgroup(WANT_FILE))
		return 0;
	intent.vfsmount = (u64)BPF_CORE_READ(directory, mnt);
	bpf_map_update_elem(&intents, &thread, &intent, BPF_ANY);
	return 0;
}

/* The mount that the operation on this dentry was meant for, or none. */
static __always_inline struct vfsmount *recall(struct dentry *dentry, u32 *flags)
{
	u32 thread = bpf_get_current_pid_tgid();
	struct intent *intent = bpf_map_lookup_elem(&intents, &thread);
	struct vfsmount *mount;

	if (!intent || intent->dentry != (u64)dentry)
		return 0;
	mount = (struct vfsmount *)intent->vfsmount;
	*flags = intent->flags;
	bpf_map_delete_elem(&intents, &thread);
	return mount;
}

/* The registers that the current task entered the kernel with; before Linux 5.15 untyped, so to be read by helpers. */
static __always_inline struct pt_regs *current_registers(void)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return registers_on_stack((struct task_struct *)bpf_get_current_task());
}

/* The system call that the current task is in; io_uring's workers are in none. */
static __always_inline enum call current_call(void)
{
	u32 number = read_call_number(current_registers());

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

/* An open comes here too, but is told of by file_open. */
static __always_inline int remember_mknod(const struct path *directory, struct dentry *dentry, u32 mode)
{
	enum call call = current_call();

	if ((mode & S_IFMT) && (mode & S_IFMT) != S_IFREG)
		return 0;
	return call == CALL_MKNOD || call == CALL_MKNODAT ? remember(directory, dentry, 0) : 0;
}

/* A name that is not there yet, so without facts of an inode: mknod, mkdir, symlink. */
static __always_inline int report_name_of(struct event *event, struct dentry *dentry, u32 mode)
{
	u64 cgroup = current_cgroup();
	struct vfsmount *mount;
	struct scratch *s;
	u32 slot, flags;

	mount = recall(dentry, &flags);
	if (!mount)
		return 0;
	event->flags = compat_flag();
	s = begin_event(&slot, event, cgroup);
	if (!s)
		return 0;
	s->file.file.mode = mode;
	add_canonical(s, slot, TEXT_PATH, mount, dentry);
	return finish_event(s, slot);
}

static __always_inline int permitted_create(struct dentry *dentry, u32 mode, u32 hook)
{
	struct event event = {.what = WHAT_CREATE, .hook = hook, .argument = CREATION_MKNOD};

	return report_name_of(&event, dentry, S_IFREG | (mode & 07777));
}

static __always_inline int permitted_directory(struct dentry *dentry, u32 how, u32 hook)
{
	struct event event = {.what = WHAT_DIRECTORY, .hook = hook, .argument = how};

	return report_name_of(&event, dentry, 0);
}

static __always_inline int permitted_unlink(struct dentry *dentry, u32 hook)
{
	struct event event = {.what = WHAT_DELETE, .hook = hook};
	struct vfsmount *mount;
	u32 flags;

	mount = recall(dentry, &flags);
	if (!mount)
		return 0;
	event.flags = compat_flag();
	return report_dentry(&event, current_cgroup(), mount, dentry);
}

/* Two names on one mount: neither rename nor link ever leaves it. */
static __always_inline int report_pair(const struct event *event, struct vfsmount *mount, struct dentry *dentry,
				       struct dentry *dentry2)
{
	u32 slot;
	struct scratch *s = begin_event(&slot, event, current_cgroup());

	if (!s)
		return 0;
	fill_inode_of(s, slot, BPF_CORE_READ(dentry, d_inode), mount);
	add_canonical(s, slot, TEXT_PATH, mount, dentry);
	add_canonical(s, slot, TEXT_PATH2, mount, dentry2);
	return finish_event(s, slot);
}

static __always_inline int permitted_rename(struct dentry *dentry, struct dentry *dentry2, u32 hook)
{
	struct event event = {.what = WHAT_RENAME, .hook = hook};
	struct vfsmount *mount = recall(dentry, &event.operation_flags);

	if (!mount)
		return 0;
	event.flags = compat_flag();
	if (is_directory(dentry)) {
		event.what = WHAT_DIRECTORY;
		event.operation_flags = 0;
		event.argument = DIRECTORY_RENAMED;
	}
	return report_pair(&event, mount, dentry, dentry2);
}

/* A file without any name yet is one of O_TMPFILE: this link creates it. */
static __always_inline int permitted_link(struct dentry *dentry, struct dentry *dentry2, u32 hook)
{
	struct event event = {.what = WHAT_LINK, .hook = hook};
	struct vfsmount *mount;
	struct scratch *s;
	u32 slot, flags;

	mount = recall(dentry2, &flags);
	if (!mount)
		return 0;
	event.flags = compat_flag();
	if (BPF_CORE_READ(dentry, d_inode, i_nlink))
		return report_pair(&event, mount, dentry, dentry2);
	event.what = WHAT_CREATE;
	event.flags |= FLAG_TMPFILE;
	event.argument = CREATION_LINK;
	s = begin_event(&slot, &event, current_cgroup());
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
