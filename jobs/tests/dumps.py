"""What a Job of the operator does with a dump, step by step: pg_dump, pg_restore, backup.py."""

import hashlib
import json
import os
import re
import subprocess
import sys

from app import DEADLINE, JOBS, Outcome

# Kills the program before the line whose number it is given, of those that it runs in the two files.
KILL_BEFORE = """
import os, runpy, signal, sys
left, program = int(sys.argv[1]), sys.argv[2]

def trace(frame, event, _):
    global left
    if os.path.basename(frame.f_code.co_filename) not in ("backup.py", "djangodb_dumps.py"):
        return None
    if frame.f_code.co_name in ("<module>", "<lambda>", "Dumps"):
        return trace
    left -= event == "line"
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return trace

sys.settrace(trace)
runpy.run_path(program, run_name="__main__")
"""


class Claim:
    """The folder that the Job's containers share."""

    def __init__(self, folder):
        self.folder = folder / "backups"
        self.folder.mkdir()
        self.term = folder / "answer"

    def partial(self, content=b"PGDMP and more", name="shop_3f2a-1.partial"):
        (self.folder / name).write_bytes(content)

    def files(self):
        return sorted(os.listdir(self.folder))

    def dumps(self, owner="shop"):
        return [name for name in self.files() if re.fullmatch(owner + r"_\d{8}T\d{6}Z_[^_]+\.dump", name)]

    def environment(self, **variables):
        self.term.write_bytes(b"")  # as the kubelet makes it
        return {
            "PATH": os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "DJANGODB_BACKUP_FOLDER": str(self.folder),
            "DJANGODB_BACKUP_PARTIAL": "shop_3f2a-1.partial",
            "DJANGODB_BACKUP_OF": "shop",
            "DJANGODB_BACKUP_KEEP": "3",
            "DJANGODB_TERMINATION_LOG": str(self.term),
            **variables,
        }

    def start(self, *before, words=(), **variables):
        # -I -S: neither Django nor anything else that is installed is there.
        return subprocess.Popen(
            [*before, sys.executable, "-I", "-S", str(JOBS / "backup.py"), *words],
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def outcome(self, run):
        log = run.communicate(timeout=DEADLINE)[0]
        return Outcome(run.returncode, self.answer(), log)

    def keep(self, *before, **variables):
        return self.outcome(self.start(*before, **variables))

    def clear(self, *before, **variables):
        """Before the dump: what failed attempts left goes."""
        return self.outcome(self.start(*before, words=("clear",), **variables))

    def keep_until(self, line):
        """Its exit code, killed before that line unless it ends earlier; one dump is to stay."""
        command = [sys.executable, "-S", "-c", KILL_BEFORE, str(line), str(JOBS / "backup.py")]
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.run(command, env=self.environment(DJANGODB_BACKUP_KEEP="1"), **silent).returncode

    def answer(self):
        """None before the first word."""
        raw = self.term.read_bytes()
        assert len(raw) <= 4096
        return json.loads(raw) if raw else None

    def has_right_sum(self, name):
        """As a person asks, and as the file is."""
        subprocess.run(["sha256sum", "--check", "--strict", name + ".sha256"], check=True, cwd=self.folder)
        digest = hashlib.sha256((self.folder / name).read_bytes()).hexdigest()
        return (self.folder / (name + ".sha256")).read_text() == "%s  %s\n" % (digest, name)


class Client:
    """PostgreSQL's own programs, with a login of the app's database."""

    def __init__(self, app, user):
        self.folder = app.server.bin
        names = ("DB_HOST", "DB_PORT", "DB_NAME", "DB_PASSWORD", "DB_SSLMODE", "DB_SSLROOTCERT")
        found = {name.replace("DB_NAME", "DB_DATABASE").replace("DB_", "PG"): app.environment[name] for name in names}
        self.environment = dict(found, PGUSER=user)

    def __call__(self, program, *arguments, **variables):
        return subprocess.run(
            [os.path.join(self.folder, program), *map(str, arguments)],
            env=dict(self.environment, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def dump(self, file):
        return self("pg_dump", "--format=custom", "--no-password", "--lock-wait-timeout=30s", "--file=%s" % file)

    def read_back(self, file):
        return self("pg_restore", "--file=/dev/null", file)
