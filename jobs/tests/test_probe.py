"""What the pre-flight finds before anything is migrated, and that it changes nothing: see the fixture `migrated`."""

import json
import pathlib
import re

import django
import pytest

from app import jobs_importable, until
from test_answer import PACKAGE, install_apps

SETTINGS = "shop/settings.py"
MODELS = "orders/models.py"


MIGRATES_BY_ITSELF = """
from django.apps import AppConfig

class Orders(AppConfig):
    name = "orders"

    def ready(self):
        from django.core import management
        management.call_command("migrate")
"""


def append(app, path, text):
    app.write(path, (app.folder / path).read_text() + text)


def silence(app):
    append(app, SETTINGS, "SILENCED_SYSTEM_CHECKS = ['security.W00%d' % number for number in range(10)]\n")


def warned(outcome):
    assert outcome.code == 0, outcome.log
    return outcome.answer["warnings"]


def versions(outcome):
    return "Django %(django)s with %(driver)s " % outcome.answer


def full_answer(outcome):
    return json.loads(re.search("^djangodb-probe (.*)$", outcome.log, re.MULTILINE).group(1))


def test_a_fresh_database(app):
    before = app.server.dump(app.database)
    outcome = app.probe()
    assert outcome.code == 0, outcome.log
    answer = outcome.answer
    assert (answer["v"], answer["kind"], answer["ok"], answer["reason"]) == (1, "probe", True, None)
    assert answer["pending"] == answer["leaves"] == ["orders.0001_initial"]
    assert (answer["recorded_in"], answer["tls"], answer["pooler"]) == ("public", True, False)
    assert (answer["user"], answer["session_user"]) == (app.database + "_owner", app.database + "_a")
    place = "reads %s, which has none of its tables yet, as %s_owner over TLS" % (app.database, app.database)
    assert answer["message"] == versions(outcome) + place
    assert app.server.dump(app.database) == before


def test_an_app_that_migrates_by_itself_and_as_somebody_else(app):
    """It would when its code is loaded; and it takes another login for the command migrate."""
    before = app.server.dump(app.database)
    append(app, SETTINGS, "import sys\nif 'migrate' in sys.argv:\n    DATABASES['default']['USER'] = 'nobody'\n")
    app.write("orders/apps.py", MIGRATES_BY_ITSELF)
    append(app, SETTINGS, "INSTALLED_APPS = ['orders.apps.Orders']\n")
    outcome = app.probe()
    assert outcome.code == 0, outcome.log
    assert "the app would migrate by itself" in outcome.log
    assert app.server.dump(app.database) == before


def statements(app, run):
    """All that the app's login sends meanwhile."""
    log = pathlib.Path(app.server.folder, "log")
    start = log.stat().st_size
    app.server.sql("alter role %s_a set log_statement = 'all'" % app.database)
    try:
        outcome = run()
    finally:
        app.server.sql("alter role %s_a reset log_statement" % app.database)
    return outcome, re.findall(r"LOG:  (?:statement|execute [^:]*):\s*(\S.*)", log.read_bytes()[start:].decode())


def test_a_migrated_database(migrated):
    silence(migrated)
    outcome, sent = statements(migrated, lambda: migrated.probe(DJANGODB_COMMAND='["gunicorn", "shop.wsgi"]'))
    assert warned(outcome) == []
    answer = outcome.answer
    assert (answer["pending"], answer["leaves"]) == ([], ["orders.0001_initial"])
    assert (answer["recorded_in"], answer["aliases"]) == ("public", {})
    place = "reads and writes %s as %s_owner over TLS" % (migrated.database, migrated.database)
    assert answer["message"] == versions(outcome) + place
    assert full_answer(outcome) == answer
    first = [text.split()[0].lower() for text in sent]
    assert (first.count("delete"), first.count("rollback")) == (1, first.count("begin"))
    assert not set(first) & {"commit", "create", "insert", "update", "lock"}
    assert not [text for text in sent if "advisory_lock" in text]
    # Django's own, for each session.
    for_the_session = [text for text in sent if "false)" in text or text.startswith("SET SESSION")]
    assert not [text for text in for_the_session if "timezone" not in text.lower()]


