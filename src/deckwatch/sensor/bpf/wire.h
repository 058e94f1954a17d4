/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What the kernel's side and user space share: records, maps, options, names of programs. The only place where they
 * are laid down; a test compares records.py and the decoder with the BTF of the built object.
 *
 * A record is a `header`, then one section that follows from `what`, then the section's texts back to back, without
 * terminators, lengths in `lengths` (bytes, in the order of the section's comment). Little-endian, every field aligned
 * to its size, no padding. `length` counts the whole record; the ring (and the iterator's output) holds it rounded up
 * to 8 bytes with bytes that mean nothing.
 *
 *   what                                              section
 *   FORK EXEC EXIT SETSID TASK                        process_section
 *   CREATE OPEN DELETE RENAME LINK CHMOD TRUNCATE
 *   DIRECTORY IO_URING                                file_section (IO_URING: everything 0, no texts)
 *   CGROUP_MADE CGROUP_REMOVED                        cgroup_section
 */
#ifndef DECKWATCH_WIRE_H
#define DECKWATCH_WIRE_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef int s32;
typedef unsigned long long u64;
typedef long long s64;

#define WIRE_VERSION 1

enum what {
	WHAT_FORK = 1,
	WHAT_EXEC = 2,
	WHAT_EXIT = 3,
	WHAT_SETSID = 4,
	WHAT_TASK = 5,
	WHAT_CREATE = 16,
	WHAT_OPEN = 17,
	WHAT_DELETE = 18,
	WHAT_RENAME = 19,
	WHAT_LINK = 20,
	WHAT_CHMOD = 21,
	WHAT_TRUNCATE = 22,
	WHAT_DIRECTORY = 23,
	WHAT_CGROUP_MADE = 32,
	WHAT_CGROUP_REMOVED = 33,
	WHAT_IO_URING = 34,
	WHAT_COUNT = 64, /* room of the counters */
};

enum flag {
	FLAG_EXE_DELETED = 1 << 0,
	FLAG_EXE_MEMFD = 1 << 1,
	FLAG_EXE_UPPER = 1 << 2,
	FLAG_STDIN_TTY = 1 << 3,
	FLAG_STDERR_TTY = 1 << 4,
	FLAG_ARGS_CUT = 1 << 5,
	FLAG_PATH_CUT = 1 << 6,
	FLAG_OTHER_MOUNT = 1 << 7,
	FLAG_FILE_MOUNT = 1 << 8,
	FLAG_BY_DESCRIPTOR = 1 << 9,
	FLAG_COMPAT32 = 1 << 10,
	FLAG_BY_IO_URING = 1 << 11,
	FLAG_CHROOTED = 1 << 12,
	FLAG_FILE_UPPER = 1 << 13,
	FLAG_TMPFILE = 1 << 14,
	FLAG_TRUNCATED = 1 << 15,
	FLAG_HOST_MOUNTS = 1 << 16,
	FLAG_TRACKED_BY_NAME = 1 << 17,
};

enum hook {
	HOOK_TASK_ITERATOR = 0,
	HOOK_SCHED_PROCESS_FORK = 1,
	HOOK_SCHED_PROCESS_EXEC = 2,
	HOOK_SCHED_PROCESS_EXIT = 3,
	HOOK_SYS_EXIT = 4, /* setsid in every tier, files in tier C */
	HOOK_CGROUP = 5,
	HOOK_IO_URING_TRACEPOINT = 6,
	HOOK_LSM_PATH_MKNOD = 16,
	HOOK_LSM_FILE_OPEN = 17,
	HOOK_LSM_PATH_UNLINK = 18,
	HOOK_LSM_PATH_RENAME = 19,
	HOOK_LSM_PATH_LINK = 20,
	HOOK_LSM_PATH_CHMOD = 21,
	HOOK_LSM_PATH_TRUNCATE = 22,
	HOOK_LSM_FILE_TRUNCATE = 23,
	HOOK_LSM_PATH_DIRECTORY = 24,
	HOOK_FEXIT_OPEN = 32,
	HOOK_FEXIT_UNLINK = 33,
	HOOK_FEXIT_RENAME = 34,
	HOOK_FEXIT_LINK = 35,
	HOOK_FEXIT_CHMOD = 36,
	HOOK_FEXIT_TRUNCATE = 37,
	HOOK_FEXIT_MKNOD = 38,
	HOOK_FEXIT_DIRECTORY = 39,
};

/* 56 bytes. Pids are those of the initial pid namespace, `nspid` the group leader's in its own. */
struct header {
	u16 what;
	u16 version;
	u32 flags;
	u32 length;
	u16 hook;
	u16 cpu;
	u64 time;   /* ns since boot, suspended time included */
	u64 cgroup; /* kernfs id; of CGROUP_* records the cgroup they tell of */
	u64 start;  /* of the group leader, ns since boot; 0 in CGROUP_* records, as are pid, tid, nspid */
	u32 pid;
	u32 tid;
	u32 nspid;
	u32 user; /* effective uid of the acting thread; 0 in CGROUP_* records */
};

/*
 * 112 bytes. Texts: executable, working directory, arguments, file name. A fork describes the child and has no texts;
 * TASK has the first two. The flags EXE_* (not on EXIT) and, on EXEC and TASK, OTHER_MOUNT and FILE_MOUNT are the
 * executable's. The arguments are the argument area as it is: each one ended by a NUL, the last one's missing when it
 * was cut (ARGS_CUT). Two last threads that end at once may both make an EXIT: the first counts.
 */
struct process_section {
	u64 parent_start;
	u64 capabilities_permitted;
	u64 capabilities_effective;
	u32 parent_pid;
	u32 group;
	u32 session;
	u32 pid_namespace;
	u32 mount_namespace;
	u32 uid;
	u32 gid;
	u32 euid;
	u32 egid;
	u32 suid;
	u32 sgid;
	u32 tty; /* major << 20 | minor, 0 without one */
	s32 exit_code;
	u32 argument_count;
	u32 argument_bytes;
	u32 old_tid;   /* EXEC: the calling thread's before, differs from pid when it was not the leader; else 0 */
	char comm[16]; /* padded with NULs */
	u16 lengths[4];
};

/*
 * 40 bytes. Texts: base, path, base2, path2. BY_DESCRIPTOR: `path` (and `path2`) is canonical and the bases are
 * empty. Otherwise (tier C) `path` is what the caller wrote, to be put under `base`, *also when it begins with a
 * slash* (base is then the task's root, "/" unless it was chrooted); an empty path names the base itself.
 *
 *   what       operation_flags                            argument
 *   CREATE     flags of the open, 0 for mknod             enum creation
 *   OPEN       flags of the open                          0
 *   DELETE     flags of unlinkat (tier C)                 0
 *   RENAME     flags of renameat2                         0
 *   LINK       flags of linkat (tier C)                   0
 *   CHMOD      0                                          mode asked for
 *   TRUNCATE   0                                          tier C: new length, at most 2^32 - 1; else 0
 *   DIRECTORY  0                                          enum directory
 *
 * A linkat of an O_TMPFILE file is CREATE with the TMPFILE flag and the new name; the inode is known, the name in tier
 * C is base and path all the same. In tier C a RENAME with mode 0 may be that of a directory; in tiers A and B that is
 * a DIRECTORY record, unless it is the second of an exchange (RENAME with flag 2). A symbolic link has a DELETE too.
 *
 * inode, device, mode, mount are 0 where the hook knows no inode: tier C where the call has no descriptor;
 * names that do not exist yet in tiers A and B (of mknod the mode is known). A CHMOD's mode in tiers A and B is the
 * file's type and what the call asks for.
 *
 * Tier C tells of calls that succeeded; its io_uring records, opens excepted, of what is asked for. Tiers A and B tell
 * right before it is done of what was permitted: only the file system itself (no space, directory not empty) can stop
 * it then. One exception: a CHMOD by someone who does not own the file.
 */
struct file_section {
	u64 inode;
	u32 device; /* the superblock's, major << 20 | minor */
	u32 mode;
	u32 operation_flags;
	u32 argument;
	u32 mount;
	u32 group; /* effective gid of the acting thread */
	u16 lengths[4];
};

enum creation {
	CREATION_OPEN = 0,
	CREATION_MKNOD = 1,
	CREATION_LINK = 2, /* linkat of an O_TMPFILE file */
};

enum directory {
	DIRECTORY_MADE = 1,
	DIRECTORY_REMOVED = 2,
	DIRECTORY_RENAMED = 3, /* path and path2 */
	DIRECTORY_SYMLINK = 4, /* path is the link; its target is not told */
};

/* 16 bytes. Text: the whole path in the hierarchy, "/" at its head. */
struct cgroup_section {
	u64 parent;
	u16 lengths[4];
};

/*
 * Maps
 *
 *   ring      RINGBUF, 8 MiB unless set before load
 *   cgs       HASH u64 cgroup -> u32 `enum want` bits; no entry or 0: not watched. Kernel adds at mkdir, takes away
 *             at rmdir (a moment later user space may still get records of it); user space fills it at start and
 *             corrects it. A watched cgroup's children are watched.
 *   counters  PERCPU_ARRAY, key u32 0 -> struct counters: counts[outcome][what]
 *   lost_cgs  HASH u64 cgroup -> u64 records lost, all whats; key 0 for those that found no room
 *
 * scratch and intents are the kernel's own.
 */
enum want {
	WANT_PROCESS = 1 << 0, /* FORK EXEC EXIT SETSID */
	WANT_FILE = 1 << 1,    /* file records, DIRECTORY, IO_URING */
};

enum outcome {
	OUTCOME_SENT = 0,
	OUTCOME_RING_FULL = 1,
	OUTCOME_NO_BUFFER = 2,  /* all scratch buffers of the CPU were in use: programs nested too deep */
	OUTCOME_UNREADABLE = 3, /* memory that the record is made of could not be read */
	OUTCOME_COUNT = 4,
};

struct counters {
	u64 counts[OUTCOME_COUNT][WHAT_COUNT];
};

/*
 * Options: .rodata, set before load
 *
 *   u32 sensor_tgid           our own pid in the initial pid namespace: never reported. 0: none
 *   u32 host_mount_namespace  inode number of /proc/1/ns/mnt: HOST_MOUNTS. 0: the flag is never set
 *   u32 new_cgroup_wants      `enum want` bits for a cgroup that the kernel begins to watch. 3
 *   u32 wake_bytes            wake the reader when so many bytes wait in the ring. 262144
 *   s32 cgroup_v1_subsystem   pure v1: the value of pids_cgrp_id in `enum cgroup_subsys_id` of the kernel's BTF;
 *                             -1: the default (v2) hierarchy, also in hybrid mode
 *
 * The reader is woken at once for CGROUP_* and for an EXEC of a namespace's pid 1 outside the host's mounts; poll
 * every 20 ms or so for the rest.
 *
 * Programs: the group is the name up to the first underscore. Choose by autoload.
 *
 *   common_*  always: fork, exec, exit, cgroup_mkdir, cgroup_rmdir
 *   iter_*    always: iter_task, attached and read on demand. Writes TASK records, one after the other, each padded
 *             to 8 bytes, for every thread group (watched or not, kernel threads too); cgroup is in the header
 *   lsm_*     tier A. lsm_file_truncate is missing before Linux 6.2: optional
 *   fexit_*   tier B. fexit_file_truncate is missing before Linux 6.2: optional
 *   setsid_*  tiers A and B: setsid_fexit, or else setsid_sysexit. Tier C's tp_sys_exit has it built in
 *   tp_*      tier C: tp_sys_exit
 *   uring_*   tier C, optional, each by itself, never fatal: of uring_complete_* and of uring_submit_* the one variant
 *             loads that fits the kernel, none before 6.0. (The making of a ring is told by tp_sys_exit: IO_URING.)
 *
 * Setup of a container. The runtime works inside the container's cgroup before the container's first program runs:
 * forks, file operations with the host's paths, then in the new mount namespace. The kernel's side reports it all, for
 * it keeps no lineage, and sets HOST_MOUNTS where the task still is in the host's mount namespace. User space drops:
 * a process is *setup* when it is forked with HOST_MOUNTS by no known process of the container, or first seen without
 * a fork; a child of a setup process is setup; its first EXEC without HOST_MOUNTS ends that for good (a later
 * HOST_MOUNTS, then, is a break-out and must be reported).
 */

#endif
