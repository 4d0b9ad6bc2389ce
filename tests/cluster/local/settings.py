"""Where a cluster lives and which addresses it uses. Everything it writes is below Settings.directory."""

import dataclasses
import fcntl
import hashlib
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import time

CLUSTER = pathlib.Path(__file__).resolve().parent.parent
REPOSITORY = CLUSTER.parent.parent
CACHE = pathlib.Path(
    os.environ.get("DJDB_CACHE")
    or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "djangodb-operator"
)

BRIDGE = "djdb0"
BRIDGE_ADDRESS = "10.87.0.1"
POD_NETWORK = "10.87.0.0/24"
SERVICE_NETWORK = "10.87.128.0/20"
SERVICE_API_ADDRESS = "10.87.128.1"  # the first address of SERVICE_NETWORK, by Kubernetes' rule
NODE_NAME = "djdb-node"
CGROUP = "djdb"
LOCK_SECONDS = 300
POSTGRES_DOMAIN = "djdb.test"  # every name in it is the bridge's address


class ClusterError(Exception):
    """What happened and what to do, in one line for the user."""


def default_directory() -> pathlib.Path:
    return pathlib.Path(os.environ.get("DJDB_CLUSTER_DIR") or REPOSITORY / ".cluster").absolute()


@dataclasses.dataclass(frozen=True)
class Settings:
    directory: pathlib.Path
    profile: str  # "full" or "apiserver"

    @property
    def full(self) -> bool:
        return self.profile == "full"

    @property
    def address(self) -> str:
        """Where the API server listens."""
        return BRIDGE_ADDRESS if self.full else "127.0.0.1"

    @property
    def kubeconfig(self) -> pathlib.Path:
        return self.directory / "kubeconfig"

    @property
    def containerd_socket(self) -> pathlib.Path:
        return self.directory / "containerd" / "containerd.sock"

    def folder(self, name: str) -> pathlib.Path:
        path = self.directory / name
        path.mkdir(parents=True, exist_ok=True)
        return path


def _lock(descriptor: int, directory: pathlib.Path) -> None:
    """Says so when it has to wait, and gives up in the end: whoever holds it may be stuck."""
    deadline = time.monotonic() + LOCK_SECONDS
    told = time.monotonic() + 5
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() > deadline:
                held = f"cluster: another run has held {directory} for {LOCK_SECONDS} s; see fuser -v {directory}"
                raise ClusterError(held) from None
            if time.monotonic() > told:
                print(f"cluster: waiting for another run that holds {directory}", file=sys.stderr)
                told = deadline
            time.sleep(0.05)


def locked(directory: pathlib.Path) -> int:
    """Holds the directory for this process until it ends: `up` and `down` never overlap."""
    while True:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory, os.O_RDONLY)
        _lock(descriptor, directory)
        try:
            if os.stat(directory).st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        except FileNotFoundError:
            pass  # `down` removed it while we waited: make it again
        os.close(descriptor)


def port_is_free(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def port(settings: Settings, name: str) -> int:
    """A loopback port for `name`, remembered in ports.json while nothing else has taken it."""
    path = settings.directory / "ports.json"
    ports = json.loads(path.read_text()) if path.exists() else {}
    if name not in ports or not port_is_free("127.0.0.1", ports[name]):
        # Below the kernel's ephemeral range, so that no outgoing connection takes it in between.
        free = (p for p in random.sample(range(20000, 30000), 500) if p not in ports.values())
        ports[name] = next(p for p in free if port_is_free("127.0.0.1", p))
        path.write_text(json.dumps(ports, indent=1) + "\n")
    return ports[name]


def tool_folders(*modules: str) -> dict[str, pathlib.Path]:
    """The folders of the built Go programs, building what this machine does not have yet."""
    build = subprocess.run([CLUSTER / "tools" / "build", *modules], stdout=subprocess.PIPE, text=True)
    if build.returncode != 0:
        raise ClusterError("cluster: tests/cluster/tools/build failed; its messages are above")
    return {name: pathlib.Path(folder) for name, folder in map(str.split, build.stdout.splitlines())}


def require(commands: dict[str, str]) -> None:
    """Raises one line that names every missing command's Debian package."""
    path = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"
    missing = sorted({package for command, package in commands.items() if not shutil.which(command, path=path)})
    if missing:
        raise ClusterError(
            f"cluster: missing {', '.join(missing)}: run tests/cluster/install-packages"
            f" (or: apt-get install {' '.join(missing)})"
        )
    os.environ["PATH"] = path


def short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def run_main(main) -> None:
    try:
        sys.exit(main())
    except ClusterError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    except subprocess.CalledProcessError as error:
        said = error.stderr or b"" if not isinstance(error.stderr, str) else error.stderr
        said = said.decode(errors="replace") if isinstance(said, bytes) else said
        print(f"cluster: {' '.join(map(str, error.cmd))} failed ({error.returncode}): {said.strip()}", file=sys.stderr)
        sys.exit(1)