def test_a_login_that_only_reads_and_writes_rows(migrated):
    login = migrated.database + "_rw"
    outcome = migrated.probe(DB_USER=login, DJANGODB_EXPECT_USER=login)
    assert outcome.code == 0, outcome.log
    assert outcome.answer["message"].endswith("reads and writes %s as %s over TLS" % (migrated.database, login))


def test_a_login_that_may_not_write(migrated):
    login = migrated.database + "_ro"
    outcome = migrated.probe(DB_USER=login, DJANGODB_EXPECT_USER=login).is_failure("PermissionDenied", 79)
    assert "GRANT ALL ON orders_order TO " + login in outcome.answer["message"]
    assert outcome.answer["stage"] == "write"


def test_settings_that_let_the_app_down_later(migrated):
    silence(migrated)
    migrated.replace(SETTINGS, "DEBUG = False", "DEBUG = True")
    migrated.replace(SETTINGS, '"CONN_HEALTH_CHECKS": True', '"CONN_HEALTH_CHECKS": False')
    append(migrated, SETTINGS, "INSTALLED_APPS += ['stock', 'views']\nSILENCED_SYSTEM_CHECKS += ['security.W018']\n")
    model = "from django.db import models\n\nclass Part(models.Model):\n    class Meta:\n        managed = %s\n"
    migrated.write("stock/models.py", model % True)
    migrated.write("views/models.py", model % False)
    named = {"DB_SSLMODE": None, "PGSSLMODE": "require", "DJANGODB_COMMAND": '["uvicorn", "shop.app:application"]'}
    texts = warned(migrated.probe(**named))
    expected = [
        "app stock has models and no migrations",
        "DEBUG is on",
        "CONN_MAX_AGE is not 0 and CONN_HEALTH_CHECKS is off",
        "CONN_MAX_AGE is not 0 under an ASGI server",
        "the connection is encrypted, but the server's name is not verified; set sslmode verify-full",
    ]
    if django.VERSION < (4, 1):
        del expected[2]
    assert len(texts) == len(expected)
    assert all(text.startswith(start) for text, start in zip(texts, expected))


@pytest.mark.parametrize(
    "words, is_one",
    [
        ("/venv/bin/daphne shop.app:application", True),
        ("gunicorn -k uvicorn.workers.UvicornWorker shop.app", True),
        ("python -m shop.asgi", True),
        ("gunicorn shop.wsgi", False),
        ("", False),
    ],
)
def test_an_asgi_server_is_told_by_its_command(words, is_one):
    with jobs_importable():
        from djangodb_settings import is_asgi
    assert is_asgi(words.split()) == is_one


def test_a_database_that_is_newer_than_the_image(app):
    """What was applied before the image's own is history, which a squash has replaced; what is gone is no app's."""
    assert app.migrate().code == 0
    silence(app)
    row = "insert into django_migrations(id, app, name, applied) values (%d, '%s', '%s', now())"
    app.sql(row % (-1, "orders", "0000_before_a_squash"))
    app.sql(row % (1000, "gone", "0001_initial"))
    app.sql(row % (1001, "orders", "0002_more"))
    app.sql(row % (1002, "orders", "0003_more"))
    outcome = app.probe()
    (text,) = warned(outcome)
    assert "2 migrations that this image does not know, such as orders.0003_more: the image is older" in text
    assert (outcome.answer["ahead"], outcome.answer["ahead_count"]) == (["orders.0002_more", "orders.0003_more"], 2)
    assert len(outcome.answer["ahead_digest"]) == 16


def test_a_squash_of_what_is_applied_will_be_recorded_and_changes_nothing(app):
    """The image before it does not know that row, and works all the same."""
    app.add_migration("0002_next", operations="")
    app.manage("migrate")
    app.write(
        "orders/migrations/0001_squashed.py",
        (app.folder / "orders/migrations/0001_initial.py")
        .read_text()
        .replace(
            "    operations", "    replaces = [('orders', '0001_initial'), ('orders', '0002_next')]\n    operations", 1
        ),
    )
    answer = app.probe().answer
    assert (answer["pending"], answer["ahead"], answer["squashed"]) == ([], [], ["orders.0001_squashed"])
    assert app.migrate().code == 0
    answer = app.probe().answer
    assert (answer["squashed"], answer["ahead_digest"]) == ([], "")
    (app.folder / "orders/migrations/0001_squashed.py").unlink()
    assert app.probe().answer["ahead"] == ["orders.0001_squashed"]


