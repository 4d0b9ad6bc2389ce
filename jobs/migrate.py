"""Migrates a Django app's database once, from inside the app's own image.

The operator delivers this file by a ConfigMap and starts it as `python3 /djangodb/migrate.py` in the image's working
directory. It runs the app's own entry point (manage.py or a console script) and takes over where that hands over to
Django, so that the app's set-up happens exactly as in production. Standard library and the app's Django only;
Django 3.2 to 6.x, Python 3.8 or later.

Answer: JSON of at most 4096 bytes on the termination log, valid at every moment, and one of the exit codes below.
"""

import hashlib
import json
import os
import re
import runpy
import shutil
import signal
import sys
import threading
import time
import traceback

# Reason -> exit code. 70-74: image or settings. 75, 85: try again. 86: interrupted. 89: a person has to look.
# 90: our bug.
EXIT_CODES = {
    "EntryPointNotFound": 70,
    "EntryPointNotDjango": 70,
    "SettingsNotFound": 70,
    "SettingsImportFailed": 70,
    "NoDatabaseConfigured": 71,
    "EngineNotPostgres": 72,
    "DjangoMissing": 73,
    "DriverMissing": 73,
    "DriverTooOld": 74,
    "Unreachable": 75,
    "LockHeld": 75,
    "AuthFailed": 76,
    "WrongDatabaseOrUser": 76,
    "DatabaseMissing": 77,
    "TLSFailed": 78,
    "TLSNotInUse": 78,
    "PermissionDenied": 79,
    "ReadOnlyServer": 80,
    "GraphConflict": 81,
    "GraphBroken": 81,
    "InconsistentHistory": 82,
    "SquashGap": 83,
    "ServerTooOld": 84,
    "LockTimeout": 85,
    "Deadlock": 85,
    "Interrupted": 86,
    "Backward": 87,
    "MigrationFailed": 88,
    "StatementTimeout": 88,
    "PartiallyApplied": 89,
    "NotRecorded": 89,
    "UnappliedRemain": 89,
    "Internal": 90,
}

APPLICATION_NAME = "djangodb-migrate"
ADVISORY_LOCK = (0x646A, 1)  # in the app's own database, so no other database is held up
LOCK_TRIES = 5
MESSAGE_LIMIT = 4096


def setting(name, default):
    return os.environ.get("DJANGODB_" + name) or default


# --- the answer -------------------------------------------------------------------------------------------------------

STARTED = time.monotonic()
ANSWER = {"v": 1, "kind": "migrate", "ok": False, "reason": "InProgress", "message": "", "stage": "start"}
ANSWER_LOCK = threading.Lock()
STOPPING = threading.Event()  # a signal asked for the end, so whatever fails from then on was interrupted


def scrub(text):
    """Secrets that drivers and settings like to quote: URLs, key=value pairs, and the values of our own variables."""
    text = str(text)
    for name, value in os.environ.items():
        if value and len(value) > 3 and re.search("PASSWORD|SECRET|TOKEN|DATABASE_URL", name):
            text = text.replace(value, "***")
    text = re.sub(r"(\w+://[^:/@\s]*):[^@\s]*@", r"\1:***@", text)
    return re.sub(r"(?i)(password\s*[=:]\s*)('[^']*'|\S+)", r"\1***", text)


def one_line(text):
    """The first line alone: DETAIL and what follows hold rows of the app's tables."""
    lines = scrub(text).strip().splitlines()
    return lines[0][:300] if lines else ""


def fit(answer):
    """As bytes within the limit: what is longest and least needed goes first."""
    answer = dict(answer)

    def text():
        return json.dumps(answer, separators=(",", ":")).encode()

    if len(text()) > MESSAGE_LIMIT:
        answer.pop("pending", None)
    if len(text()) > MESSAGE_LIMIT and "applied" in answer:
        answer["applied_count"] = len(answer.pop("applied"))
    if len(text()) > MESSAGE_LIMIT and "leaves" in answer:
        leaves = "\n".join(sorted(answer.pop("leaves")))
        answer["leaves_sha256"] = hashlib.sha256(leaves.encode()).hexdigest()
    return text()


