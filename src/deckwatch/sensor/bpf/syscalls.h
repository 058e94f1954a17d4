/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Which system calls matter, under which numbers, and where their arguments are. A 64-bit kernel runs 32-bit calls
 * as well (on x86-64 any process can: int 0x80), and their numbers are others; so each machine has two tables.
 * Sources: the system call tables of Linux, which never change once given.
 */
#ifndef DECKWATCH_SYSCALLS_H
#define DECKWATCH_SYSCALLS_H

#include "kernel.h"

#define NUMBERS 512

/*
 * The size of a task's kernel stack; at its end lie the registers that the task entered the kernel with. Only needed
 * before Linux 5.15. On x86-64 it is 16 KiB, but for kernels with KASAN. On arm64 it is that with pages of 4 and
 * 16 KiB, 64 KiB with those of 64; nothing depends on it there, for tiers A and B need Linux 6.4.
 */
#define STACK_BYTES 0x4000

enum call {
	CALL_OTHER = 0,
	CALL_OPEN,    /* path, flags */
	CALL_CREAT,   /* path */
	CALL_OPENAT,  /* directory, path, flags; open_by_handle_at has its flags there too */
	CALL_OPENAT2, /* directory, path, struct open_how, whose first u64 is the flags */
	CALL_UNLINK,
	CALL_UNLINKAT,
	CALL_RMDIR,
	CALL_RENAME,
	CALL_RENAMEAT,
	CALL_RENAMEAT2,
	CALL_LINK,
	CALL_LINKAT,
	CALL_SYMLINK,
	CALL_SYMLINKAT,
	CALL_MKDIR,
	CALL_MKDIRAT,
	CALL_MKNOD,
	CALL_MKNODAT,
	CALL_CHMOD,
	CALL_FCHMOD,
	CALL_FCHMODAT,
	CALL_TRUNCATE,
	CALL_TRUNCATE64, /* 32-bit: the length in two registers */
	CALL_FTRUNCATE,
	CALL_FTRUNCATE64,
	CALL_SETSID,
	CALL_IO_URING_SETUP,
};

#if defined(__TARGET_ARCH_x86)

#define COMPAT_STATUS 0x2	 /* TS_COMPAT in thread_info.status */
#define X32_BIT 0x40000000	 /* the x32 ABI: 64-bit numbers with this bit */
#define LENGTH64_AT 1		 /* truncate64: path, low, high */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct pt_regs {
	unsigned long bp, bx, r10, r9, r8, cx, dx, si, di, orig_ax;
};
#pragma clang attribute pop

static const volatile u8 calls64[NUMBERS] = {
	[2] = CALL_OPEN,	 [76] = CALL_TRUNCATE,	 [77] = CALL_FTRUNCATE,	  [82] = CALL_RENAME,
	[83] = CALL_MKDIR,	 [84] = CALL_RMDIR,	 [85] = CALL_CREAT,	  [86] = CALL_LINK,
	[87] = CALL_UNLINK,	 [88] = CALL_SYMLINK,	 [90] = CALL_CHMOD,	  [91] = CALL_FCHMOD,
	[112] = CALL_SETSID,	 [133] = CALL_MKNOD,	 [257] = CALL_OPENAT,	  [258] = CALL_MKDIRAT,
	[259] = CALL_MKNODAT,	 [263] = CALL_UNLINKAT,	 [264] = CALL_RENAMEAT,	  [265] = CALL_LINKAT,
	[266] = CALL_SYMLINKAT,	 [268] = CALL_FCHMODAT,	 [304] = CALL_OPENAT,	  [316] = CALL_RENAMEAT2,
	[425] = CALL_IO_URING_SETUP, [437] = CALL_OPENAT2, [452] = CALL_FCHMODAT,
};

static const volatile u8 calls32[NUMBERS] = {
	[5] = CALL_OPEN,	 [8] = CALL_CREAT,	 [9] = CALL_LINK,	  [10] = CALL_UNLINK,
	[14] = CALL_MKNOD,	 [15] = CALL_CHMOD,	 [38] = CALL_RENAME,	  [39] = CALL_MKDIR,
	[40] = CALL_RMDIR,	 [66] = CALL_SETSID,	 [83] = CALL_SYMLINK,	  [92] = CALL_TRUNCATE,
	[93] = CALL_FTRUNCATE,	 [94] = CALL_FCHMOD,	 [193] = CALL_TRUNCATE64, [194] = CALL_FTRUNCATE64,
	[295] = CALL_OPENAT,	 [296] = CALL_MKDIRAT,	 [297] = CALL_MKNODAT,	  [301] = CALL_UNLINKAT,
	[302] = CALL_RENAMEAT,	 [303] = CALL_LINKAT,	 [304] = CALL_SYMLINKAT,  [306] = CALL_FCHMODAT,
	[342] = CALL_OPENAT,	 [353] = CALL_RENAMEAT2, [425] = CALL_IO_URING_SETUP,
	[437] = CALL_OPENAT2,	 [452] = CALL_FCHMODAT,
};

/* An untyped task is read by a helper, a typed one by a plain load. */
static __always_inline bool is_current_compat(void)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)) {
		struct task_struct *task = bpf_get_current_task_btf();

		return task->thread_info.status & COMPAT_STATUS;
	}
	return BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), thread_info.status) & COMPAT_STATUS;
}