def test_findings_of_djangos_checks_are_one_warning(migrated):
    assert warned(migrated.probe(DJANGODB_FAIL_LEVEL="ERROR")) == [
        "check --deploy: security.W001, security.W002, security.W003, security.W009"
    ]
    outcome = migrated.probe(DJANGODB_FAIL_LEVEL="WARNING").is_failure("ChecksFailed", 70)
    start = "check --deploy: security.W001, security.W002, security.W003, security.W009: You do not have"
    assert outcome.answer["message"].startswith(start)


CHECK = """

from django.core import checks
from django.db import connection

@checks.register
def look(**_):
    found = [checks.Warning("found", id="orders.W001"), checks.Warning("found", id="orders.W001")]
%s
    return found + [checks.Error("wrong", id="orders.E001")]
"""
# With a statement that fails, as of an app whose tables are not made yet, and one that changes something.
TRY = """
    for statement in ("select * from ghost", "delete from orders_order", "create table theirs()", "select 1"):
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement)
        except Exception as error:
            print(type(error.__cause__).__name__)
"""


def test_checks_of_the_app_change_nothing_and_may_fail_in_part(migrated):
    silence(migrated)
    append(migrated, MODELS, CHECK % TRY)
    outcome = migrated.probe()
    assert warned(outcome) == ["check --deploy: orders.E001, orders.W001 (2)"]
    kinds = re.findall("^[A-Z][A-Za-z]+$", outcome.log, re.MULTILINE)
    assert kinds == ["UndefinedTable", "ReadOnlySqlTransaction", "ReadOnlySqlTransaction"]
    outcome = migrated.probe(DJANGODB_FAIL_LEVEL="ERROR").is_failure("ChecksFailed", 70)
    assert outcome.answer["message"] == "check --deploy: orders.E001: wrong"


def test_checks_that_do_not_come_to_an_end(migrated):
    append(migrated, MODELS, CHECK % "    raise SystemExit(0)")
    (text,) = warned(migrated.probe())
    assert text.startswith("check --deploy itself failed: SystemExit")
    migrated.probe(DJANGODB_FAIL_LEVEL="ERROR").is_failure("ChecksFailed", 70)


def test_two_leaves(migrated):
    migrated.add_migration("0002_a")
    migrated.add_migration("0002_b")
    migrated.probe().is_failure("GraphConflict", 81)


def test_only_a_part_of_a_squash_is_applied(migrated):
    migrated.add_migration("0002_squashed")
    replaces = "    replaces = [('orders', '0001_initial'), ('orders', '0002_gone')]"
    migrated.replace("orders/migrations/0002_squashed.py", "    atomic = True", replaces)
    migrated.probe().is_failure("SquashGap", 83)


def test_a_mark_is_seen_and_left(app):
    assert app.migrate().code == 0
    mark = "insert into django_migrations(app, name, applied) values ('djangodb.unfinished', 'orders.%s', now())"
    app.sql(mark % "0001_initial")  # recorded: the run that was cut had come to its end
    app.add_migration("0002_half", atomic=False)
    app.sql(mark % "0002_half")
    outcome = app.probe().is_failure("PartiallyApplied", 89)
    assert outcome.answer["migration"] == "orders.0002_half"
    assert app.unfinished() == ["orders.0001_initial", "orders.0002_half"]


def test_sigterm_ends_it_and_its_statement(migrated):
    append(migrated, MODELS, CHECK % "    connection.cursor().execute('select pg_sleep(20)')")
    asleep = "select count(*) from pg_stat_activity where datname = '%s' and wait_event = 'PgSleep'"
    asleep = asleep % migrated.database
    run = migrated.start_probe()
    until(lambda: migrated.server.sql(asleep) == "1")
    run.signal()
    run.outcome().is_failure("Interrupted", 86)
    until(lambda: migrated.server.sql(asleep) == "0")


@pytest.mark.parametrize("atomic", [True, False])
def test_a_migration_at_work_is_waited_for(app, atomic):
    """One without a transaction has left the mark that says that it was cut, until it ends."""
    step = "schema_editor.execute('lock table orders_order')\nschema_editor.execute('select pg_sleep(60)')"
    app.add_migration("0002_sleep", step if atomic else step.split("\n")[1], atomic=atomic)
    run = app.start()
    until(lambda: (run.answer() or {}).get("migration") == "orders.0002_sleep")
    until(lambda: atomic or app.unfinished())
    assert "its end is waited for" in app.probe().is_failure("LockHeld", 75).answer["message"]


