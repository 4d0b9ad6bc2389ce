"""The sample app, copied into a folder of the test, and the programs run in it as the operator's Jobs would."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

JOBS = pathlib.Path(__file__).resolve().parent.parent
SHOP = JOBS.parent / "examples" / "shop"
DEADLINE = 180  # seconds; generous, since nothing here is a measurement

MIGRATION = """
import os, sys, time
from django.db import migrations, models

def step(apps, schema_editor):
{step}

class Migration(migrations.Migration):
    atomic = {atomic}
    dependencies = [("orders", "{after}")]
    operations = [{operations}]
"""


def until(condition):
    """Polls for the real condition; its value when it holds."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("the condition did not come true")


@contextlib.contextmanager
def jobs_importable():
    sys.path.insert(0, str(JOBS))
    try:
        yield
    finally:
        sys.path.remove(str(JOBS))


class Outcome:
    def __init__(self, code, answer, log):
        self.code = code
        self.answer = answer
        self.log = log

    def is_failure(self, reason, code):
        assert (self.answer["reason"], self.code) == (reason, code), self.log
        assert self.answer["ok"] is False
        return self


class Run:
    """One program that was started."""

    def __init__(self, app, program, python, variables):
        self.term = app.folder.parent / ("answer-%d" % len(app.runs))
        self.term.touch()  # as the kubelet does
        self.logfile = app.folder.parent / ("log-%d" % len(app.runs))
        environment = dict(app.environment, DJANGODB_TERMINATION_LOG=str(self.term))
        environment.update(variables)
        environment = {name: value for name, value in environment.items() if value is not None}
        with open(self.logfile, "wb") as log:
            self.program = subprocess.Popen(
                [str(python), str(JOBS / program)],
                cwd=app.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def answer(self):
        """None before the first word."""
        raw = self.term.read_bytes()
        assert len(raw) <= 4096
        return json.loads(raw) if raw else None

    def outcome(self):
        code = self.program.wait(DEADLINE)
        return Outcome(code, self.answer(), self.logfile.read_text())

    def signal(self, number=signal.SIGTERM):
        self.program.send_signal(number)


class App:
    def __init__(self, folder, server, database):
        self.folder = folder / "app"
        self.server = server
        self.database = database
        self.runs = []
        shutil.copytree(SHOP / "src", self.folder, ignore=shutil.ignore_patterns("__pycache__"))
        self.environment = {
            # manage.py names `env python3`: that has to be this test's own.
            "PATH": os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"],
            "PYTHONDONTWRITEBYTECODE": "1",
            "PGCONNECT_TIMEOUT": "10",
            "DB_NAME": database,
            "DB_USER": database + "_migrate",
            "DB_PASSWORD": "canary-of-the-password",
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(server.port),
            "DB_SSLMODE": "verify-full",
            "DB_SSLROOTCERT": server.ca,
            "DJANGODB_EXPECT_DATABASE": database,
            "DJANGODB_EXPECT_USER": database + "_owner",
            "DJANGODB_REQUIRE_TLS": "1",
            "DJANGODB_LOCK_TIMEOUT": "300",
        }

    def replace(self, path, old, new):
        text = (self.folder / path).read_text()
        assert old in text
        self.write(path, text.replace(old, new))

    def install(self, *apps):
        """Beside its own."""
        self.replace("shop/settings.py", '"orders"]', '"orders"%s]' % "".join(', "%s"' % app for app in apps))

    def lay_over(self, *versions):
        for version in versions:
            shutil.copytree(SHOP / version, self.folder, dirs_exist_ok=True)

    def write(self, path, text):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text)

    def add_migration(
        self, name, step="pass", operations="migrations.RunPython(step)", after="0001_initial", atomic=True
    ):
        body = "\n".join("    " + line for line in step.splitlines())
        text = MIGRATION.format(step=body, atomic=atomic, after=after, operations=operations)
        self.write("orders/migrations/%s.py" % name, text)

    def start(self, python=sys.executable, program="migrate.py", **variables):
        run = Run(self, program, python, variables)
        self.runs.append(run)
        return run

    def migrate(self, python=sys.executable, **variables):
        return self.start(python, **variables).outcome()

    def start_probe(self, python=sys.executable, **variables):
        """With the app's own login."""
        return self.start(python, "probe.py", **dict({"DB_USER": self.database + "_a"}, **variables))

    def probe(self, python=sys.executable, **variables):
        return self.start_probe(python, **variables).outcome()

    def start_verify(self, python=sys.executable, **variables):
        """With the app's own login."""
        return self.start(python, "verify.py", **dict({"DB_USER": self.database + "_a"}, **variables))

    def verify(self, python=sys.executable, **variables):
        return self.start_verify(python, **variables).outcome()

    def manage(self, *arguments):
        """The app's own command line, as a person uses it."""
        command = [sys.executable, "manage.py"] + list(arguments)
        subprocess.run(command, check=True, cwd=self.folder, env=self.environment, stdout=subprocess.DEVNULL)

    def sql(self, statement):
        return self.server.sql(statement, self.database)

    def recorded(self):
        return self.sql("select name from django_migrations where app = 'orders' order by id").split()

    def unfinished(self):
        return self.sql("select name from django_migrations where app = 'djangodb.unfinished'").split()

    def end_what_runs(self):
        for run in self.runs:
            if run.program.poll() is None:
                run.program.kill()
                run.program.wait()
