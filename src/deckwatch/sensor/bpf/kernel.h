/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The parts of the kernel's structures that we read. Offsets come from the running kernel's BTF when the object is
 * loaded (CO-RE), so only names and kinds of fields matter here, and only those that we use are listed.
 *
 * Known drift, Linux 5.10 to 6.18, and what we do about it:
 *   kernfs_node.parent is __parent since 6.15     we go by cgroup.self.parent, which stayed
 *   kernel_cap_t: u32[2], one u64 since 6.3       eight bytes either way, read as u64
 *   dentry.d_name lies in a union since 6.17      found by name all the same
 *   bpf_get_current_task_btf since 5.11           current.h asks the BTF for it
 *   bpf_task_pt_regs since 5.15                   hooks.h asks the BTF for it, else it reads the task's stack
 *   path_rename has the flags since 5.19          lsm.h reads them from the caller's registers
 *   sched_process_exit tells group-dead in 6.16   process.h asks signal->live, which stayed
 */
#ifndef DECKWATCH_KERNEL_H
#define DECKWATCH_KERNEL_H

#include <stdbool.h>
#include "wire.h"

/* What libbpf's headers want of <linux/bpf.h>. Without that one the object depends on the compiler only. */
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef s32 __s32;
typedef u64 __u64;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u32 __wsum;

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/* Helpers whose presence we ask for. */
enum bpf_func_id {
	BPF_FUNC_get_current_task_btf = 158,
	BPF_FUNC_task_pt_regs = 175,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Files */

struct qstr {
	u32 len;
	const unsigned char *name;
};

struct super_block {
	u32 s_dev;
	unsigned long s_magic;
};

struct inode {
	u16 i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
	unsigned int i_nlink;
	u32 i_rdev;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct mnt_namespace;

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
	int mnt_id;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	unsigned int f_flags;
	unsigned int f_mode;
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct ovl_inode {
	struct inode vfs_inode;
	struct dentry *__upperdentry;
};

/* Cgroups */

struct kernfs_node {
	const char *name;
	u64 id;
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup_root {
	unsigned int subsys_mask;
	int hierarchy_id;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};

/* Namespaces */

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

/* Processes */

typedef struct {
	u32 val;
} kuid_t;

typedef struct {
	u32 val;
} kgid_t;

typedef struct {
	u64 val;
} kernel_cap_t;

struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	kernel_cap_t cap_permitted;
	kernel_cap_t cap_effective;
};

struct tty_driver {
	int major;
	int minor_start;
};

struct tty_struct {
	int index;
	struct tty_driver *driver;
};

struct tty_file_private {
	struct tty_struct *tty;
};

typedef struct {
	int counter;
} atomic_t;

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct pid *pids[4];
	struct tty_struct *tty;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
	struct file *exe_file;
};

struct linux_binprm {
	int argc;
	const char *filename;
};

struct thread_info {
	unsigned long flags;
	u32 status;
};

struct task_struct {
	struct thread_info thread_info;
	void *stack;
	int pid;
	int tgid;
	int exit_code;
	u64 start_boottime;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct files_struct *files;
	struct fs_struct *fs;
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
	const struct cred *real_cred;
	char comm[16];
};

/* io_uring: a request's own part lies at its head, whatever the operation */

struct filename {
	const char *name;
};

struct open_how {
	u64 flags;
};

struct io_open {
	u32 file_slot;
	struct open_how how;
};

struct io_unlink {
	int dfd;
	int flags;
	struct filename *filename;
};

struct io_mkdir {
	int dfd;
	struct filename *filename;
};

struct io_rename {
	int old_dfd;
	int new_dfd;
	struct filename *oldpath;
	struct filename *newpath;
	int flags;
};

struct io_link {
	int old_dfd;
	int new_dfd;
	struct filename *oldpath;
	struct filename *newpath;
	int flags;
};

struct io_cmd_data {
	struct file *file;
};

struct io_kiocb {
	u8 opcode;
};

struct io_ring_ctx;

struct io_uring_cqe {
	s32 res;
};

/* The task iterator's context */

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

/* Numbers of the kernel that no BTF tells. */

enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_RB_AVAIL_DATA = 0,
	PIDTYPE_TGID = 1,
	PIDTYPE_PGID = 2,
	PIDTYPE_SID = 3,
	SIGNAL_GROUP_EXIT = 0x4,
	FMODE_WRITE = 0x2,
	FMODE_CREATED = 0x100000,
	FMODE_NOACCOUNT = 0x20000000, /* a file system's own file beneath: overlay's of its upper layer */
	O_TRUNC = 01000,
	O_TMPFILE_BIT = 020000000, /* __O_TMPFILE */
	S_IFMT = 0170000,
	S_IFREG = 0100000,
	S_IFDIR = 0040000,
	S_IFCHR = 0020000,
	AT_FDCWD = -100,
	AT_REMOVEDIR = 0x200,
	AT_SYMLINK_FOLLOW = 0x400,
	AT_EMPTY_PATH = 0x1000,
	OVERLAYFS_MAGIC = 0x794c7630,
	PATH_MAX = 4096,
	NAME_MAX = 255,
};

#endif
