"""Escapes, credentials, the orchestrator's interfaces, discovery."""

from tests.pack.scenario import Scenario

_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"
_WITH_TOKEN = f"mkdir -p {_TOKEN.removesuffix('/token')}; echo secret > {_TOKEN}"

_ESCAPES = (
    Scenario(
        "a release agent is set",
        "mkdir -p /sys/fs/cgroup/rdma; echo /run.sh > /sys/fs/cgroup/rdma/release_agent",
        fires=("privilege_escalation/cgroup_release_agent_written",),
    ),
    Scenario(
        "core dumps are sent to a program",
        "mkdir -p /host/proc/sys/kernel; echo '|/run.sh' > /host/proc/sys/kernel/core_pattern",
        fires=("privilege_escalation/core_pattern_written",),
    ),
    Scenario(
        "the kernel is given a program for device events",
        "mkdir -p /host/sys/kernel; echo /run.sh > /host/sys/kernel/uevent_helper",
        fires=("privilege_escalation/kernel_helper_path_written",),
    ),
    Scenario(
        "the runtime is overwritten through a mount",
        "mkdir -p /host/usr/sbin; echo '#!/run.sh' > /host/usr/sbin/runc",
        fires=("privilege_escalation/container_runtime_binary_replaced",),
    ),
    Scenario(
        "the disk of the node is mounted",
        "/usr/bin/mount /dev/sda1 /mnt/disk",
        fires=("privilege_escalation/host_disk_mounted",),
        stubs=("/usr/bin/mount",),
    ),
    Scenario(
        "a cgroup hierarchy is mounted",
        "/usr/bin/mount -t cgroup -o rdma cgroup /tmp/cgrp",
        fires=("privilege_escalation/cgroup_hierarchy_mounted",),
        stubs=("/usr/bin/mount",),
    ),
    Scenario(
        "somebody at a terminal enters the host",
        "/usr/bin/nsenter -t 1 -m -u -i -n -p -- bash",
        fires=("privilege_escalation/host_namespaces_entered",),
        typed=True,
        stubs=("/usr/bin/nsenter",),
    ),
    Scenario(
        "a plain user becomes root of a user namespace",
        "/usr/bin/unshare -Urm sh",
        fires=("privilege_escalation/user_namespace_made",),
        user=1000,
        stubs=("/usr/bin/unshare",),
    ),
    Scenario(
        "the host's files become the root",
        "/usr/bin/chroot /host /bin/bash",
        fires=("privilege_escalation/root_changed_to_host_mount",),
        stubs=("/usr/bin/chroot",),
    ),
    Scenario(
        "a privileged container is started",
        "docker run -d --privileged -v /:/host alpine sleep 1000",
        fires=("privilege_escalation/privileged_container_started_inside",),
        stubs=("/usr/bin/docker",),
    ),
    Scenario(
        "a cron job for the host",
        "mkdir -p /host/etc/cron.d; echo '* * * * * root /run.sh' > /host/etc/cron.d/job",
        fires=("privilege_escalation/host_files_written_through_mount",),
    ),
    Scenario(
        "the node's disk gets a device file",
        "/usr/bin/mknod /tmp/disk b 8 0",
        fires=("privilege_escalation/block_device_node_made",),
        stubs=("/usr/bin/mknod",),
    ),
    Scenario(
        "a file is read from the node's disk",
        "debugfs -R 'cat /etc/shadow' /dev/sda1",
        fires=("defense_evasion/host_disk_read_raw",),
        stubs=("/usr/bin/debugfs",),
    ),
    Scenario(
        "a kernel module is loaded",
        "/usr/bin/insmod /tmp/hide.ko",
        fires=("persistence/kernel_module_loaded",),
        stubs=("/usr/bin/insmod",),
    ),
    Scenario(
        "a pod is slipped to the kubelet",
        "mkdir -p /host/etc/kubernetes/manifests; echo 'kind: Pod' > /host/etc/kubernetes/manifests/dns.yaml",
        fires=("persistence/static_pod_manifest_written",),
    ),
)

