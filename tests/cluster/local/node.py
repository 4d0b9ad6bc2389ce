"""The node: kubelet and kube-proxy, the cgroup that all Pods live in, and the removal of what they leave."""

import json
import os
import pathlib
import shutil
import signal
import time

from .control_plane import write_kubeconfig
from .processes import Programs
from .settings import BRIDGE_ADDRESS, CGROUP, NODE_NAME, POD_NETWORK, Settings, port

CGROUPS = pathlib.Path("/sys/fs/cgroup")
CPU_WEIGHTS = {"cpu.shares": "20480", "cpu.weight": "2000"}  # of version 1 and 2, twenty times the default
KERNEL = pathlib.Path("/proc/sys")
KERNEL_SETTINGS = ["vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"]
KERNEL_SETTINGS += ["kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes"]


def unified() -> bool:
    return (CGROUPS / "cgroup.controllers").exists()


def cgroup_roots() -> list[pathlib.Path]:
    """One folder on a machine with cgroup v2; one for each hierarchy on one with v1."""
    if unified():
        return [CGROUPS / CGROUP]
    hierarchies = [CGROUPS / name for name in sorted(os.listdir(CGROUPS))]
    return [hierarchy / CGROUP for hierarchy in hierarchies if (hierarchy / "cgroup.procs").exists()]


def _kernel_settings_before(settings: Settings) -> pathlib.Path:
    return settings.directory / "kernel-settings.before"


def record_kernel_settings(settings: Settings) -> None:
    """The kubelet sets these for the whole machine; what was there is put back by `restore_kernel_settings`."""
    before = _kernel_settings_before(settings)
    if not before.exists():
        values = {name: (KERNEL / name).read_text().strip() for name in KERNEL_SETTINGS if (KERNEL / name).exists()}
        before.write_text(json.dumps(values, indent=1) + "\n")


def restore_kernel_settings(settings: Settings) -> None:
    before = _kernel_settings_before(settings)
    if before.exists():
        for name, value in json.loads(before.read_text()).items():
            (KERNEL / name).write_text(value + "\n")
        before.unlink()


def make_cgroup() -> None:
    for root in cgroup_roots():
        root.mkdir(exist_ok=True)
        for name in ("cpuset.cpus", "cpuset.mems"):
            # A new cpuset of version 1 is empty and takes no process until it is filled.
            if (root / "tasks").exists() and (root / name).exists() and not (root / name).read_text().strip():
                (root / name).write_text((root.parent / name).read_text())
    if unified():
        _delegate_controllers()
    _weigh_pods()


def _weigh_pods() -> None:
    """Together they would weigh as much as one other process: beside a busy compiler they stand still for minutes."""
    for root in cgroup_roots():
        for name, weight in CPU_WEIGHTS.items():
            if (root / name).exists():
                (root / name).write_text(weight)


def _delegate_controllers() -> None:
    """Version 2: the kubelet asks that its root cgroup has the controllers that it sets limits with."""
    delegated = CGROUPS / "cgroup.subtree_control"
    for controller in (CGROUPS / "cgroup.controllers").read_text().split():
        if controller not in delegated.read_text().split():
            try:
                delegated.write_text(f"+{controller}")
            except OSError:
                continue  # one that the kubelet needs is named in its log; the others are of no interest


def end_pods() -> None:
    """Kills every process of every Pod, whoever its parent is now, and removes the cgroups."""
    deadline = time.monotonic() + 20
    for root in cgroup_roots():
        while root.exists():
            for folder, _, _ in os.walk(root, topdown=False):
                _empty_cgroup(pathlib.Path(folder))
            if time.monotonic() > deadline:
                raise TimeoutError(f"processes in {root} did not end after SIGKILL")
            if root.exists():
                time.sleep(0.02)


def _empty_cgroup(folder: pathlib.Path) -> None:
    try:
        for pid in (folder / "cgroup.procs").read_text().split():
            os.kill(int(pid), signal.SIGKILL)
        folder.rmdir()
    except (FileNotFoundError, ProcessLookupError, OSError):
        pass  # still dying: the caller asks again


