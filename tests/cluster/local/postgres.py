"""A throwaway PostgreSQL server: a CA made on the spot, TLS and SCRAM for everyone on the network, an admin who may
log in, create databases and create roles, and nothing more (or, when asked for, a superuser). The superuser postgres
comes in by the Unix socket alone."""

import os
import pathlib
import pwd
import random
import secrets
import shlex
import shutil
import signal
import subprocess

from . import certificates, network, postgres_majors
from .processes import Programs, end_process
from .settings import (
    BRIDGE_ADDRESS,
    CACHE,
    POD_NETWORK,
    POSTGRES_DOMAIN,
    ClusterError,
    locked,
    port_is_free,
    require,
    short_hash,
)

ADMIN = "djdb_admin"
STANDBY = "standby.signal"
DEFAULT_NAME = "postgres"
ATTRIBUTES = {
    "plain": "LOGIN CREATEDB CREATEROLE NOSUPERUSER NOREPLICATION NOBYPASSRLS",
    "superuser": "LOGIN SUPERUSER",
}
CLIENTS = postgres_majors.DEBIAN_PROGRAMS  # psql and pg_isready speak with every major
# At random, so that a server which is down for a moment finds its own port free again.
PORTS = random.sample(range(15432, 16432), 100)

ACCESS = f"""\
local   all postgres                   trust
local   all all                        scram-sha-256
hostssl all postgres 0.0.0.0/0         reject
hostssl all all      127.0.0.1/32      scram-sha-256
hostssl all all      {BRIDGE_ADDRESS}/32      scram-sha-256
hostssl all all      {POD_NETWORK}      scram-sha-256
"""

CONFIGURATION = """\
port = {port}
listen_addresses = '{addresses}'
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
ssl = on
ssl_cert_file = 'server.crt'
ssl_key_file = 'server.key'
ssl_min_protocol_version = 'TLSv1.2'
password_encryption = 'scram-sha-256'
max_connections = 200
shared_buffers = 64MB
fsync = off
wal_level = logical
max_prepared_transactions = 8
full_page_writes = off
log_destination = 'stderr'
logging_collector = off
log_statement = 'all'
log_connections = on
log_line_prefix = '%m [%p] %u@%d %a '
"""


class Server:
    """One server of a state directory. What is `wanted` counts when the server is made; None leaves the choice."""

    def __init__(
        self,
        directory: pathlib.Path,
        name: str = DEFAULT_NAME,
        wanted_port: int | None = None,
        wanted_major: int | None = None,
        wanted_admin: str | None = None,
    ):
        self.folder = directory / (name if name == DEFAULT_NAME else f"{DEFAULT_NAME}-{name}")
        self.host = f"{name}.{POSTGRES_DOMAIN}"
        self.wanted_port = wanted_port
        self.wanted_major = wanted_major or postgres_majors.DEBIAN_MAJOR
        self.wanted_admin = wanted_admin or "plain"
        self.programs = Programs(self.folder)
        self.programs.log = self.folder  # its output is FOLDER/postgres.log; FOLDER/log is a link to it

    @property
    def home(self) -> pathlib.Path:
        """The folder that the server's own user may enter: data and socket."""
        recorded = self.folder / "home"
        return pathlib.Path(recorded.read_text().strip()) if recorded.exists() else self.folder

    @property
    def socket(self) -> pathlib.Path:
        return self.home / "socket"

    @property
    def data(self) -> pathlib.Path:
        return self.home / "data"

    def port(self) -> int:
        return int((self.folder / "port").read_text())

    def major(self) -> int:
        return int((self.data / "PG_VERSION").read_text())

    @property
    def programs_folder(self) -> pathlib.Path:
        """Those of its major, and a copy in its home when its user may not enter the cache."""
        copy = self.home / "programs"
        return copy / "bin" if copy.exists() else postgres_majors.programs_of(self.major())

    def running(self) -> bool:
        return self.programs.pid("postgres") is not None


