"""Brings the whole cluster up and down: the order of the components, and what is undone in which order."""

import argparse
import os
import pathlib
import shlex
import shutil
import subprocess
import time

from . import containers, control_plane, dns, network, node
from .processes import Programs
from .settings import ClusterError, Settings, default_directory, locked, require, tool_folders

FULL = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "containerd", "coredns", "kube-proxy"]
FULL += ["kubelet"]
PROGRAMS = {"full": FULL, "apiserver": FULL[:3]}
# The kubelet first, or it would start again what is ended; etcd last, since all others write to it.
STOP_ORDER = ["kubelet", "containerd", "kube-proxy", "coredns", "kube-scheduler", "kube-controller-manager"]
STOP_ORDER += ["kube-apiserver", "etcd"]
OWN_FILES = ["run", "log", "certificates", "config", "etcd", "etcd-url", "containerd", "kubelet", "pod-logs", "cni"]
OWN_FILES += ["kubeconfig", "ports.json", "profile", "images"]


def parse(description: str) -> Settings:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--profile", choices=["full", "apiserver"], help="apiserver: without a node, no root needed")
    parser.add_argument("--dir", type=pathlib.Path, help="state directory (default $DJDB_CLUSTER_DIR, else .cluster)")
    options = parser.parse_args()
    directory = options.dir.absolute() if options.dir else default_directory()
    if not options.dir and options.profile == "apiserver":
        directory = directory / "apiserver"  # beside a full cluster of the same default directory
    recorded = directory / "profile"
    profile = recorded.read_text().strip() if recorded.exists() else options.profile or "full"
    if options.profile and profile != options.profile:
        raise ClusterError(f"cluster: {directory} holds a cluster of profile {profile}; choose another --dir")
    return Settings(directory, profile)


def uses_current() -> bool:
    return os.environ.get("DJDB_CLUSTER") == "current"


def check_current() -> None:
    kubectl = tool_folders("kubernetes")["kubernetes"] / "kubectl"
    answer = subprocess.run([kubectl, "version", "--request-timeout=10s"], capture_output=True, text=True)
    where = os.environ.get("KUBECONFIG") or "~/.kube/config"
    if answer.returncode != 0:
        said = (answer.stderr.strip().splitlines() or ["no message"])[-1]
        raise ClusterError(f"cluster: DJDB_CLUSTER=current, and the cluster of {where} does not answer: {said}")
    print(f"cluster: using the cluster of {where}: {answer.stdout.strip().splitlines()[-1]}")


def healthy(settings: Settings, programs: Programs) -> bool:
    if not all(programs.pid(name) for name in PROGRAMS[settings.profile]) or not settings.kubeconfig.exists():
        return False
    api = control_plane.Api(settings)
    return api.ready() and (not settings.full or (api.node_ready() and network.bridge_exists()))


def check_prerequisites(settings: Settings) -> None:
    require({"openssl": "openssl", "curl": "curl"})
    if not settings.full:
        return
    if os.geteuid() != 0:
        raise ClusterError(
            "cluster: the full cluster needs root (bridge, mounts, cgroups); run it as root, or use"
            " --profile apiserver, or your own cluster with DJDB_CLUSTER=current"
        )
    packages = {"containerd": "containerd", "runc": "runc", "ip": "iproute2", "nft": "nftables"}
    packages |= {"iptables": "iptables", "conntrack": "conntrack", "gcc": "gcc"}
    packages |= {"/usr/lib/cni/bridge": "containernetworking-plugins"}
    require(packages)
    if len(str(settings.containerd_socket)) > 90:
        raise ClusterError(
            f"cluster: {settings.directory} is too long a path for Unix sockets; set DJDB_CLUSTER_DIR to a shorter one"
        )


def up(settings: Settings) -> None:
    check_prerequisites(settings)
    modules = ["etcd", "kubernetes", *(["coredns", "helm"] if settings.full else [])]
    tools = tool_folders(*modules)
    held = locked(settings.directory)
    started = time.monotonic()
    programs = Programs(settings.directory)
    if healthy(settings, programs):
        print(f"cluster: already up; kubeconfig {settings.kubeconfig}")
        return
    if programs.names():
        print("cluster: the previous run did not end cleanly; stopping what is left of it")
    stop(settings, programs)
    (settings.directory / "profile").write_text(settings.profile + "\n")
    if settings.full:
        network.make_bridge(settings)
    control_plane.make_certificates(settings)
    if settings.full:
        containers.start_containerd(settings, programs, network.write_cni(settings))
    api = control_plane.start_apiserver(settings, programs, tools)
    control_plane.start_controllers(settings, programs, tools, api)
    if settings.full:
        start_node(settings, programs, tools, api)
    control_plane.wait_for_controllers(programs, api)
    os.close(held)
    print(f"cluster: up in {time.monotonic() - started:.1f} s; kubeconfig {settings.kubeconfig}")


def start_node(settings: Settings, programs: Programs, tools: dict, api) -> None:
    node.record_kernel_settings(settings)
    node.make_cgroup()
    containers.prepare_containerd(settings, programs)
    node.start_kubelet(settings, programs, tools)
    node.start_kube_proxy(settings, programs, tools)
    dns.start_dns(settings, programs, tools)
    dns.wait_for_dns(programs)
    programs.wait_for("kubelet", api.node_ready, "the node to be Ready", 120)


def stop(settings: Settings, programs: Programs) -> None:
    """Ends every program and Pod and unmounts what they mounted; keeps etcd's data and the images."""
    for name in STOP_ORDER:
        programs.stop(name)
        if name == "kubelet" and settings.full and os.geteuid() == 0 and network.owner() == str(settings.directory):
            node.end_pods()
    if settings.full and os.geteuid() == 0:
        containers.remove_containers(settings)
        node.remove_pod_files(settings)


def down(settings: Settings) -> None:
    # Others may keep their state directories within this one.
    if not any((settings.directory / name).exists() for name in OWN_FILES):
        print(f"cluster: nothing to stop in {settings.directory}")
        return
    if settings.full and os.geteuid() != 0:
        raise ClusterError("cluster: stopping the full cluster needs root")
    held = locked(settings.directory)
    stop(settings, Programs(settings.directory))
    if settings.full:
        network.remove_bridge(settings)
        node.restore_kernel_settings(settings)
    for name in OWN_FILES:
        path = settings.directory / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    if not any(settings.directory.iterdir()):
        settings.directory.rmdir()
    os.close(held)
    print(f"cluster: down; nothing of it is left in {settings.directory}")


def print_env(settings: Settings) -> None:
    tools = tool_folders("kubernetes", "helm")
    if not uses_current():
        if not settings.kubeconfig.exists():
            raise ClusterError(f"cluster: no cluster in {settings.directory}: run tests/cluster/up first")
        print(f"export KUBECONFIG={shlex.quote(str(settings.kubeconfig))}")
    print(f'export PATH={shlex.quote(str(tools["kubernetes"]))}:{shlex.quote(str(tools["helm"]))}:"$PATH"')
