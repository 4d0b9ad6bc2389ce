"""The failure matrix: each cause has its own reason and exit code, and nothing is changed."""

import pytest

SETTINGS = "shop/settings.py"


def replace(app, path, old, new):
    text = (app.folder / path).read_text()
    assert old in text
    app.write(path, text.replace(old, new))


CAUSES = {
    "wrong password": ({"DB_PASSWORD": "wrong-canary"}, "AuthFailed", 76),
    "unknown database": ({"DB_NAME": "ghost"}, "DatabaseMissing", 77),
    "nobody listens": ({"DB_PORT": "1"}, "Unreachable", 75),
    "unknown host": ({"DB_HOST": "ghost.invalid"}, "Unreachable", 75),
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
    replace(app, SETTINGS, "django.db.backends.postgresql", "django.db.backends.sqlite3")
    replace(app, SETTINGS, '"OPTIONS"', '"UNUSED"')
    app.migrate().is_failure("EngineNotPostgres", 72)
    assert not (app.folder / app.database).exists()


def test_no_databases(app):
    app.write(SETTINGS, "SECRET_KEY = 'x'\nINSTALLED_APPS = ['orders']\nDATABASES = {}\n")
    app.migrate().is_failure("NoDatabaseConfigured", 71)


def test_settings_that_exit(app):
    app.write(SETTINGS, "import sys\nsys.exit(0)\n")
    app.migrate().is_failure("SettingsImportFailed", 70)


def test_an_entry_point_that_is_not_django(app):
    app.write("manage.py", "print('hello')\n")
    app.migrate().is_failure("EntryPointNotDjango", 70)


def test_two_leaves(app):
    app.add_migration("0002_a")
    app.add_migration("0002_b")
    app.migrate().is_failure("GraphConflict", 81)


def test_parent_missing(app):
    app.add_migration("0002_a", after="0009_ghost")
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
    replace(
        app,
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


@pytest.mark.parametrize("atomic, reason, code", [(True, "MigrationFailed", 88), (False, "PartiallyApplied", 89)])
def test_sys_exit_in_a_migration(app, atomic, reason, code):
    app.add_migration("0002_exit", "sys.exit(0)", atomic=atomic)
    app.migrate().is_failure(reason, code)
    assert app.recorded() == ["0001_initial"]


def test_a_migration_that_is_not_atomic_stops_half_way(app):
    add = "migrations.AddField('order', 'x', models.IntegerField(null=True)), migrations.RunPython(step)"
    app.add_migration("0002_half", "raise RuntimeError('half')", add, atomic=False)
    outcome = app.migrate().is_failure("PartiallyApplied", 89)
    assert outcome.answer["migration"] == "orders.0002_half"


def test_statement_timeout(app):
    app.server.sql("alter role %s_migrate set statement_timeout = '300ms'" % app.database)
    app.add_migration("0002_slow", "schema_editor.execute('select pg_sleep(30)')")
    assert app.migrate().is_failure("StatementTimeout", 88).answer["sqlstate"] == "57014"


def test_rows_and_secrets_stay_out_of_the_answer(app):
    rows = "schema_editor.execute(\"insert into orders_order values (1, 'row-canary', 1, false)\")\n"
    app.add_migration("0002_twice", rows + rows)
    outcome = app.migrate().is_failure("MigrationFailed", 88)
    assert outcome.answer["sqlstate"] == "23505"
    assert "row-canary" not in outcome.answer["message"]


def test_no_secret_is_printed(app):
    url = "postgres://u:canary-in-a-url@h/d"
    leak = "raise RuntimeError('%s password=canary-pair ' + os.environ['DB_PASSWORD'] + os.environ['API_SECRET'])" % url
    app.add_migration("0002_leak", leak)
    outcome = app.migrate(API_SECRET="canary-of-the-api").is_failure("MigrationFailed", 88)
    assert "canary-of" not in outcome.log + str(outcome.answer)
    assert "canary-" not in outcome.answer["message"]


def test_a_termination_log_that_cannot_be_written_is_no_failure(app, tmp_path):
    run = app.start(DJANGODB_TERMINATION_LOG=str(tmp_path / "no" / "such" / "folder"))
    assert run.program.wait(60) == 0, run.logfile.read_text()
    assert app.recorded() == ["0001_initial"]
