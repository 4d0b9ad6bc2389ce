"""Python environments of an app's own, as images have them: linked from what is installed, so quickly made."""

import os
import pathlib
import subprocess
import sys


class Environment:
    def __init__(self, folder):
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        self.python = folder / "bin" / "python3"
        (self.packages,) = folder.glob("lib/python*/site-packages")

    def link(self, source, wanted):
        for entry in source.iterdir():
            if wanted(entry.name):
                (self.packages / entry.name).symlink_to(entry)


def everything(name):
    return name != "__pycache__"


def drivers(name):
    return name.startswith("psycopg")


def all_but_drivers(name):
    return everything(name) and not drivers(name)


def installed():
    """Where this test's own Django is."""
    import django

    return pathlib.Path(django.__file__).parent.parent


def older():
    """Django 4.2 with a driver that it refuses; jobs/tests/run installs them."""
    (packages,) = pathlib.Path(os.environ["DJDB_OLD_DRIVER"]).glob("lib/python*/site-packages")
    return packages