def publish(**changes):
    """Writes the answer as it stands, so that a SIGKILL still tells which migration was in flight."""
    with ANSWER_LOCK:
        ANSWER.update(changes)
        ANSWER["ms"] = int((time.monotonic() - STARTED) * 1000)
        write(fit(ANSWER))


def write(text):
    """In one system call over what was there, filled up with spaces: a kill never leaves half an answer."""
    try:
        log = os.open(setting("TERMINATION_LOG", "/dev/termination-log"), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            os.pwrite(log, text.ljust(min(os.fstat(log).st_size, MESSAGE_LIMIT)), 0)
        finally:
            os.close(log)
    except OSError:
        pass  # some runtimes do not let a read-only container write it; the exit code still speaks


def say(text):
    print(scrub(text), file=sys.stderr, flush=True)


def end(reason, message, error=None, **more):
    """The only way out besides success; never returns."""
    if STOPPING.is_set():
        reason = "Interrupted"
    if error is not None:
        say("".join(traceback.format_exception(type(error), error, error.__traceback__)))
    say("migrate: %s: %s" % (reason, one_line(message)))
    publish(ok=False, reason=reason, message=one_line(message), **more)
    sys.stdout.flush()
    os._exit(EXIT_CODES[reason])


# --- what an exception means ------------------------------------------------------------------------------------------

BY_SQLSTATE = {
    "28P01": "AuthFailed",
    "28000": "AuthFailed",
    "3D000": "DatabaseMissing",
    "42501": "PermissionDenied",
    "25006": "ReadOnlyServer",
    "55P03": "LockTimeout",
    "40P01": "Deadlock",
    "57014": "StatementTimeout",
    "57P03": "Unreachable",
    "57P01": "Unreachable",
    "53300": "Unreachable",
    "08006": "Unreachable",
}

# Drivers give no SQLSTATE for a connection that failed, so its text is all there is.
BY_TEXT = (
    ("password authentication failed", "AuthFailed"),
    ("pg_hba.conf", "AuthFailed"),
    ("is not permitted to log in", "AuthFailed"),
    # Before the words about TLS: a host may be named ssl-db.
    ("refused", "Unreachable"),
    ("timeout", "Unreachable"),
    ("resolve host", "Unreachable"),
    ("translate host", "Unreachable"),
    ("starting up", "Unreachable"),
    ("certificate", "TLSFailed"),
    ("ssl", "TLSFailed"),
    ('role "', "AuthFailed"),
    ("does not exist", "DatabaseMissing"),
    ("permission denied", "PermissionDenied"),
    ("must be owner", "PermissionDenied"),
    ("too many", "Unreachable"),
    ("or later is required", "ServerTooOld"),
)


def sqlstate(error):
    while error is not None:
        for name in ("sqlstate", "pgcode"):
            if getattr(error, name, None):
                return getattr(error, name)
        error = error.__cause__ or error.__context__
    return None


def connection_reason(error):
    known = BY_SQLSTATE.get(sqlstate(error))
    if known:
        return known
    text = str(error).lower()
    return next((reason for part, reason in BY_TEXT if part in text), "Unreachable")


def setup_reason(error):
    """Why Django could not be set up."""
    text = str(error)
    if "psycopg" in text:
        return "DriverTooOld" if "or newer is required" in text else "DriverMissing"
    if "Please supply the ENGINE" in text:
        return "NoDatabaseConfigured"
    if "Requested setting" in text:
        return "SettingsNotFound"
    module = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    if isinstance(error, ModuleNotFoundError) and error.name and (module + ".").startswith(error.name + "."):
        return "SettingsNotFound"
    return "SettingsImportFailed"


def graph_reason(error):
    name = type(error).__name__
    if name == "InconsistentMigrationHistory":
        return "InconsistentHistory"
    if name in ("NodeNotFoundError", "CircularDependencyError", "BadMigrationError", "SyntaxError"):
        return "GraphBroken"
    if name == "CommandError" and "onflict" in str(error):
        return "GraphConflict"
    return "MigrationFailed"


# --- the entry point --------------------------------------------------------------------------------------------------


def entry_point():
    """The app's own management command as a list; its first element is a file."""
    command = json.loads(setting("MANAGE", "[]")) or ["manage.py"]
    path = command[0] if os.path.exists(command[0]) else shutil.which(command[0])
    if not path:
        end(
            "EntryPointNotFound",
            "%s is neither a file in %s nor on PATH; set spec.app.manage" % (command[0], os.getcwd()),
        )
    return [os.path.abspath(path)] + command[1:]


def interpreter_of(path):
    """The interpreter that the file's #! line names: a virtual environment need not be on PATH."""
    with open(path, "rb") as entry:
        line, second = entry.readline(512), entry.readline(4096)
    if second.startswith(b"'''exec' "):
        line = b"#!" + second[len(b"'''exec' ") :]  # what pip writes when the path is too long for a #! line
    if not line.startswith(b"#!"):
        return None
    words = line[2:].decode("utf-8", "replace").split()
    if words and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if not words or "python" not in os.path.basename(words[0]):
        return None
    found = shutil.which(words[0])
    if not found:
        end("EntryPointNotFound", "%s names the interpreter %s, which is not in this image" % (path, words[0]))
    return found


def become(interpreter):
    """Starts over with the app's interpreter, once."""
    same = interpreter is None or os.path.samefile(interpreter, sys.executable)
    # Links into a virtual environment are the same file and yet another interpreter: the folder tells.
    if same and (interpreter is None or os.path.dirname(interpreter) == os.path.dirname(sys.executable)):
        return
    if os.environ.get("DJANGODB_REEXECUTED"):
        return
    os.environ["DJANGODB_REEXECUTED"] = "1"
    os.execv(interpreter, [interpreter, os.path.abspath(__file__)])


def take_over(entry):
    """Runs the entry point until it hands over to Django; there, run() takes its place."""
    reached = []
    sys.path.insert(0, os.path.dirname(entry[0]) if entry[0].endswith(".py") else os.getcwd())
    if os.getcwd() not in sys.path:
        sys.path.insert(1, os.getcwd())
    try:
        from django.core import management
    except ImportError as error:
        end("DjangoMissing", "%s can't import Django: %s" % (sys.executable, error), error)

    def execute(self):
        reached.append(True)
        run()

    management.ManagementUtility.execute = execute
    sys.argv = entry + ["migrate", "--noinput"]
    try:
        runpy.run_path(entry[0], run_name="__main__")
    except SystemExit as error:
        end("EntryPointNotDjango", "%s called sys.exit(%s) before it reached Django" % (entry[0], error.code), error)
    except BaseException as error:
        end(setup_reason(error), "%s: %s" % (type(error).__name__, error), error)
    end("EntryPointNotDjango", "%s ended without handing over to Django; set spec.app.manage" % entry[0])


# --- signals ----------------------------------------------------------------------------------------------------------

WORKING = {}  # the connection whose statement a signal cancels, once there is one


def watch_signals():
    """SIGTERM ends us at once, wherever we are. A thread, because psycopg2 blocks in C and PID 1 ignores the default.

    Called before the app's code runs, so that the threads which that starts do not take the signal.
    """
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)

    def wait():
        signal.sigwait(signals)
        STOPPING.set()
        publish(reason="Interrupted", message="stopped by a signal")
        cancelling = threading.Thread(target=cancel, daemon=True)
        cancelling.start()
        cancelling.join(5)  # a server that does not answer must not keep us past the Pod's grace period
        os._exit(EXIT_CODES["Interrupted"])

    threading.Thread(target=wait, daemon=True).start()


