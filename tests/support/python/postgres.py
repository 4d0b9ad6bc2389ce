"""A throwaway PostgreSQL of tests/cluster/postgres: its settings, its superuser, its log."""

import pathlib
import subprocess

import world
from wait import Unmet

TOOL = str(world.ROOT / "tests/cluster/postgres")
# A superuser's session that waits longer ends the test and says so.
BOUNDS = "connect_timeout=30 options='-c statement_timeout=120s'"


class Postgres:
    """One server of a state directory; `directory` None: the local cluster's."""

    def __init__(self, name="postgres", directory=None):
        self.name = name
        self._options = ["--name", name, *(["--dir", str(directory)] if directory else [])]
        self._known = None

    def __call__(self, verb, *options):
        """tests/cluster/postgres VERB; returns what it says."""
        return world.run(TOOL, verb, *self._options, *options)

    @property
    def settings(self):
        """DJDB_PG_*, once it is made."""
        if self._known is None:
            self._known = world.shell_exports(TOOL, "env", *self._options)
        return self._known

    @property
    def host(self):
        """What Pods call it."""
        return self.name + ".djdb.test"

    @property
    def port(self):
        return self.settings["DJDB_PG_PORT"]

    @property
    def authority(self):
        """The path of its CA's certificate."""
        return pathlib.Path(self.settings["DJDB_PG_CA"])

    @property
    def admin(self):
        return self.settings["DJDB_PG_ADMIN_USER"]

    @property
    def password_file(self):
        return pathlib.Path(self.settings["DJDB_PG_ADMIN_PASSWORD_FILE"])

    @property
    def admin_password(self):
        return self.password_file.read_text().strip()

    @property
    def log(self):
        return self.authority.parent / "log"

    def logged(self, since=0):
        """The log's text from this byte on; `mark` is where it ends now."""
        with open(self.log, errors="replace") as log:
            log.seek(since)
            return log.read()

    def mark(self):
        return self.log.stat().st_size

    def psql(self, database):
        """The test's superuser, by the Unix socket; the operator never has it."""
        return [
            "psql",
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            "host=%s port=%s user=postgres dbname=%s %s"
            % (self.settings["DJDB_PG_SOCKET"], self.port, database, BOUNDS),
        ]

    def sql(self, statement, database="postgres"):
        return world.run(*self.psql(database), "-c", statement).strip()

    def session(self, database="postgres"):
        return Session(self.psql(database))

    def set_admins_password(self, password):
        """On the server alone, and not in its log."""
        with self.session() as superuser:
            superuser.ask("SET log_statement = 'none'")
            superuser.ask("ALTER ROLE %s PASSWORD '%s'" % (self.admin, password))


class Session:
    """A superuser's session that stays: for a question that is asked often, or a lock that is held for a while."""

    def __init__(self, command):
        self._psql = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._psql.stdin.close()
        self._psql.wait(30)

    def ask(self, statement):
        """The lines of the answer."""
        self._psql.stdin.write(statement + ";\n\\echo --\n")
        self._psql.stdin.flush()
        lines = []
        for line in self._psql.stdout:
            if line == "--\n":
                return "".join(lines).strip()
            lines.append(line)
        raise Unmet("%s: %s" % (statement, self._psql.stderr.read()))
