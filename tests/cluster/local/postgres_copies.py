"""Servers from the data of other ones: what a backup, a snapshot and a restoration leave behind."""

import os
import shlex
import shutil
import signal
import subprocess

from . import postgres
from .processes import wait_until
from .settings import CACHE, ClusterError, locked

# Of a running server; the others are of a stopped one.
HOT = ("frozen", "backup")
COPIES = ("cold", "standby", *HOT)


def copy(server: postgres.Server, source: postgres.Server, how: str) -> None:
    """The data, roles and certificates of then under another port. As a standby it follows nobody and only reads; a
    backup is left stopped, for restore."""
    postgres.require_made(source)
    if source.running() != (how in HOT) or (server.folder / "initialised").exists():
        state = "run" if how in HOT else "be stopped"
        raise ClusterError(
            f"postgres: for a {how} copy {source.folder} has to {state}, and {server.folder} not to exist"
        )
    held = locked(server.folder)
    postgres.choose_home(server)
    server.wanted_major = source.major()
    postgres.choose_programs(server)
    server.data.rmdir()
    {"frozen": _copy_frozen, "backup": _back_up}.get(how, _copy_data)(source, server)
    (server.data / "postmaster.pid").unlink(missing_ok=True)
    for name in ("ca.crt", "ca.key", "server.crt", "server.key", "admin-password"):
        shutil.copy2(source.folder / name, server.folder / name)
    if how == "standby":
        (server.data / postgres.STANDBY).touch()
    (server.folder / "initialised").touch()
    ports = locked(CACHE / "ports")
    postgres.choose_port(server)
    if how != "backup":
        postgres.start_program(server)
    os.close(ports)
    os.close(held)
    print(f"postgres: a {how} copy of {source.folder} for localhost:{server.port()}")


def _copy_data(source: postgres.Server, server: postgres.Server) -> None:
    subprocess.run(["cp", "-a", str(source.data), str(server.data)], check=True)


def _copy_frozen(source: postgres.Server, server: postgres.Server) -> None:
    """All its processes stand still meanwhile, so that the files are of one moment."""
    processes = postgres.processes_of(source)
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        _copy_data(source, server)
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)


def _back_up(source: postgres.Server, server: postgres.Server) -> None:
    """What pg_basebackup does, which speaks with servers of its own major at most."""
    begin, end = ("pg_backup_start('copy', true)", "pg_backup_stop(false)")
    if source.major() < 15:
        begin, end = ("pg_start_backup('copy', true, false)", "pg_stop_backup(false, false)")
    label = server.data / "backup_label"
    script = f"""SELECT {begin};
\\! cp -a {shlex.quote(str(source.data))} {shlex.quote(str(server.data))}
\\o {label}
SELECT labelfile FROM {end};
"""
    postgres.sql(source, script, as_server=False)
    owner = postgres.run_account()
    os.chown(label, owner.pw_uid, owner.pw_gid)


def restore(server: postgres.Server, source: postgres.Server, moment: str) -> None:
    """Starts a backup of `source` as it was at the moment: its log is replayed up to there, and a timeline of its own
    begins."""
    postgres.require_made(server)
    held = locked(server.folder)
    settings = [
        f"restore_command = 'cp {source.data}/pg_wal/%f %p'",
        f"recovery_target_name = '{moment}'",
        "recovery_target_action = 'promote'",
    ]
    with open(server.data / "postgresql.auto.conf", "a") as file:
        file.write("".join(line + "\n" for line in settings))
    (server.data / "recovery.signal").touch()
    postgres.start_program(server)
    wait_until(lambda: postgres.sql(server, "SELECT pg_is_in_recovery()") == "f", "the end of its recovery", 60)
    os.close(held)
    print(f"postgres: up on localhost:{server.port()} as {source.folder} was at {moment}")
