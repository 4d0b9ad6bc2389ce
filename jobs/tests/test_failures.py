"""The failure matrix: each cause has its own reason and exit code, and nothing is changed."""

import pytest

SETTINGS = "shop/settings.py"


CAUSES = {
    "wrong password": ({"DB_PASSWORD": "wrong-canary"}, "AuthFailed", 76),
    "unknown database": ({"DB_NAME": "ghost"}, "DatabaseMissing", 77),
    "nobody listens": ({"DB_PORT": "1"}, "Unreachable", 75),
    "unknown host": ({"DB_HOST": "ghost.invalid"}, "Unreachable", 75),
    "another CA": ({"DB_SSLROOTCERT": "/etc/ssl/certs/ca-certificates.crt"}, "TLSFailed", 78),
    "CA file missing": ({"DB_SSLROOTCERT": "/nowhere/ca.crt"}, "TLSFailed", 78),
    "no TLS": ({"DB_SSLMODE": "disable"}, "TLSNotInUse", 78),
    "other user": ({"DJANGODB_EXPECT_USER": "somebody"}, "WrongDatabaseOrUser", 76),
    "other database": ({"DJANGODB_EXPECT_DATABASE": "other"}, "WrongDatabaseOrUser", 76),
    "variable missing": ({"DB_HOST": None}, "SettingsImportFailed", 70),
    "no such settings": ({"DJANGO_SETTINGS_MODULE": "shop.nope"}, "SettingsNotFound", 70),
    "no such entry point": ({"DJANGODB_MANAGE": '["ghost-admin"]'}, "EntryPointNotFound", 70),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_environment(app, cause):
    variables, reason, code = CAUSES[cause]
    outcome = app.migrate(**variables).is_failure(reason, code)
    assert outcome.answer["message"]
    assert app.sql("select count(*) from pg_tables where schemaname = 'public'") == "0"


def test_sqlite_is_refused(app):
    app.replace(SETTINGS, "django.db.backends.postgresql", "django.db.backends.sqlite3")
    app.replace(SETTINGS, '"OPTIONS"', '"UNUSED"')
    app.migrate().is_failure("EngineNotPostgres", 72)
    assert not (app.folder / app.database).exists()


def test_no_databases(app):
    app.write(SETTINGS, "SECRET_KEY = 'x'\nINSTALLED_APPS = ['orders']\nDATABASES = {}\n")
    app.migrate().is_failure("NoDatabaseConfigured", 71)


def test_a_module_of_the_settings_is_missing(app):
    app.write(SETTINGS, "import a_module_that_is_not_there\n")
    app.migrate().is_failure("SettingsImportFailed", 70)


def test_settings_that_exit(app):
    app.write(SETTINGS, "import sys\nsys.exit(0)\n")
    app.migrate().is_failure("SettingsImportFailed", 70)


@pytest.mark.parametrize(
    "text, shown",
    [
        ("\\n    HOST is missing\\n", "AttributeError: HOST is missing"),
        ("\\n\\n=====\\nSet these:\\n\\n  - SECRET_KEY\\n", "AttributeError: Set these: - SECRET_KEY"),
        ("one\\nDETAIL:  a row", "AttributeError: one"),
        ("one:\\nDETAIL:  a row", "AttributeError: one:"),
    ],
)
def test_a_text_whose_first_line_says_nothing(app, text, shown):
    app.write(SETTINGS, "raise AttributeError('%s')\n" % text)
    assert app.migrate().is_failure("SettingsImportFailed", 70).answer["message"] == shown


def test_two_leaves(app):
    app.add_migration("0002_a")
    app.add_migration("0002_b")
    app.migrate().is_failure("GraphConflict", 81)


def test_parent_missing(app):
    app.add_migration("0002_a", after="0009_ghost")
    app.migrate().is_failure("GraphBroken", 81)


def test_a_migration_that_is_no_python(app):
    app.write("orders/migrations/0002_a.py", "class Migration(\n")
    app.migrate().is_failure("GraphBroken", 81)


def test_child_recorded_before_its_parent(app):
    assert app.migrate().code == 0
    app.sql("update django_migrations set name = '0002_a'")
    app.add_migration("0002_a")
    app.migrate().is_failure("InconsistentHistory", 82)


def test_only_a_part_of_a_squash_is_applied(app):
    app.add_migration("0002_a")
    app.add_migration("0003_b", after="0002_a")
    assert app.migrate().code == 0
    app.sql("delete from django_migrations where name = '0003_b'")
    for name in ("0002_a", "0003_b"):
        (app.folder / "orders/migrations" / (name + ".py")).unlink()
    app.add_migration("0002_squashed")
    app.replace(
        "orders/migrations/0002_squashed.py",
        "    atomic = True",
        "    replaces = [('orders', '0002_a'), ('orders', '0003_b')]",
    )
    app.migrate().is_failure("SquashGap", 83)


def test_not_the_owner(app):
    assert app.migrate().code == 0
    app.sql("alter table orders_order owner to postgres")
    app.lay_over("v2")
    app.migrate().is_failure("PermissionDenied", 79)
    assert app.recorded() == ["0001_initial"]


def test_a_schema_that_others_own(app):
    app.sql("alter schema public owner to postgres")
    message = app.migrate().is_failure("PermissionDenied", 79).answer["message"]
    assert "GRANT ALL ON schema public TO %s_owner" % app.database in message


def test_a_database_that_only_reads(app):
    app.sql("alter database %s set default_transaction_read_only = on" % app.database)
    app.migrate().is_failure("ReadOnlyServer", 80)


# What a migration may not do by itself: the statement, and what the message tells to do.
RIGHTS = {
    "setting of the database": (
        "alter database {database} set lock_timeout = '1s'",
        "access.ownership: Database",
    ),
    "setting of a role, within a block": (
        "do $$ begin alter role {database}_migrate set lock_timeout = '1s'; end $$",
        "alter role {database}_a in database {database} set",
    ),
    "extension": ('create extension if not exists "file_fdw"', "spec.database.extensions: [file_fdw]"),
    "another's extension": ("alter extension plpgsql update", "have a DBA run alter extension plpgsql update"),
    "role": ("create role reports login", "spec.access.readers"),
    "another's table": ("alter table theirs add x int", "alter table theirs owner to {database}_owner"),
    "another's schema": ("create table reports.x()", "spec.database.schemas: [reports]"),
    "foreign server": (
        "create server x foreign data wrapper theirs",
        "grant usage on foreign data wrapper theirs to {database}_owner",
    ),
    "superuser's": ("create event trigger x on ddl_command_end execute function f()", "have a DBA run"),
    "file": ("copy theirs from '/etc/hostname'", "have a DBA run"),
}


@pytest.mark.parametrize("case", RIGHTS)
def test_a_right_that_is_missing_is_named_with_who_gives_it(app, case):
    assert app.migrate().code == 0
    app.sql("create schema reports; create table theirs(); create foreign data wrapper theirs")
    app.sql("create function f() returns event_trigger language plpgsql as 'begin end'; grant all on theirs to public")
    statement, advice = (text.format(database=app.database) for text in RIGHTS[case])
    app.add_migration("0002_change", "schema_editor.execute(%r)" % statement)
    outcome = app.migrate().is_failure("PermissionDenied", 79)
    assert advice.lower() in outcome.answer["message"].lower()
    assert outcome.answer["sqlstate"] == "42501"


def test_sys_exit_in_a_migration(app):
    app.add_migration("0002_exit", "sys.exit(0)")
    app.migrate().is_failure("MigrationFailed", 88)
    assert app.recorded() == ["0001_initial"]


def test_a_migration_that_deletes_records(app):
    """As a home-made way to squash would."""
    app.add_migration("0002_clean", "schema_editor.execute('delete from django_migrations')")
    outcome = app.migrate().is_failure("NotRecorded", 89)
    assert "orders.0001_initial" in outcome.answer["message"]


# The app's own migrate command, which stops at or goes back to its first migration.
COMMAND = """
from django.core.management.commands import migrate

class Command(migrate.Command):
    def handle(self, *args, **options):
        super().handle(*args, **dict(options, app_label="orders", migration_name="0001_initial"))
"""


def test_a_migrate_command_that_leaves_some_out(app):
    app.add_migration("0002_a")
    app.write("orders/management/commands/migrate.py", COMMAND)
    outcome = app.migrate().is_failure("UnappliedRemain", 89)
    assert outcome.answer["message"] == "still pending: orders.0002_a"


def test_a_migrate_command_that_goes_back(app):
    app.add_migration("0002_a", operations="migrations.RunPython(step, step)")
    assert app.migrate().code == 0
    app.write("orders/management/commands/migrate.py", COMMAND)
    app.migrate().is_failure("Backward", 87)
    assert app.recorded() == ["0001_initial", "0002_a"]


def test_statement_timeout(app):
    app.server.sql("alter role %s_migrate set statement_timeout = '300ms'" % app.database)
    app.add_migration("0002_slow", "schema_editor.execute('select pg_sleep(30)')")
    assert app.migrate().is_failure("StatementTimeout", 88).answer["sqlstate"] == "57014"