def cancel():
    """Without it the server would go on with the statement, and hold its locks, long after we are gone."""
    try:
        raw = WORKING["connection"].connection
        (getattr(raw, "cancel_safe", None) or raw.cancel)()
    except (KeyError, AttributeError):
        pass  # not connected: nothing to cancel
    except Exception as error:
        say("migrate: the statement could not be cancelled: %s" % error)


# --- inside Django ----------------------------------------------------------------------------------------------------


def connect():
    """The app's default connection, proven to be the right one."""
    publish(stage="connect")
    try:
        import django

        django.setup()
        from django.db import connections

        # The object itself: django.db.connection is another connection in each thread, and ours cancels from its own.
        connection = connections["default"]
        vendor, engine = connection.vendor, connection.settings_dict["ENGINE"]
    except BaseException as error:
        end(setup_reason(error), "%s: %s" % (type(error).__name__, error), error)
    publish(
        django=django.get_version(),
        python="%d.%d.%d" % sys.version_info[:3],
        settings=os.environ.get("DJANGO_SETTINGS_MODULE"),
    )
    if engine.endswith(".dummy"):
        end("NoDatabaseConfigured", "the settings name no default database")
    if vendor != "postgresql":
        end("EngineNotPostgres", "the settings name %s (%s), so nothing was migrated" % (engine, vendor))
    try:
        connection.ensure_connection()
    except BaseException as error:
        end(connection_reason(error), error, error)
    check_identity(connection)
    return connection


