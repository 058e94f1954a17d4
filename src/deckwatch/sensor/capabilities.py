"""Names of the kernel's capabilities."""

from __future__ import annotations

from functools import lru_cache

_NAMES = """
CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
"""

CAPABILITIES = tuple(f"CAP_{name}" for name in _NAMES.split())
"""By their bit in the kernel's sets."""


@lru_cache(maxsize=1024)
def names_of(bits: int) -> tuple[str, ...]:
    """The capabilities in a set; a bit that has no name yet is shown by its number."""
    known = tuple(name for bit, name in enumerate(CAPABILITIES) if bits >> bit & 1)
    return known + tuple(f"CAP_{bit}" for bit in range(len(CAPABILITIES), bits.bit_length()) if bits >> bit & 1)