/* At the end of the call the saved registers still hold number and arguments. */
static __always_inline u32 call_number(struct pt_regs *regs)
{
	return (u32)regs->orig_ax & ~X32_BIT;
}

static __always_inline u64 argument(struct pt_regs *regs, bool compat, int index)
{
	if (compat)
		return (u32)(index == 0 ? regs->bx : index == 1 ? regs->cx : index == 2 ? regs->dx :
			     index == 3 ? regs->si : regs->di);
	return index == 0 ? regs->di : index == 1 ? regs->si : index == 2 ? regs->dx :
	       index == 3 ? regs->r10 : regs->r8;
}

/* The same of registers that no type is known of. */
static __always_inline u32 read_call_number(struct pt_regs *regs)
{
	return (u32)BPF_CORE_READ(regs, orig_ax) & ~X32_BIT;
}

static __always_inline u64 read_fifth_argument(struct pt_regs *regs, bool compat)
{
	return compat ? (u32)BPF_CORE_READ(regs, di) : BPF_CORE_READ(regs, r8);
}

#elif defined(__TARGET_ARCH_arm64)

#define COMPAT_FLAG (1ul << 22)	 /* TIF_32BIT in thread_info.flags */
#define LENGTH64_AT 2		 /* truncate64: path, padding, low, high */

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct pt_regs {
	u64 regs[31];
	u64 orig_x0;
	s32 syscallno;
};
#pragma clang attribute pop

static const volatile u8 calls64[NUMBERS] = {
	[33] = CALL_MKNODAT,	 [34] = CALL_MKDIRAT,	 [35] = CALL_UNLINKAT,	  [36] = CALL_SYMLINKAT,
	[37] = CALL_LINKAT,	 [38] = CALL_RENAMEAT,	 [45] = CALL_TRUNCATE,	  [46] = CALL_FTRUNCATE,
	[52] = CALL_FCHMOD,	 [53] = CALL_FCHMODAT,	 [56] = CALL_OPENAT,	  [157] = CALL_SETSID,
	[265] = CALL_OPENAT,	 [276] = CALL_RENAMEAT2, [425] = CALL_IO_URING_SETUP,
	[437] = CALL_OPENAT2,	 [452] = CALL_FCHMODAT,
};

static const volatile u8 calls32[NUMBERS] = {
	[5] = CALL_OPEN,	 [8] = CALL_CREAT,	 [9] = CALL_LINK,	  [10] = CALL_UNLINK,
	[14] = CALL_MKNOD,	 [15] = CALL_CHMOD,	 [38] = CALL_RENAME,	  [39] = CALL_MKDIR,
	[40] = CALL_RMDIR,	 [66] = CALL_SETSID,	 [83] = CALL_SYMLINK,	  [92] = CALL_TRUNCATE,
	[93] = CALL_FTRUNCATE,	 [94] = CALL_FCHMOD,	 [193] = CALL_TRUNCATE64, [194] = CALL_FTRUNCATE64,
	[322] = CALL_OPENAT,	 [323] = CALL_MKDIRAT,	 [324] = CALL_MKNODAT,	  [328] = CALL_UNLINKAT,
	[329] = CALL_RENAMEAT,	 [330] = CALL_LINKAT,	 [331] = CALL_SYMLINKAT,  [333] = CALL_FCHMODAT,
	[371] = CALL_OPENAT,	 [382] = CALL_RENAMEAT2, [425] = CALL_IO_URING_SETUP,
	[437] = CALL_OPENAT2,	 [452] = CALL_FCHMODAT,
};

/* An untyped task is read by a helper, a typed one by a plain load. */
static __always_inline bool is_current_compat(void)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_get_current_task_btf)) {
		struct task_struct *task = bpf_get_current_task_btf();

		return task->thread_info.flags & COMPAT_FLAG;
	}
	return BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), thread_info.flags) & COMPAT_FLAG;
}

static __always_inline u32 call_number(struct pt_regs *regs)
{
	return regs->syscallno;
}

/* The result has replaced x0; the kernel keeps the first argument aside. */
static __always_inline u64 argument(struct pt_regs *regs, bool compat, int index)
{
	u64 value = index == 0 ? regs->orig_x0 : index == 1 ? regs->regs[1] : index == 2 ? regs->regs[2] :
		    index == 3 ? regs->regs[3] : regs->regs[4];

	return compat ? (u32)value : value;
}

/* The same of registers that no type is known of. */
static __always_inline u32 read_call_number(struct pt_regs *regs)
{
	return BPF_CORE_READ(regs, syscallno);
}

static __always_inline u64 read_fifth_argument(struct pt_regs *regs, bool compat)
{
	u64 value = BPF_CORE_READ(regs, regs[4]);

	return compat ? (u32)value : value;
}

#else
#error "the system calls of this machine are not known"
#endif

static __always_inline struct pt_regs *registers_on_stack(struct task_struct *task)
{
	return BPF_CORE_READ(task, stack) + STACK_BYTES - bpf_core_type_size(struct pt_regs);
}

#endif
