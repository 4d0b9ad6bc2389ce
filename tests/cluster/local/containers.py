"""containerd with its own root, state, socket and configuration, and the removal of what a crashed one left."""

import pathlib
import shutil
import signal
import subprocess

from . import pause_image
from .processes import Programs, end_process
from .settings import Settings

CONFIGURATION = """\
version = 2
root = "{directory}/root"
state = "{directory}/state"
disabled_plugins = [
  "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs",
  "io.containerd.snapshotter.v1.devmapper", "io.containerd.internal.v1.opt", "io.containerd.tracing.processor.v1.otlp",
  "io.containerd.internal.v1.tracing",
]
[grpc]
address = "{socket}"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{pause}"
# Where a process may not lower its OOM score, runc would fail to start the sandbox.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true
disable_tcp_service = true
stream_server_address = "127.0.0.1"
stream_server_port = "0"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{cni}"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
Root = "{directory}/runc"
"""


def ctr(settings: Settings, *arguments: str) -> subprocess.CompletedProcess:
    command = ["ctr", "--address", str(settings.containerd_socket), "--namespace", "k8s.io", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def start_containerd(settings: Settings, programs: Programs, cni: pathlib.Path) -> None:
    if programs.pid("containerd"):
        return
    directory = settings.folder("containerd")
    configuration = directory / "config.toml"
    configuration.write_text(
        CONFIGURATION.format(directory=directory, socket=settings.containerd_socket, pause=pause_image.NAME, cni=cni)
    )
    programs.start("containerd", ["containerd", "--config", configuration])


def prepare_containerd(settings: Settings, programs: Programs) -> None:
    """Waits for containerd, forgets containers of an earlier run (their processes are gone), adds the pause image."""

    def answers() -> bool:
        return ctr(settings, "version").returncode == 0

    programs.wait_for("containerd", answers, "containerd's socket", 60)
    if not programs.pid("kubelet"):
        for container in ctr(settings, "containers", "list", "--quiet").stdout.split():
            ctr(settings, "tasks", "delete", "--force", container)
            ctr(settings, "containers", "delete", container)
            ctr(settings, "snapshots", "remove", container)
    if pause_image.NAME not in ctr(settings, "images", "list", "--quiet").stdout.split():
        load = ctr(settings, "images", "import", str(pause_image.make_archive()))
        load.check_returncode()


def shims(settings: Settings) -> list[int]:
    """The shim processes that serve this cluster's containerd, told apart by its socket's address."""
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        is_shim = "shim" in words[0] and "-address" in words
        if is_shim and words[words.index("-address") + 1] == str(settings.containerd_socket):
            found.append(int(path.parent.name))
    return found


def remove_containers(settings: Settings) -> None:
    """Ends all shims and unmounts everything below the state directory; their containers' processes are ended
    by the node's cgroup before. Removes shims' sockets, which live outside of the state directory."""
    for pid in shims(settings):
        end_process(pid, signal.SIGKILL)
    state = settings.directory / "containerd" / "state"
    for address in state.glob("io.containerd.runtime.v2.task/*/*/address"):
        shim_socket = pathlib.Path(address.read_text().strip().removeprefix("unix://"))
        if shim_socket.parent == pathlib.Path("/run/containerd/s"):
            shim_socket.unlink(missing_ok=True)
    unmount_below(settings.directory)
    shutil.rmtree(state, ignore_errors=True)
    shutil.rmtree(settings.directory / "containerd" / "runc", ignore_errors=True)


def unmount_below(directory: pathlib.Path) -> None:
    """Unmounts the newest mount first; lazily when a dying process still holds it."""
    points = []
    for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines():
        point = line.split()[4].encode().decode("unicode_escape")
        if point.startswith(f"{directory}/"):
            points.append(point)
    for point in reversed(points):
        if subprocess.run(["umount", point], capture_output=True).returncode != 0:
            subprocess.run(["umount", "--lazy", point], capture_output=True, check=True)