def check_identity(connection):
    query = "select current_database(), current_user::text, session_user::text, current_setting('server_version')"
    with connection.cursor() as cursor:
        cursor.execute(query)
        database, user, session_user, server = cursor.fetchone()
    driver = connection.Database
    tls = uses_tls(connection)
    publish(
        database=database,
        user=user,
        session_user=session_user,
        server=server,
        driver="%s %s" % (driver.__name__, driver.__version__.split()[0]),
        tls=tls,
    )
    expected = (setting("EXPECT_DATABASE", database), setting("EXPECT_USER", user))
    if (database, user) != expected:
        end("WrongDatabaseOrUser", "the app connects to %s as %s, expected %s as %s" % ((database, user) + expected))
    if setting("REQUIRE_TLS", "") == "1" and not tls:
        end("TLSNotInUse", "the app's connection to %s is not encrypted; set sslmode in OPTIONS" % database)


def uses_tls(connection):
    raw = connection.connection
    info = getattr(raw, "info", None)
    if info is not None and hasattr(info, "ssl_in_use"):
        return bool(info.ssl_in_use)
    pgconn = getattr(raw, "pgconn", None)
    return bool(getattr(pgconn, "ssl_in_use", False))


def second_connection(connection):
    """A session of its own: app code may close or reset the working one."""
    params = dict(connection.get_connection_params())
    for name in ("pool", "cursor_factory", "context", "prepare_threshold"):
        params.pop(name, None)
    raw = connection.Database.connect(**params)
    raw.autocommit = True
    return raw


def lock(connection):
    """One migration at a time in this database, whoever starts it. Returns the session that holds the lock."""
    publish(stage="lock")
    holder = second_connection(connection)
    cursor = holder.cursor()
    cursor.execute("select set_config('application_name', %s, false)", (APPLICATION_NAME + "-lock",))
    deadline = time.monotonic() + float(setting("LOCK_WAIT", "60"))
    while True:
        cursor.execute("select pg_try_advisory_lock(%s, %s)", ADVISORY_LOCK)
        free = cursor.fetchone()[0]
        earlier = earlier_session(cursor)
        if free and not earlier:
            break
        cursor.execute("select pg_advisory_unlock_all()")
        if time.monotonic() >= deadline:
            end("LockHeld", "another migration runs here (server process %s)" % (earlier or "unknown"))
        time.sleep(1)
    with connection.cursor() as working:
        working.execute("select set_config('application_name', %s, false)", [APPLICATION_NAME])
    return holder


