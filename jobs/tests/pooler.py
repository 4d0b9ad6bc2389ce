"""A real PgBouncer on loopback in front of a server, thrown away at the end."""

import os
import shutil
import socket
import subprocess
import tempfile
import time

from postgres import free_port

PROGRAM = "/usr/sbin/pgbouncer"


class PgBouncer:
    def __init__(self, databases, users, **settings):
        """`databases`: name to connection string; `users`: name to password."""
        self.folder = tempfile.mkdtemp(prefix="djdb-pooler-")
        self.port = free_port()
        own = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": self.write("users", "".join('"%s" "%s"\n' % user for user in users.items())),
            "logfile": os.path.join(self.folder, "log"),
            "query_wait_timeout": 1,
            **settings,
        }
        lines = ["[databases]", *map(" = ".join, databases.items()), "[pgbouncer]"]
        self.configuration = self.write("ini", "\n".join(lines + ["%s = %s" % item for item in own.items()]) + "\n")

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w") as file:
            file.write(text)
        return path

    def __enter__(self):
        # It refuses root, so root starts it as Debian's user.
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        for name in ["", *os.listdir(self.folder)] if as_user else []:
            shutil.chown(os.path.join(self.folder, name), "postgres", "postgres")
        self.process = subprocess.Popen(
            [*as_user, PROGRAM, "-q", self.configuration], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return self
            except OSError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.__exit__()
                    raise
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()  # at once, whoever is connected
        self.process.wait()
        shutil.rmtree(self.folder)
