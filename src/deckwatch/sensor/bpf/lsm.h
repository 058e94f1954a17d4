/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Tier A: the hooks of the security modules. They are the kernel's own list of places where something happens to a
 * file, keep their names and arguments over releases, and could refuse. All return 0 here: we only watch.
 */
#ifndef DECKWATCH_LSM_H
#define DECKWATCH_LSM_H

#include "hooks.h"

extern int LINUX_KERNEL_VERSION __kconfig;

SEC("lsm/file_open")
int BPF_PROG(lsm_file_open, struct file *file)
{
	return before_open(file, HOOK_LSM_FILE_OPEN);
}

SEC("lsm/path_mknod")
int BPF_PROG(lsm_path_mknod, const struct path *directory, struct dentry *dentry, u32 mode)
{
	return remember_mknod(directory, dentry, mode);
}

SEC("lsm/inode_create")
int BPF_PROG(lsm_inode_create, struct inode *parent, struct dentry *dentry, u32 mode)
{
	return permitted_create(dentry, mode, HOOK_LSM_PATH_MKNOD);
}

SEC("lsm/path_unlink")
int BPF_PROG(lsm_path_unlink, const struct path *directory, struct dentry *dentry)
{
	return remember(directory, dentry, 0);
}

SEC("lsm/inode_unlink")
int BPF_PROG(lsm_inode_unlink, struct inode *parent, struct dentry *dentry)
{
	return permitted_unlink(dentry, HOOK_LSM_PATH_UNLINK);
}

SEC("lsm/path_rmdir")
int BPF_PROG(lsm_path_rmdir, const struct path *directory, struct dentry *dentry)
{
	return remember(directory, dentry, 0);
}

SEC("lsm/inode_rmdir")
int BPF_PROG(lsm_inode_rmdir, struct inode *parent, struct dentry *dentry)
{
	return permitted_directory(dentry, DIRECTORY_REMOVED, HOOK_LSM_PATH_DIRECTORY);
}

SEC("lsm/path_mkdir")
int BPF_PROG(lsm_path_mkdir, const struct path *directory, struct dentry *dentry)
{
	return remember(directory, dentry, 0);
}

SEC("lsm/inode_mkdir")
int BPF_PROG(lsm_inode_mkdir, struct inode *parent, struct dentry *dentry)
{
	return permitted_directory(dentry, DIRECTORY_MADE, HOOK_LSM_PATH_DIRECTORY);
}

SEC("lsm/path_symlink")
int BPF_PROG(lsm_path_symlink, const struct path *directory, struct dentry *dentry)
{
	return remember(directory, dentry, 0);
}

SEC("lsm/inode_symlink")
int BPF_PROG(lsm_inode_symlink, struct inode *parent, struct dentry *dentry)
{
	return permitted_directory(dentry, DIRECTORY_SYMLINK, HOOK_LSM_PATH_DIRECTORY);
}

/* The flags came with Linux 5.19; of the callers only renameat2 has any. */
SEC("lsm/path_rename")
int BPF_PROG(lsm_path_rename, const struct path *directory, struct dentry *dentry)
{
	u32 flags = 0;

	if (LINUX_KERNEL_VERSION >= KERNEL_VERSION(5, 19, 0))
		flags = *(volatile u64 *)&ctx[4];
	else if (current_call() == CALL_RENAMEAT2)
		flags = read_fifth_argument(current_registers(), is_current_compat());
	return remember(directory, dentry, flags);
}

SEC("lsm/inode_rename")
int BPF_PROG(lsm_inode_rename, struct inode *parent, struct dentry *dentry, struct inode *parent2,
	     struct dentry *dentry2)
{
	return permitted_rename(dentry, dentry2, HOOK_LSM_PATH_RENAME);
}

SEC("lsm/path_link")
int BPF_PROG(lsm_path_link, struct dentry *dentry, const struct path *directory2, struct dentry *dentry2)
{
	return remember(directory2, dentry2, 0);
}

SEC("lsm/inode_link")
int BPF_PROG(lsm_inode_link, struct dentry *dentry, struct inode *parent2, struct dentry *dentry2)
{
	return permitted_link(dentry, dentry2, HOOK_LSM_PATH_LINK);
}

SEC("lsm/path_chmod")
int BPF_PROG(lsm_path_chmod, const struct path *path, u32 mode)
{
	return before_chmod(path, mode, HOOK_LSM_PATH_CHMOD);
}

SEC("lsm/path_truncate")
int BPF_PROG(lsm_path_truncate, const struct path *path)
{
	return before_truncate(path, HOOK_LSM_PATH_TRUNCATE);
}

/* ftruncate, since Linux 6.2; path_truncate has it before. */
SEC("lsm/file_truncate")
int BPF_PROG(lsm_file_truncate, struct file *file)
{
	return before_truncate(&file->f_path, HOOK_LSM_FILE_TRUNCATE);
}

#endif