def run_account() -> pwd.struct_passwd:
    """initdb refuses root, so that root's server runs as the user that Debian's package made."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        raise ClusterError("postgres: no user postgres: run tests/cluster/install-packages") from None


def _as_account() -> list[str]:
    if os.geteuid() != 0:
        return []
    account = run_account()
    return ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--init-groups"]


def choose_home(server: Server) -> None:
    """A checkout below /root is closed to the server's user, and a Unix socket's path is at most 107 bytes long."""
    server.folder.mkdir(parents=True, exist_ok=True)
    account = run_account()
    enters = subprocess.run([*_as_account(), "test", "-x", str(server.folder)]).returncode == 0
    home = server.folder
    if not enters or len(str(home)) > 80:
        home = pathlib.Path("/var/tmp") / f"djdb-postgres-{os.geteuid()}-{short_hash(str(server.folder))}"
        home.mkdir(mode=0o755, exist_ok=True)
        if home.stat().st_uid != os.geteuid() or home.is_symlink():
            raise ClusterError(f"postgres: {home} belongs to somebody else and was left untouched; remove it")
    (server.folder / "home").write_text(f"{home}\n")
    for folder in (server.data, server.socket):
        folder.mkdir(mode=0o700, exist_ok=True)
        os.chown(folder, account.pw_uid, account.pw_gid)


def choose_port(server: Server) -> None:
    """5432 unless another server of this machine has it; the same one for the server's whole life."""
    recorded = server.folder / "port"
    addresses = ["127.0.0.1"] + ([BRIDGE_ADDRESS] if network.bridge_exists() else [])
    if recorded.exists() and all(port_is_free(address, server.port()) for address in addresses):
        return
    first = [] if server.wanted_port == 0 else [5432]
    wanted = [server.wanted_port] if server.wanted_port else [*first, *PORTS]
    free = [p for p in wanted if all(port_is_free(address, p) for address in ["0.0.0.0", *addresses])]
    if not free:
        raise ClusterError(f"postgres: no free port among {', '.join(map(str, wanted))}; choose another with --port")
    recorded.write_text(f"{free[0]}\n")


def _write_configuration(server: Server) -> None:
    addresses = ["127.0.0.1"] + ([BRIDGE_ADDRESS] if network.bridge_exists() else [])
    text = CONFIGURATION.format(port=server.port(), addresses=",".join(addresses), socket=server.socket)
    (server.data / "djdb.conf").write_text(text)
    (server.data / "pg_hba.conf").write_text(ACCESS)
    main = server.data / "postgresql.conf"
    if "include 'djdb.conf'" not in main.read_text():
        main.write_text(main.read_text() + "include 'djdb.conf'\n")
    alternatives = [f"DNS:{server.host}", "DNS:localhost", "IP:127.0.0.1", f"IP:{BRIDGE_ADDRESS}"]
    certificates.make_authority(server.folder, "djdb-postgres")
    certificates.make_certificate(server.folder, "server", f"/CN={server.host}", alternatives)
    account = run_account()
    for name in ("server.crt", "server.key"):
        copy = server.data / name
        copy.unlink(missing_ok=True)
        copy.touch(mode=0o600)
        copy.write_bytes((server.folder / name).read_bytes())
    for name in ("server.crt", "server.key", "djdb.conf", "pg_hba.conf", "postgresql.conf"):
        os.chown(server.data / name, account.pw_uid, account.pw_gid)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system
        shutil.copy2(source, target)


def choose_programs(server: Server) -> pathlib.Path:
    programs = postgres_majors.programs_of(server.wanted_major)
    copy = server.home / "programs"
    shutil.rmtree(copy, ignore_errors=True)
    if subprocess.run([*_as_account(), "test", "-x", str(programs / "postgres")], cwd="/").returncode == 0:
        return programs
    shutil.copytree(programs.parent, copy, symlinks=True, copy_function=_link_or_copy)
    return copy / "bin"


def _initialise(server: Server) -> None:
    if (server.folder / "initialised").exists():
        return
    shutil.rmtree(server.home / "data", ignore_errors=True)
    choose_home(server)
    programs = choose_programs(server)
    command = [*_as_account(), f"{programs}/initdb", "-D", str(server.data), "-U", "postgres", "--no-sync"]
    command += ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"]
    subprocess.run(command, check=True, capture_output=True, cwd="/")