def earlier_session(cursor):
    """A killed client's statement runs on in the server, without our lock. Returns its process id or None."""
    cursor.execute(
        "select min(pid) from pg_stat_activity where datname = current_database() and application_name = %s",
        (APPLICATION_NAME,),
    )
    return cursor.fetchone()[0]


def name_of(migration):
    return "%s.%s" % (migration.app_label, migration.name)


def guard_plan(plan, **_):
    """Forwards only: a step backwards loses data and is never what a release asks for."""
    if plan and any(backwards for _, backwards in plan):
        end("Backward", "the plan contains a backward step; nothing was migrated")


class Applier:
    """Wraps the executor's apply_migration: one transaction for the change and its record, bounded lock waits."""

    def __init__(self, connection, original):
        self.connection = connection
        self.original = original
        self.milliseconds = int(setting("LOCK_TIMEOUT", "5000"))

    def apply(self, executor, state, migration, fake=False, fake_initial=False):
        for attempt in range(1, LOCK_TRIES + 1):
            publish(stage="migrate", migration=name_of(migration))
            began = time.monotonic()
            try:
                result = self.once(executor, state.clone(), migration, fake, fake_initial)
            except SystemExit as error:
                reason = "MigrationFailed" if migration.atomic else "PartiallyApplied"
                self.fail(migration, reason, "%s called sys.exit(%s)" % (name_of(migration), error.code))
            except Exception as error:
                if self.may_retry(migration, error, attempt):
                    say("migrate: %s waits for a lock, try %d" % (name_of(migration), attempt))
                    time.sleep(min(10, 0.5 * 2**attempt))
                    continue
                self.fail_with(migration, error)
            say("migrate: %s took %.1f s" % (name_of(migration), time.monotonic() - began))
            ANSWER["applied"].append(name_of(migration))
            publish(migration=None)
            return result

    def once(self, executor, state, migration, fake, fake_initial):
        from django.db import transaction

        if not migration.atomic:
            self.drop_invalid_indexes(migration)
            return self.original(executor, state, migration, fake, fake_initial)
        # Without the outer block a kill between COMMIT and the record makes every retry fail (Django ticket 32374).
        with transaction.atomic(using=self.connection.alias):
            with self.connection.cursor() as cursor:
                cursor.execute("select set_config('lock_timeout', %s, true)", ["%dms" % self.milliseconds])
            return self.original(executor, state, migration, fake, fake_initial)

    def may_retry(self, migration, error, attempt):
        return migration.atomic and attempt < LOCK_TRIES and sqlstate(error) in ("55P03", "40P01")

    def fail_with(self, migration, error):
        reason = BY_SQLSTATE.get(sqlstate(error), "MigrationFailed")
        if not migration.atomic and len(migration.operations) > 1:
            reason = "PartiallyApplied"
        text = "%s: %s: %s" % (name_of(migration), type(error).__name__, error)
        self.fail(migration, reason, text, error)

    def fail(self, migration, reason, text, error=None):
        end(reason, text, error, migration=name_of(migration), sqlstate=sqlstate(error))

    def drop_invalid_indexes(self, migration):
        """A cut CREATE INDEX CONCURRENTLY leaves an INVALID index behind, and the retry would trip over it."""
        operations = [op for op in migration.operations if type(op).__name__ == "AddIndexConcurrently"]
        query = (
            "select c.oid::regclass::text from pg_index i join pg_class c on c.oid = i.indexrelid "
            "where not i.indisvalid and c.relname = any(%s) and not exists "
            "(select 1 from pg_stat_progress_create_index p where p.index_relid = c.oid)"
        )
        with self.connection.cursor() as cursor:
            cursor.execute(query, [[op.index.name for op in operations]])
            for (index,) in cursor.fetchall():
                say("migrate: dropping invalid index %s of an earlier try" % index)
                cursor.execute("drop index concurrently if exists " + index)  # quoted by regclass


