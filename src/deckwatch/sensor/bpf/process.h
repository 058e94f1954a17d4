/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The process section: the same for a fork, an exec, an exit, a new session and a task that was there before us. */
#ifndef DECKWATCH_PROCESS_H
#define DECKWATCH_PROCESS_H

#include "current.h"

enum text { /* places in process_section.lengths */
	TEXT_EXECUTABLE = 0,
	TEXT_DIRECTORY = 1,
	TEXT_ARGUMENTS = 2,
	TEXT_FILENAME = 3,
};

static __always_inline u32 initial_pid(struct task_struct *task, u32 type)
{
	struct pid *pid = 0;
	u32 number = 0;

	bpf_probe_read_kernel(&pid, sizeof(pid),
			      (void *)BPF_CORE_READ(task, signal) + bpf_core_field_offset(struct signal_struct, pids) +
				      type * sizeof(void *));
	bpf_probe_read_kernel(&number, sizeof(number),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers) + bpf_core_field_offset(struct upid, nr));
	return number;
}

static __always_inline u32 pid_namespace_of(struct task_struct *task)
{
	struct pid *pid = BPF_CORE_READ(task, signal, pids[PIDTYPE_TGID]);
	u32 level = BPF_CORE_READ(pid, level);
	struct pid_namespace *namespace = 0;

	bpf_probe_read_kernel(&namespace, sizeof(namespace),
			      (void *)pid + bpf_core_field_offset(struct pid, numbers) +
				      level * bpf_core_type_size(struct upid) + bpf_core_field_offset(struct upid, ns));
	return BPF_CORE_READ(namespace, ns.inum);
}

static __always_inline void fill_credentials(struct process_section *p, struct task_struct *task)
{
	const struct cred *cred = BPF_CORE_READ(task, real_cred); /* not `cred`: overlay puts its mounter's there */

	p->uid = BPF_CORE_READ(cred, uid.val);
	p->gid = BPF_CORE_READ(cred, gid.val);
	p->euid = BPF_CORE_READ(cred, euid.val);
	p->egid = BPF_CORE_READ(cred, egid.val);
	p->suid = BPF_CORE_READ(cred, suid.val);
	p->sgid = BPF_CORE_READ(cred, sgid.val);
	bpf_core_read(&p->capabilities_permitted, sizeof(u64), &cred->cap_permitted);
	bpf_core_read(&p->capabilities_effective, sizeof(u64), &cred->cap_effective);
}

static __always_inline u32 device_of(struct tty_struct *tty)
{
	struct tty_driver *driver = BPF_CORE_READ(tty, driver);

	if (!tty)
		return 0;
	return (BPF_CORE_READ(driver, major) << 20 | BPF_CORE_READ(driver, minor_start)) + BPF_CORE_READ(tty, index);
}

static __always_inline struct file *file_at(struct task_struct *task, u32 descriptor)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd), *file = 0;

	if (descriptor < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), files + descriptor);
	return file;
}

/* Is the descriptor the controlling terminal? Only a tty's file has a tty behind private_data, hence the majors. */
static __always_inline bool is_terminal(struct task_struct *task, u32 descriptor, struct tty_struct *tty)
{
	struct file *file = file_at(task, descriptor);
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	u32 major = BPF_CORE_READ(inode, i_rdev) >> 20;
	struct tty_file_private *private = BPF_CORE_READ(file, private_data);

	if (!tty || (BPF_CORE_READ(inode, i_mode) & S_IFMT) != S_IFCHR)
		return false;
	if (major != 4 && major != 5 && (major < 136 || major > 143))
		return false;
	return BPF_CORE_READ(private, tty) == tty;
}

static __always_inline bool has_prefix_memfd(struct dentry *dentry)
{
	char name[8] = {};

	bpf_probe_read_kernel(name, 6, BPF_CORE_READ(dentry, d_name.name));
	return *(u64 *)name == 0x3a64666d656dULL; /* "memfd:" */
}