_CREDENTIALS = (
    Scenario(
        "the token is printed",
        f"{_WITH_TOKEN}; cat {_TOKEN}",
        fires=("credential_access/service_account_token_read",),
    ),
    Scenario(
        "the token is used",
        f'{_WITH_TOKEN}; TOKEN=$(cat {_TOKEN}); curl -sk -H "Authorization: Bearer $TOKEN"'
        " https://kubernetes.default.svc/api/v1/namespaces/default/secrets",
        fires=(
            "credential_access/service_account_token_read",
            "credential_access/service_account_token_used_by_hand",
        ),
        stubs=("/usr/bin/curl",),
    ),
    Scenario(
        "the node's role is asked for",
        "curl -s http://169.254.169.254/latest/meta-data/iam/security-credentials/",
        fires=("credential_access/cloud_metadata_requested",),
        stubs=("/usr/bin/curl",),
    ),
    Scenario(
        "a kubeconfig is copied",
        "mkdir -p /root/.kube; echo 'kind: Config' > /root/.kube/config; base64 /root/.kube/config",
        fires=("credential_access/kubeconfig_read",),
    ),
    Scenario(
        "password hashes are read",
        "cat /etc/shadow || true",
        fires=("credential_access/shadow_file_read",),
    ),
    Scenario(
        "keys of a cloud are read",
        "mkdir -p /root/.aws; echo key > /root/.aws/credentials; cat /root/.aws/credentials",
        fires=("credential_access/cloud_credential_files_read",),
    ),
    Scenario(
        "private keys are searched",
        "grep -rl 'PRIVATE KEY' /home /root || true",
        fires=("credential_access/private_keys_searched",),
    ),
    Scenario(
        "the environment of the main process is read",
        "cat /proc/1/environ",
        fires=("credential_access/process_environment_read",),
    ),
    Scenario(
        "all secrets are fetched",
        "kubectl get secrets -A -o yaml",
        fires=("credential_access/kubectl_secrets_read",),
        stubs=("/usr/bin/kubectl",),
    ),
)

_INTERFACES = (
    Scenario(
        "the engine is asked for its containers",
        "curl -s --unix-socket /var/run/docker.sock http://localhost/containers/json",
        fires=("execution/runtime_socket_reached",),
        stubs=("/usr/bin/curl",),
    ),
    Scenario(
        "another pod is entered",
        "kubectl exec -n shop payments-0 -- sh",
        fires=("execution/kubectl_acts_on_workloads",),
        stubs=("/usr/bin/kubectl",),
    ),
    Scenario(
        "a kubelet is asked for its pods",
        "curl -sk https://10.0.0.7:10250/pods",
        fires=("execution/kubelet_api_requested",),
        stubs=("/usr/bin/curl",),
    ),
    Scenario(
        "the own permissions are listed",
        "kubectl auth can-i --list",
        fires=("discovery/kubernetes_permissions_listed",),
        stubs=("/usr/bin/kubectl",),
    ),
    Scenario(
        "the own capabilities are listed",
        "grep CapEff /proc/1/status",
        fires=("discovery/capabilities_inspected",),
    ),
    Scenario(
        "the cluster's network is scanned",
        "nmap -p 10250,6443 10.0.0.0/24",
        fires=("discovery/network_scanner_started",),
        stubs=("/usr/bin/nmap",),
    ),
    Scenario(
        "a toolkit looks for ways out",
        "amicontained",
        fires=("discovery/escape_toolkit_started",),
        stubs=("/usr/bin/amicontained",),
    ),
)

_SILENT = (
    Scenario(
        "a service starts",
        """mkdir -p /var/run /var/log /srv/www /etc/service
        cat /etc/passwd > /dev/null; ls -l /etc; env > /dev/null; id; hostname
        sed 's/PORT/8080/' /etc/os-release > /etc/service/config
        echo $$ > /var/run/service.pid; echo started >> /var/log/service.log
        curl -sf http://127.0.0.1:8080/healthz; cat /proc/self/environ > /dev/null
        mv /var/log/service.log /var/log/service.log.1; : > /var/log/service.log; grep -c started /var/log/service.log.1
        """,
        stubs=("/usr/bin/curl",),
    ),
    Scenario(
        "mounts, devices and namespaces of the container's own",
        """/usr/bin/mount -t tmpfs tmpfs /run/cache; /usr/bin/mount --bind /srv /mnt/srv
        /usr/bin/mknod /tmp/pipe p; /usr/bin/mknod /tmp/null c 1 3; /usr/bin/chroot /var/lib/jail /bin/true
        /usr/bin/nsenter -t 4242 -n ip addr; /usr/bin/unshare -m true; /usr/bin/modinfo overlay
        """,
        stubs=(
            *("/usr/bin/mount", "/usr/bin/mknod", "/usr/bin/chroot", "/usr/bin/nsenter", "/usr/bin/unshare"),
            "/usr/bin/modinfo",
        ),
    ),
    Scenario(
        "a deployment is followed",
        """kubectl version; kubectl get pods -n shop; kubectl rollout status deployment/web
        kubectl wait --for=condition=ready pod/web-0
        """,
        stubs=("/usr/bin/kubectl",),
    ),
    Scenario(
        "an administrator looks around",
        "ls -la /etc/shadow\nps\ndf -h\ncat /etc/os-release\ntop -b -n 1\ncat /proc/loadavg",
        typed=True,
    ),
)

SCENARIOS = (*_ESCAPES, *_CREDENTIALS, *_INTERFACES, *_SILENT)
