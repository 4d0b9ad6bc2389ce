"""The README's quick start, line by line as it stands there, with the files in the folder that it asks for."""

import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / folder) for folder in ("support/python", "cluster")]
import operator_pod
import world
from shop import MAIN, Shop, remove as remove_shops
from story import require, show, step, tell
from wait import wait_for

MARK = "<!-- quick start:"


def lines():
    """The commands of the first code block behind the mark."""
    text = (world.ROOT / "README.md").read_text()
    block = text[text.index(MARK) :].split("```")[1]
    return [line for line in block.strip().splitlines() if line.strip()]


def prepare(folder):
    """What the README asks its reader to have: the checkout's files, the password, the CA, the server's own port."""
    for name in ("charts", "examples"):
        shutil.copytree(world.ROOT / name, folder / name)
    (folder / "password").write_text(MAIN.postgres.admin_password)
    shutil.copy(MAIN.postgres.authority, folder / "ca.crt")
    manifest = folder / "examples/shop/manifests/postgresserver.yaml"
    manifest.write_text(manifest.read_text().replace("5432", MAIN.postgres.port))


def follow(folder):
    for line in lines():
        step(line)
        done = subprocess.run(shlex.split(line), cwd=folder, capture_output=True, text=True, check=False)
        show(done.stdout.split("NOTES:")[0])
        require("it succeeds", done.returncode == 0, done.stderr)


def main():
    world.enter()
    remove()
    with tempfile.TemporaryDirectory(prefix="djdb-quick-start-") as folder:
        prepare(pathlib.Path(folder))
        follow(pathlib.Path(folder))
    shop = Shop()
    shop.wait_for_release("v1")  # web has rolled out, as the last lines waited for; worker may not
    require("its first version is migrated", shop.times_applied("0001_initial") == 1)
    with shop.requests() as requests:
        wait_for("an answer through the Service", lambda: requests.versions)
    require("it serves %s" % requests, not requests.failures, requests.failures[:3])


def remove():
    remove_shops(Shop())
    operator_pod.remove()


if __name__ == "__main__":
    tell(main, remove)