static __always_inline u32 executable_flags(struct file *file)
{
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	u32 flags = 0;

	if (!file)
		return 0;
	if (BPF_CORE_READ(inode, i_nlink) == 0)
		flags |= FLAG_EXE_DELETED;
	if (dentry == BPF_CORE_READ(dentry, d_parent) && has_prefix_memfd(dentry))
		flags |= FLAG_EXE_MEMFD;
	if (in_upper_layer(inode))
		flags |= FLAG_EXE_UPPER;
	return flags;
}

/* Everything but the texts. The task is in `task`; the header is filled, the record ends after the section. */
__noinline int fill_process(u32 slot)
{
	struct scratch *s = scratch_at(slot);
	struct task_struct *task, *parent;
	struct process_section *p;
	struct tty_struct *tty;

	if (!s)
		return 0;
	task = (struct task_struct *)s->task;
	parent = BPF_CORE_READ(task, real_parent, group_leader);
	tty = BPF_CORE_READ(task, signal, tty);
	p = &s->process.process;
	p->parent_start = BPF_CORE_READ(parent, start_boottime);
	p->parent_pid = BPF_CORE_READ(parent, tgid);
	p->group = initial_pid(task, PIDTYPE_PGID);
	p->session = initial_pid(task, PIDTYPE_SID);
	p->pid_namespace = pid_namespace_of(task);
	p->mount_namespace = BPF_CORE_READ(task, nsproxy, mnt_ns, ns.inum);
	fill_credentials(p, task);
	p->tty = device_of(tty);
	p->exit_code = 0;
	p->argument_count = p->argument_bytes = p->old_tid = 0;
	bpf_core_read(p->comm, sizeof(p->comm), &task->comm);
	*(u64 *)p->lengths = 0;
	if (is_terminal(task, 0, tty))
		s->header.flags |= FLAG_STDIN_TTY;
	if (is_terminal(task, 2, tty))
		s->header.flags |= FLAG_STDERR_TTY;
	if (s->header.what != WHAT_EXIT) /* on some kernels the memory map is gone by then */
		s->header.flags |= executable_flags(BPF_CORE_READ(task, mm, exe_file));
	s->end = sizeof(s->process);
	return 0;
}

/* Begin a process record of `task` in the buffer. */
static __always_inline void begin_process(struct scratch *s, u32 slot, u32 what, u32 hook, u64 cgroup,
					  struct task_struct *task)
{
	fill_header(s, what, hook, cgroup, task);
	s->task = (u64)task;
	fill_process(slot);
}

/* A process record without texts, sent. */
static __always_inline int report_process(u32 what, u32 hook, u64 cgroup, struct task_struct *task, s32 exit_code)
{
	u32 slot = take_slot();
	struct scratch *s = scratch_at(slot);

	if (!s)
		return count_loss(OUTCOME_NO_BUFFER, what, cgroup);
	begin_process(s, slot, what, hook, cgroup, task);
	s->process.process.exit_code = exit_code;
	send(slot, false);
	leave(s);
	return 0;
}

/* Executable and working directory. The flags OTHER_MOUNT and FILE_MOUNT are those of the executable. */
static __always_inline void add_places(struct scratch *s, u32 slot, struct task_struct *task)
{
	struct file *file = BPF_CORE_READ(task, mm, exe_file);
	u16 *lengths = s->process.process.lengths;

	if (file) {
		lengths[TEXT_EXECUTABLE] =
			add_path_of(s, slot, BPF_CORE_READ(file, f_path.mnt), BPF_CORE_READ(file, f_path.dentry));
		s->header.flags |= s->state;
	}
	if (BPF_CORE_READ(task, fs)) {
		lengths[TEXT_DIRECTORY] =
			add_path_of(s, slot, BPF_CORE_READ(task, fs, pwd.mnt), BPF_CORE_READ(task, fs, pwd.dentry));
		s->header.flags |= s->state & FLAG_PATH_CUT;
	}
}

#endif