def load_plan(connection):
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    graph = executor.loader.graph
    executor.loader.check_consistent_history(connection)
    conflicts = executor.loader.detect_conflicts()
    if conflicts:
        names = ", ".join("%s: %s" % (app, " ".join(sorted(found))) for app, found in sorted(conflicts.items()))
        end("GraphConflict", "several leaf migrations (%s); run makemigrations --merge" % names)
    plan = executor.migration_plan(graph.leaf_nodes())
    publish(
        pending=[name_of(migration) for migration, _ in plan],
        leaves=sorted("%s.%s" % node for node in graph.leaf_nodes()),
    )
    check_squashes(executor.loader)
    return executor


def check_squashes(loader):
    """A squash whose replaced migrations are partly applied and no longer in the code would be skipped in silence."""
    applied = set(loader.applied_migrations)
    for key, migration in loader.disk_migrations.items():
        replaced = list(migration.replaces or ())
        done = [name for name in replaced if name in applied]
        gone = [name for name in replaced if name not in loader.disk_migrations]
        if key not in applied and done and len(done) < len(replaced) and gone:
            end("SquashGap", "%s.%s replaces migrations of which only some are applied" % key)


def migrate(connection):
    from django.core.management import call_command
    from django.db.migrations.executor import MigrationExecutor
    from django.db.models.signals import pre_migrate

    publish(stage="plan", applied=[])
    try:
        load_plan(connection)
    except BaseException as error:
        reason = BY_SQLSTATE.get(sqlstate(error)) or graph_reason(error)
        end(reason, "%s: %s" % (type(error).__name__, error), error)
    pre_migrate.connect(guard_plan, weak=False, dispatch_uid="djangodb")
    applier = Applier(connection, MigrationExecutor.apply_migration)
    MigrationExecutor.apply_migration = lambda executor, *args, **named: applier.apply(executor, *args, **named)
    try:
        call_command("migrate", database=connection.alias, interactive=False, verbosity=1)
    except SystemExit as error:
        end("MigrationFailed", "application code called sys.exit(%s)" % error.code, error)
    except BaseException as error:
        reason = BY_SQLSTATE.get(sqlstate(error)) or graph_reason(error)
        end(reason, "%s: %s" % (type(error).__name__, error), error)


def verify(connection):
    """Trusts the table, not the exit code."""
    from django.db.migrations.executor import MigrationExecutor

    publish(stage="verify")
    executor = MigrationExecutor(connection)
    recorded = {"%s.%s" % key for key in executor.loader.applied_migrations}
    lost = [name for name in ANSWER["applied"] if name not in recorded]
    if lost:
        end("NotRecorded", "ran but not recorded: %s" % ", ".join(lost))
    remaining = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if remaining:
        end("UnappliedRemain", "still pending: %s" % ", ".join(name_of(migration) for migration, _ in remaining))


def run():
    """In the place of Django's own command line."""
    try:
        connection = connect()
        WORKING["connection"] = connection
        try:
            holder = lock(connection)
        except Exception as error:
            end(connection_reason(error), error, error)
        migrate(connection)
        verify(connection)
        holder.close()
        publish(ok=True, reason=None, message="%d migrations applied" % len(ANSWER["applied"]), stage="done")
        say("migrate: done, %d applied" % len(ANSWER["applied"]))
        sys.stdout.flush()
        os._exit(0)
    except Exception as error:
        end("Internal", "%s: %s" % (type(error).__name__, error), error)


def main():
    publish()
    entry = entry_point()
    become(interpreter_of(entry[0]))
    watch_signals()
    take_over(entry)


if __name__ == "__main__":
    main()