def sql(server: Server, statement: str, as_server: bool = True) -> str:
    """As superuser. Its statements are not logged, since one carries the admin's password."""
    prefix = _as_account() if as_server else []
    command = [*prefix, f"{CLIENTS}/psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(server.socket)]
    command += ["-p", str(server.port()), "-U", "postgres", "-d", "postgres"]
    environment = {**os.environ, "PGOPTIONS": "-c log_statement=none -c log_min_error_statement=panic"}
    done = subprocess.run(
        command, input=statement, text=True, check=True, capture_output=True, cwd="/", env=environment
    )
    return done.stdout.strip()


def _make_admin(server: Server) -> None:
    done = server.folder / "initialised"
    if done.exists():
        return
    password = secrets.token_urlsafe(24)
    file = server.folder / "admin-password"
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(password)
    attributes = ATTRIBUTES[server.wanted_admin]
    sql(server, f"DROP ROLE IF EXISTS {ADMIN}; CREATE ROLE {ADMIN} {attributes} PASSWORD '{password}';")
    done.touch()


def start_program(server: Server) -> None:
    _write_configuration(server)
    log = server.folder / "log"
    if not log.is_symlink():
        log.symlink_to("postgres.log")
    server.programs.start(
        "postgres", [*_as_account(), f"{server.programs_folder}/postgres", "-D", str(server.data)], cwd="/"
    )

    # A standby has no more to say than that it takes no connections, when it is told so: pg_isready's 1.
    enough = (0, 1) if (server.data / STANDBY).exists() else (0,)

    def answers() -> bool:
        command = [f"{CLIENTS}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(server.port())]
        return subprocess.run(command, cwd="/").returncode in enough

    server.programs.wait_for("postgres", answers, "PostgreSQL to accept connections", 60)


def _listens_where_it_should(server: Server) -> bool:
    bridge = BRIDGE_ADDRESS in (server.data / "djdb.conf").read_text()
    return bridge or not network.bridge_exists()


def up(server: Server) -> None:
    """Makes the server unless it is there, and starts it; a server older than the bridge is started again."""
    require({f"{CLIENTS}/postgres": "postgresql-15", "openssl": "openssl", "setpriv": "util-linux"})
    held = locked(server.folder)
    if server.running() and (server.folder / "initialised").exists() and _listens_where_it_should(server):
        print(f"postgres: already up on port {server.port()}")
        return
    _stop(server)
    _initialise(server)
    # A port is free until the server listens: two that start together must not both choose it.
    ports = locked(CACHE / "ports")
    choose_port(server)
    start_program(server)
    os.close(ports)
    _make_admin(server)
    os.close(held)
    where = f"localhost:{server.port()}"
    print(f"postgres: up on {where}" + (f" and {server.host}:{server.port()}" if network.bridge_exists() else ""))


def processes_of(server: Server) -> list[int]:
    """Every process of this server: each works in the data directory, whatever its parent is now."""
    found = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if os.readlink(folder / "cwd") == str(server.data):
                found.append(int(folder.name))
        except OSError:
            continue  # ended meanwhile, or somebody else's
    return found


def _stop(server: Server, how: signal.Signals = signal.SIGINT) -> None:
    """SIGINT is PostgreSQL's fast shutdown: sessions are ended, nothing is lost. SIGQUIT is for data of no use."""
    server.programs.stop("postgres", how)
    # Behind a postmaster that was killed its children end by themselves, but for one that waits for a lock whose holder
    # was killed too: it sleeps for ever, and while it lives no successor starts. Recovery covers a killed one.
    for pid in processes_of(server):
        end_process(pid, signal.SIGKILL)
    # Nobody uses the data any more. A killed postmaster that nobody has reaped yet would still look alive to the
    # next one, which asks by process id alone.
    for stale in [server.data / "postmaster.pid", *server.socket.glob(".s.PGSQL.*")]:
        stale.unlink(missing_ok=True)


def require_made(server: Server) -> None:
    if not (server.folder / "initialised").exists():
        raise ClusterError(f"postgres: no server in {server.folder}: run tests/cluster/postgres up first")


def stop(server: Server) -> None:
    require_made(server)
    held = locked(server.folder)
    _stop(server)
    os.close(held)
    print("postgres: stopped; its data is kept")


def start(server: Server) -> None:
    require_made(server)
    held = locked(server.folder)
    if not server.running():
        _stop(server)
        start_program(server)
    os.close(held)
    print(f"postgres: up on localhost:{server.port()}")


def down_all(directory: pathlib.Path) -> None:
    """Every server of the state directory."""
    for folder in sorted(directory.glob(f"{DEFAULT_NAME}*")):
        down(Server(directory, folder.name.removeprefix(DEFAULT_NAME).lstrip("-") or DEFAULT_NAME))


def down(server: Server) -> None:
    if not server.folder.exists():
        print(f"postgres: nothing to stop in {server.folder}")
        return
    held = locked(server.folder)
    _stop(server, signal.SIGQUIT)
    if server.home != server.folder:
        shutil.rmtree(server.home)
    shutil.rmtree(server.folder)
    if not any(server.folder.parent.iterdir()):
        server.folder.parent.rmdir()
    os.close(held)
    print("postgres: down; nothing of it is left")


def print_env(server: Server) -> None:
    require_made(server)
    values = {
        "DJDB_PG_HOST": "localhost",
        "DJDB_PG_PORT": server.port(),
        "DJDB_PG_CA": server.folder / "ca.crt",
        "DJDB_PG_ADMIN_USER": ADMIN,
        "DJDB_PG_ADMIN_PASSWORD_FILE": server.folder / "admin-password",
        "DJDB_PG_SOCKET": server.socket,
    }
    for name, value in values.items():
        print(f"export {name}={shlex.quote(str(value))}")