def test_a_lock_is_not_waited_for_without_end(migrated):
    with migrated.server.session(migrated.database) as holder:
        holder.run("begin; lock table django_migrations")
        migrated.probe().is_failure("LockTimeout", 85)
    with migrated.server.session(migrated.database) as holder:
        holder.run("begin; lock table orders_order in share mode")
        assert migrated.probe().is_failure("LockTimeout", 85).answer["stage"] == "write"


ALIASES = """
def alias(**changes):
    return dict(DATABASES["default"], **changes)

OPTIONS = DATABASES["default"]["OPTIONS"]
DATABASES.update(
    replica=alias(OPTIONS=dict(OPTIONS, options="-c default_transaction_read_only=on")),
    twin=alias(HOST="localhost", OPTIONS=dict(OPTIONS, sslmode="require")),
    tested=alias(HOST="ghost.invalid", TEST={"MIRROR": "default"}),
    reports=alias(NAME="postgres"),
    far=alias(PORT="1"),
    login=alias(PASSWORD="wrong-canary"),
    file={"ENGINE": "django.db.backends.sqlite3", "NAME": "file.sqlite3"},
    odd={"ENGINE": "no.such.engine", "NAME": "x"},
)
"""


def test_other_databases_of_the_settings(migrated):
    silence(migrated)
    append(migrated, SETTINGS, ALIASES)
    outcome = migrated.probe()
    texts = warned(outcome)
    assert outcome.answer["aliases"] == {
        "replica": "standby",
        "twin": "same",
        "tested": "mirror",
        "reports": "other",
        "far": "unreachable",
        "login": "unreachable",
        "file": "sqlite",
        "odd": "unreachable",
    }
    assert texts == [
        "DATABASES['reports'] is database postgres on the same server, which is not migrated with this one",
        "DATABASES['far'] could not be reached (Unreachable)",
        "DATABASES['login'] could not be reached (AuthFailed)",
        "DATABASES['file'] is of django.db.backends.sqlite3, which is not migrated",
        "DATABASES['odd'] could not be reached (SettingsImportFailed)",
    ]
    assert not (migrated.folder / "file.sqlite3").exists()


def test_databases_where_the_role_may_not_ask_for_the_server(migrated):
    """Then the settings' address has to tell."""
    silence(migrated)
    append(migrated, SETTINGS, ALIASES)
    append(migrated, SETTINGS, "DATABASES = {name: DATABASES[name] for name in ('default', 'twin', 'again')}\n")
    migrated.replace(SETTINGS, "    far=", "    again=alias(CONN_MAX_AGE=0),\n    far=")
    migrated.sql("revoke execute on function pg_control_system() from public")
    try:
        outcome = migrated.probe()
    finally:
        migrated.sql("grant execute on function pg_control_system() to public")
    assert outcome.answer["aliases"] == {"twin": "other", "again": "same"}
    (text,) = warned(outcome)
    assert text.startswith("DATABASES['twin'] is database %s on another server" % migrated.database)


def test_an_answer_with_hundreds_of_migrations_and_warnings(migrated):
    """It is whole at every moment, and says how much is left out."""
    install_apps(migrated, 200)
    for number in range(200):
        migrated.write(
            "stock%d/models.py" % number, "from django.db import models\n\nclass P(models.Model):\n    pass\n"
        )
    append(migrated, SETTINGS, "INSTALLED_APPS += ['stock%d' % number for number in range(200)]\n")
    run = migrated.start_probe()
    until(lambda: run.answer() is not None and run.program.poll() is not None)
    outcome = run.outcome()
    texts = warned(outcome)
    full = full_answer(outcome)
    assert (len(full["leaves"]), len(full["pending"]), len(full["warnings"])) == (201, 200, 201)
    assert len(outcome.answer["leaves_crc32"]) == 8 * 201
    assert "planned" not in outcome.answer and outcome.answer["plan_digest"] == full["plan_digest"]
    assert texts == full["warnings"][: len(texts)]
    assert len(texts) > 10
    assert outcome.answer["warnings_left_out"] == 201 - len(texts)
    assert PACKAGE % 7 + ".0001_initial" in full["leaves"]
