/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Paths, by walking dentries up to the root of the mount namespace. Not to the task's root: a process that has
 * called chroot would hide the first part. bpf_d_path is of no use: it works in a few hooks only and stops there.
 */
#ifndef DECKWATCH_WALK_H
#define DECKWATCH_WALK_H

#include "ring.h"

#define COMPONENTS_MAX 64
#define MOUNTS_MAX 16

static __always_inline struct mount *mount_of(u64 vfsmount)
{
	return (struct mount *)(vfsmount - bpf_core_field_offset(struct mount, mnt));
}

static __always_inline bool is_directory(struct dentry *dentry)
{
	return (BPF_CORE_READ(dentry, d_inode, i_mode) & S_IFMT) == S_IFDIR;
}

/* One name, put before what is there. False: no room. */
static __always_inline bool prepend(struct scratch *s, struct dentry *dentry)
{
	u32 length = BPF_CORE_READ(dentry, d_name.len);
	u32 head = *(volatile u32 *)&s->head;

	if (length > NAME_MAX || head < length + 1)
		return false;
	head = (head - length - 1) & (PATH_MAX - 1);
	bpf_probe_read_kernel(s->path + head + 1, length, BPF_CORE_READ(dentry, d_name.name));
	s->path[head] = '/';
	s->head = head;
	return true;
}

/*
 * Walk from `dentry` on `vfsmount`; the path is in `path` from `head` on. Returns flags. Every name that is met after
 * the first mount was left is a directory it is mounted on: with none of them it is the namespace's root mount.
 */
static __always_inline u32 walk(struct scratch *s)
{
	u64 own_mount = s->vfsmount;
	u32 flags = FLAG_PATH_CUT;

	s->head = s->first_head = PATH_MAX;
	for (int i = 0; i < COMPONENTS_MAX + MOUNTS_MAX; i++) {
		struct dentry *dentry = (struct dentry *)*(volatile u64 *)&s->dentry;
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		struct mount *mount = mount_of(*(volatile u64 *)&s->vfsmount), *above;

		if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount || !above) {
				flags = 0;
				break;
			}
			if (s->vfsmount == own_mount)
				s->first_head = s->head;
			s->dentry = (u64)BPF_CORE_READ(mount, mnt_mountpoint);
			s->vfsmount = (u64)above + bpf_core_field_offset(struct mount, mnt);
			continue;
		}
		if (dentry == parent || !parent) { /* in no tree: a memfd, a pipe */
			flags = s->head == PATH_MAX ? 0 : FLAG_PATH_CUT;
			break;
		}
		if (!prepend(s, dentry))
			break;
		s->dentry = (u64)parent;
	}
	if (s->vfsmount != own_mount && s->head != s->first_head)
		flags |= FLAG_OTHER_MOUNT;
	return flags;
}

/*
 * Add the path of `dentry` on `vfsmount` to the record. Returns its length; flags are in `state`. What walks nothing
 * is "/" when a directory (the root of a bind mount carries the name of the directory it was made from), else it goes
 * by its name: "memfd:x".
 */
__noinline int add_path(u32 slot)
{
	struct scratch *s = scratch_at(slot);
	struct dentry *dentry;
	struct mount *mount;
	u32 length, end;

	if (!s)
		return 0;
	dentry = (struct dentry *)s->dentry;
	mount = mount_of(s->vfsmount);
	s->state = walk(s);
	if (!is_directory(BPF_CORE_READ(mount, mnt.mnt_root)))
		s->state |= FLAG_FILE_MOUNT;
	if (s->head == PATH_MAX) {
		s->head = PATH_MAX - 1;
		s->path[PATH_MAX - 1] = '/';
		length = BPF_CORE_READ(dentry, d_name.len);
		if (!is_directory(dentry) && length <= NAME_MAX) {
			s->head = PATH_MAX - length;
			bpf_probe_read_kernel(s->path + (s->head & (PATH_MAX - 1)), length, BPF_CORE_READ(dentry, d_name.name));
		}
	}
	end = s->end;
	length = PATH_MAX - s->head;
	if (end > sizeof(s->record) - PATH_MAX || length > PATH_MAX)
		return 0;
	bpf_probe_read_kernel(s->record + end, length, s->path + (s->head & (PATH_MAX - 1)));
	s->end = end + length;
	return length;
}

static __always_inline u32 add_path_of(struct scratch *s, u32 slot, struct vfsmount *mount, struct dentry *dentry)
{
	s->vfsmount = (u64)mount;
	s->dentry = (u64)dentry;
	return add_path(slot);
}

/* Does the task's root lie below the namespace's? A mount on a mount's root is still the root. */
static __always_inline bool is_chrooted(struct task_struct *task)
{
	struct dentry *dentry = BPF_CORE_READ(task, fs, root.dentry);
	struct mount *mount = mount_of((u64)BPF_CORE_READ(task, fs, root.mnt)), *above;

	for (int i = 0; i < 4; i++) {
		if (dentry != BPF_CORE_READ(mount, mnt.mnt_root))
			return true;
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount || !above)
			return false;
		dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		mount = above;
	}
	return false;
}

/*
 * Does the file live in an overlay's writable layer: was it made or changed since the container started? The upper
 * dentry comes right behind the VFS inode in overlay's own; when its module is not loaded yet, and so its type not
 * known, the place is.
 */
static __always_inline bool in_upper_layer(struct inode *inode)
{
	void *upper = 0;
	u32 offset;

	if (BPF_CORE_READ(inode, i_sb, s_magic) != OVERLAYFS_MAGIC)
		return false;
	if (bpf_core_field_exists(struct ovl_inode, __upperdentry))
		offset = bpf_core_field_offset(struct ovl_inode, __upperdentry) -
			 bpf_core_field_offset(struct ovl_inode, vfs_inode);
	else
		offset = bpf_core_type_size(struct inode);
	bpf_probe_read_kernel(&upper, sizeof(upper), (void *)inode + offset);
	return upper != 0;
}

#endif