def start_kubelet(settings: Settings, programs: Programs, tools: dict) -> None:
    if programs.pid("kubelet"):
        return
    keys = settings.directory / "certificates"
    config = settings.folder("config")
    (config / "resolv.conf").write_text(f"nameserver {BRIDGE_ADDRESS}\n")
    never = {name: "0%" for name in ("memory.available", "nodefs.available", "imagefs.available")}
    never |= {name: "0%" for name in ("nodefs.inodesFree", "imagefs.inodesFree")}
    kubelet = {
        "kind": "KubeletConfiguration",
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "address": BRIDGE_ADDRESS,
        "port": 10250,
        "healthzPort": port(settings, "kubelet-health"),
        "readOnlyPort": 0,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(keys / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(keys / "kubelet-serving.crt"),
        "tlsPrivateKeyFile": str(keys / "kubelet-serving.key"),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{CGROUP}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "clusterDNS": [BRIDGE_ADDRESS],
        "clusterDomain": "cluster.local",
        "resolvConf": str(config / "resolv.conf"),
        "containerRuntimeEndpoint": f"unix://{settings.containerd_socket}",
        "evictionHard": never,
        "imageGCHighThresholdPercent": 100,
        "podLogsDir": str(settings.folder("pod-logs")),
        "volumePluginDir": str(settings.folder("config/volume-plugins")),
        "maxPods": 100,
        # A talkative operator's whole log is searched for passwords: it is not cut.
        "containerLogMaxSize": "200Mi",
        # A container that tests kill again and again is back immediately, not after minutes.
        "crashLoopBackOff": {"maxContainerRestartPeriod": "1s"},
        "makeIPTablesUtilChains": False,  # hints for others on the host, which would outlive the cluster
    }
    (config / "kubelet.json").write_text(json.dumps(kubelet, indent=1))
    kubeconfig = write_kubeconfig(settings, "kubelet", config / "kubelet.kubeconfig", 6443)
    command = [tools["kubernetes"] / "kubelet", f"--config={config}/kubelet.json", f"--kubeconfig={kubeconfig}"]
    command += [f"--root-dir={settings.folder('kubelet')}", f"--hostname-override={NODE_NAME}"]
    programs.start("kubelet", [*command, f"--node-ip={BRIDGE_ADDRESS}"])


def start_kube_proxy(settings: Settings, programs: Programs, tools: dict) -> None:
    if programs.pid("kube-proxy"):
        return
    config = settings.folder("config")
    kubeconfig = write_kubeconfig(settings, "kube-proxy", config / "kube-proxy.kubeconfig", 6443)
    proxy = {
        "kind": "KubeProxyConfiguration",
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "mode": "nftables",
        # Two Pods on one bridge answer each other directly; without this the answer would skip the translation.
        "nftables": {"masqueradeAll": True, "minSyncPeriod": "0s"},
        "clusterCIDR": POD_NETWORK,
        "hostnameOverride": NODE_NAME,
        "bindAddress": BRIDGE_ADDRESS,
        "healthzBindAddress": f"127.0.0.1:{port(settings, 'kube-proxy-health')}",
        "metricsBindAddress": f"127.0.0.1:{port(settings, 'kube-proxy-metrics')}",
        "conntrack": {"maxPerCore": 0, "min": 0},
        "oomScoreAdj": 0,
        "clientConnection": {"kubeconfig": str(kubeconfig)},
    }
    (config / "kube-proxy.json").write_text(json.dumps(proxy, indent=1))
    programs.start("kube-proxy", [tools["kubernetes"] / "kube-proxy", f"--config={config}/kube-proxy.json"])


def remove_pod_files(settings: Settings) -> None:
    """What the kubelet keeps of Pods; call after everything below the state directory is unmounted."""
    for name in ("kubelet", "pod-logs", "cni/addresses"):
        shutil.rmtree(settings.directory / name, ignore_errors=True)
    links = pathlib.Path("/var/log/containers")
    for link in links.iterdir() if links.exists() else []:
        if link.is_symlink() and os.readlink(link).startswith(f"{settings.directory}/"):
            link.unlink()
