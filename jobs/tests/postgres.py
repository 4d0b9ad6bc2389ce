"""A PostgreSQL server of the tests' own: SCRAM and TLS over loopback, thrown away at the end."""

import glob
import os
import random
import shutil
import socket
import subprocess
import tempfile


def free_port():
    """Below the kernel's own range, so that no outgoing connection takes it before the server does."""
    for port in random.sample(range(18000, 20000), 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue  # somebody else's
    raise RuntimeError("no free port among those tried")


def programs():
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not found:
        raise RuntimeError("initdb is missing: install Debian's package postgresql")
    return os.path.dirname(found[-1])


class Server:
    def __init__(self):
        self.bin = programs()
        self.folder = tempfile.mkdtemp(prefix="djdb-jobs-")
        self.data = os.path.join(self.folder, "data")
        self.ca = os.path.join(self.folder, "ca.crt")
        self.port = free_port()
        # initdb refuses root, so root starts it as Debian's user.
        self.as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    def run(self, program, *arguments, **named):
        command = self.as_user + [os.path.join(self.bin, program)] + list(arguments)
        return subprocess.run(command, check=True, cwd="/", stdin=subprocess.DEVNULL, **named)

    def start(self):
        if self.as_user:
            shutil.chown(self.folder, "postgres", "postgres")
        os.chmod(self.folder, 0o755)
        silent = {"stdout": subprocess.DEVNULL}
        methods = ["--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync", "--encoding=UTF8"]
        self.run("initdb", "-D", self.data, "-U", "postgres", *methods, **silent)
        self.make_certificate()
        options = "-p %d -k %s -c listen_addresses=127.0.0.1 -c fsync=off -c ssl=on" % (self.port, self.folder)
        log = os.path.join(self.folder, "log")
        self.run("pg_ctl", "-D", self.data, "-w", "-l", log, "-o", options, "start", **silent)

    def make_certificate(self):
        key = os.path.join(self.data, "server.key")
        certificate = os.path.join(self.data, "server.crt")
        subprocess.run(
            self.as_user
            + ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
            + ["-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
            + ["-keyout", key, "-out", certificate],
            check=True,
            cwd="/",
            stderr=subprocess.DEVNULL,
        )
        shutil.copy(certificate, self.ca)

    def stop(self):
        if os.path.exists(os.path.join(self.data, "postmaster.pid")):
            self.run("pg_ctl", "-D", self.data, "-m", "immediate", "stop", stdout=subprocess.DEVNULL)
        shutil.rmtree(self.folder)

    def psql(self, database):
        arguments = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port)]
        return [os.path.join(self.bin, "psql")] + arguments + ["-U", "postgres", "-d", database]

    def sql(self, statement, database="postgres"):
        """What one statement, or several, answer as text: as superuser over the local socket."""
        command = self.psql(database) + ["-c", statement]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()

    def dump(self, database):
        """All that is in a database, but for how far its sequences are: an INSERT that is rolled back moves them."""
        command = [os.path.join(self.bin, "pg_dump"), "-h", self.folder, "-p", str(self.port), "-U", "postgres"]
        text = subprocess.run([*command, database], check=True, stdout=subprocess.PIPE, text=True).stdout
        # A dump is \\restricted under a name that is drawn each time.
        return [line for line in text.splitlines() if "setval(" not in line and "restrict " not in line]

    def session(self, database):
        return Session(self.psql(database))


class Session:
    """A session that stays, as superuser: what it began is in the way of others until it ends."""

    def __init__(self, command):
        self.program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.program.stdin.close()
        self.program.wait()
        self.program.stdout.close()

    def begin(self, statement):
        """Without waiting for its end."""
        self.program.stdin.write(statement + ";\n")

    def run(self, statement):
        self.begin(statement)
        self.program.stdin.write("\\echo done\n")
        for line in self.program.stdout:
            if line == "done\n":
                return
        raise AssertionError("the session ended in: " + statement)
