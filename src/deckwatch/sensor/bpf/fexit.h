/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tier B: the ends of security_path_*, security_inode_* and security_file_open, the functions through which the kernel
 * asks its security modules. For hosts that do not list `bpf` among these. Not vfs_unlink and its like: they know no
 * mount, so no whole path, and their arguments change from release to release, while these have kept theirs. What a
 * security module refused is left out.
 */
#ifndef DECKWATCH_FEXIT_H
#define DECKWATCH_FEXIT_H

#include "hooks.h"

SEC("fexit/security_file_open")
int BPF_PROG(fexit_file_open, struct file *file, int refused)
{
	return refused ? 0 : before_open(file, HOOK_FEXIT_OPEN);
}

SEC("fexit/security_path_mknod")
int BPF_PROG(fexit_path_mknod, const struct path *directory, struct dentry *dentry, u32 mode, u32 device, int refused)
{
	return refused ? 0 : remember_mknod(directory, dentry, mode);
}

SEC("fexit/security_inode_create")
int BPF_PROG(fexit_inode_create, struct inode *parent, struct dentry *dentry, u32 mode, int refused)
{
	return refused ? 0 : permitted_create(dentry, mode, HOOK_FEXIT_MKNOD);
}

SEC("fexit/security_path_unlink")
int BPF_PROG(fexit_path_unlink, const struct path *directory, struct dentry *dentry, int refused)
{
	return refused ? 0 : remember(directory, dentry, 0);
}

SEC("fexit/security_inode_unlink")
int BPF_PROG(fexit_inode_unlink, struct inode *parent, struct dentry *dentry, int refused)
{
	return refused ? 0 : permitted_unlink(dentry, HOOK_FEXIT_UNLINK);
}

SEC("fexit/security_path_rmdir")
int BPF_PROG(fexit_path_rmdir, const struct path *directory, struct dentry *dentry, int refused)
{
	return refused ? 0 : remember(directory, dentry, 0);
}

SEC("fexit/security_inode_rmdir")
int BPF_PROG(fexit_inode_rmdir, struct inode *parent, struct dentry *dentry, int refused)
{
	return refused ? 0 : permitted_directory(dentry, DIRECTORY_REMOVED, HOOK_FEXIT_DIRECTORY);
}

SEC("fexit/security_path_mkdir")
int BPF_PROG(fexit_path_mkdir, const struct path *directory, struct dentry *dentry, u32 mode, int refused)
{
	return refused ? 0 : remember(directory, dentry, 0);
}

SEC("fexit/security_inode_mkdir")
int BPF_PROG(fexit_inode_mkdir, struct inode *parent, struct dentry *dentry, u32 mode, int refused)
{
	return refused ? 0 : permitted_directory(dentry, DIRECTORY_MADE, HOOK_FEXIT_DIRECTORY);
}

SEC("fexit/security_path_symlink")
int BPF_PROG(fexit_path_symlink, const struct path *directory, struct dentry *dentry, const char *target, int refused)
{
	return refused ? 0 : remember(directory, dentry, 0);
}

SEC("fexit/security_inode_symlink")
int BPF_PROG(fexit_inode_symlink, struct inode *parent, struct dentry *dentry, const char *target, int refused)
{
	return refused ? 0 : permitted_directory(dentry, DIRECTORY_SYMLINK, HOOK_FEXIT_DIRECTORY);
}

SEC("fexit/security_path_rename")
int BPF_PROG(fexit_path_rename, const struct path *directory, struct dentry *dentry, const struct path *directory2,
	     struct dentry *dentry2, u32 flags, int refused)
{
	return refused ? 0 : remember(directory, dentry, flags);
}

SEC("fexit/security_inode_rename")
int BPF_PROG(fexit_inode_rename, struct inode *parent, struct dentry *dentry, struct inode *parent2,
	     struct dentry *dentry2, u32 flags, int refused)
{
	return refused ? 0 : permitted_rename(dentry, dentry2, HOOK_FEXIT_RENAME);
}

SEC("fexit/security_path_link")
int BPF_PROG(fexit_path_link, struct dentry *dentry, const struct path *directory2, struct dentry *dentry2, int refused)
{
	return refused ? 0 : remember(directory2, dentry2, 0);
}

SEC("fexit/security_inode_link")
int BPF_PROG(fexit_inode_link, struct dentry *dentry, struct inode *parent2, struct dentry *dentry2, int refused)
{
	return refused ? 0 : permitted_link(dentry, dentry2, HOOK_FEXIT_LINK);
}

SEC("fexit/security_path_chmod")
int BPF_PROG(fexit_path_chmod, const struct path *path, u32 mode, int refused)
{
	return refused ? 0 : before_chmod(path, mode, HOOK_FEXIT_CHMOD);
}

SEC("fexit/security_path_truncate")
int BPF_PROG(fexit_path_truncate, const struct path *path, int refused)
{
	return refused ? 0 : before_truncate(path, HOOK_FEXIT_TRUNCATE);
}

/* ftruncate, since Linux 6.2; security_path_truncate has it before. */
SEC("fexit/security_file_truncate")
int BPF_PROG(fexit_file_truncate, struct file *file, int refused)
{
	return refused ? 0 : before_truncate(&file->f_path, HOOK_FEXIT_TRUNCATE);
}

#endif
