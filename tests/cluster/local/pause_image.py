"""The image of every Pod's first process: one static C program, written as an archive without any other tool."""

import hashlib
import io
import json
import pathlib
import subprocess
import tarfile

from .settings import CACHE, CLUSTER, short_hash

NAME = "localhost/djdb-pause:1"


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = mode
    archive.addfile(entry, io.BytesIO(content))


def make_archive() -> pathlib.Path:
    """The archive in the cache, compiled when the source has changed."""
    source = CLUSTER / "images" / "pause" / "pause.c"
    archive = CACHE / "images" / f"pause-{short_hash(source.read_text())}.tar"
    if archive.exists():
        return archive
    archive.parent.mkdir(parents=True, exist_ok=True)
    program = archive.with_suffix(".program")
    command = ["gcc", "-static", "-Os", "-s", "-o", str(program), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as files:
        _add(files, "pause", program.read_bytes(), 0o755)
    content = layer.getvalue()
    program.unlink()
    digest = "sha256:" + hashlib.sha256(content).hexdigest()
    image = {"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/pause"], "User": "65535"}}
    image["rootfs"] = {"type": "layers", "diff_ids": [digest]}
    manifest = [{"Config": "config.json", "RepoTags": [NAME], "Layers": ["layer.tar"]}]
    unfinished = archive.with_suffix(".new")
    with tarfile.open(unfinished, "w") as files:
        _add(files, "layer.tar", content, 0o644)
        _add(files, "config.json", json.dumps(image).encode(), 0o644)
        _add(files, "manifest.json", json.dumps(manifest).encode(), 0o644)
    unfinished.rename(archive)
    return archive
