"""Engines that are not Django's own: editors without a transaction, pools, and options that libpq does not know."""

import os
import pathlib

import pytest

SETTINGS = "shop/settings.py"
POSTGRES = "django.db.backends.postgresql"
# Engines that others have made need a Django of their own; jobs/tests/run installs it.
PYTHON = pathlib.Path(os.environ["DJDB_ENGINES"]) / "bin" / "python3"

EDITOR = """
from django.db.backends.postgresql import base, schema

class Editor(schema.DatabaseSchemaEditor):
    sql_create_index = schema.DatabaseSchemaEditor.sql_create_index_concurrently

    def __init__(self, connection, collect_sql=False, atomic=True):
        super().__init__(connection, collect_sql=collect_sql, atomic=False)

class DatabaseWrapper(base.DatabaseWrapper):
    SchemaEditorClass = Editor
"""
ADD_INDEX = "migrations.AddIndex('order', models.Index(fields=['cents'], name='by_cents'))"
ALTER_FIELD = "migrations.AlterField('order', 'cents', models.BigIntegerField(db_index=True))"
ADD_FIELD = "migrations.AddField('order', 'x', models.IntegerField(null=True))"
INSERT = "from django.db import connection\nconnection.cursor().execute('insert into steps default values')\n"
WRITE = "begin; insert into orders_order(customer, cents, shipped) values ('a', 1, false)"


def use_engine(app, engine):
    app.replace(SETTINGS, POSTGRES, engine)


def use_engine_of(app, text):
    app.write("engine/__init__.py", "")
    app.write("engine/base.py", text)
    use_engine(app, "engine")


def add_options(app, options):
    app.replace(SETTINGS, '"OPTIONS": {', '"OPTIONS": {%s, **{' % options)
    app.replace(SETTINGS, "if os.environ.get(name)},", "if os.environ.get(name)}},")


def run_under(app, python):
    _, rest = (app.folder / "manage.py").read_text().split("\n", 1)
    app.write("manage.py", "#!%s\n%s" % (python, rest))


@pytest.fixture
def indexing(app):
    """An engine that builds every index concurrently, so that no transaction may be around it."""
    use_engine_of(app, EDITOR)
    outcome = app.migrate()
    assert outcome.code == 0, outcome.log
    app.sql("create table steps()")
    app.sql("grant all on steps to public")
    return app


def valid(app, index):
    return app.sql("select indisvalid from pg_index where indexrelid = to_regclass('%s')" % index)


def test_an_editor_without_a_transaction_may_build_indexes_concurrently(indexing):
    indexing.add_migration("0002_index", operations=ALTER_FIELD + ", " + ADD_INDEX)
    outcome = indexing.migrate()
    assert outcome.code == 0, outcome.log
    assert (valid(indexing, "by_cents"), indexing.unfinished()) == ("t", [])


def test_a_data_step_that_django_rolled_back_leaves_nothing(indexing):
    """Django puts it into a transaction of its own, which failed: another image is enough."""
    indexing.add_migration("0002_half", INSERT + "if os.environ.get('HALF'):\n    raise RuntimeError('half')")
    indexing.migrate(HALF="yes").is_failure("MigrationFailed", 88)
    assert (indexing.sql("select count(*) from steps"), indexing.unfinished()) == ("0", [])
    assert indexing.migrate().code == 0


def test_a_data_step_behind_a_change_leaves_that_change(indexing):
    indexing.add_migration("0002_half", "raise RuntimeError('half')", ADD_FIELD + ", migrations.RunPython(step)")
    indexing.migrate().is_failure("PartiallyApplied", 89)
    assert indexing.unfinished() == ["orders.0002_half"]


def test_a_lone_index_whose_build_was_cut_is_built_again(indexing):
    indexing.add_migration("0002_index", operations=ADD_INDEX)
    with indexing.server.session(indexing.database) as writer:
        writer.run(WRITE)
        indexing.migrate(DJANGODB_LOCK_TRIES="1").is_failure("LockTimeout", 85)
        assert (valid(indexing, "by_cents"), indexing.unfinished()) == ("f", [])
    assert indexing.migrate().code == 0
    assert valid(indexing, "by_cents") == "t"


def test_a_build_that_never_began_leaves_nothing(indexing):
    indexing.add_migration("0002_index", operations=ALTER_FIELD)
    with indexing.server.session(indexing.database) as holder:
        holder.run("begin; lock table orders_order")
        indexing.migrate(DJANGODB_LOCK_TRIES="1").is_failure("LockTimeout", 85)
    assert indexing.unfinished() == []
    assert indexing.migrate().code == 0


def test_a_data_step_that_only_selects_counts_as_done(indexing):
    """What it selected may be a function that writes."""
    select = "from django.db import connection\nconnection.cursor().execute('select 1')"
    failing = "migrations.AddField('order', 'cents', models.IntegerField(null=True))"
    indexing.add_migration("0002_half", select, "migrations.RunPython(step), " + failing)
    indexing.migrate().is_failure("PartiallyApplied", 89)


def test_a_cut_build_among_other_changes_is_for_a_person(indexing):
    """Its index is there, INVALID, under a name that only the editor knows."""
    indexing.add_migration("0002_index", operations=ALTER_FIELD)
    with indexing.server.session(indexing.database) as writer:
        writer.run(WRITE)
        indexing.migrate(DJANGODB_LOCK_TRIES="1").is_failure("PartiallyApplied", 89)
    assert indexing.unfinished() == ["orders.0002_index"]


def test_zero_downtime_migrations(app):
    run_under(app, PYTHON)
    use_engine(app, "django_zero_downtime_migrations.backends.postgres")
    added = "\nZERO_DOWNTIME_MIGRATIONS_LOCK_TIMEOUT = '1s'\nZERO_DOWNTIME_MIGRATIONS_STATEMENT_TIMEOUT = '20s'\n"
    app.write(SETTINGS, (app.folder / SETTINGS).read_text() + added)
    outcome = app.migrate()
    assert outcome.code == 0, outcome.log
    app.add_migration("0002_change", operations=", ".join((ADD_FIELD, ALTER_FIELD, ADD_INDEX)))
    with app.server.session(app.database) as holder:
        holder.run("begin; lock table orders_order")
        # Its editor first says SET lock_timeout, which changes nothing.
        app.migrate(DJANGODB_LOCK_TRIES="1").is_failure("LockTimeout", 85)
        assert app.unfinished() == []
    outcome = app.migrate()
    assert outcome.code == 0, outcome.log
    assert (valid(app, "by_cents"), app.unfinished()) == ("t", [])


def test_a_pool_of_greenlets(app):
    run_under(app, PYTHON)
    use_engine(app, "django_db_geventpool.backends.postgresql_psycopg3")
    add_options(app, '"MAX_CONNS": 20')
    outcome = app.migrate()
    assert outcome.code == 0, outcome.log
    assert app.recorded() == ["0001_initial"]
    assert app.probe().answer["ok"] is True


POOL = """
from django.db.backends.postgresql import base

class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self):
        return dict(super().get_connection_params(), MAX_CONNS=20)

    def get_new_connection(self, params):
        params.pop("MAX_CONNS")
        return super().get_new_connection(params)
"""


def test_an_engine_with_options_of_its_own(app):
    """The one above in a few lines, for every driver."""
    use_engine_of(app, POOL)
    outcome = app.migrate()
    assert outcome.code == 0, outcome.log


def use_pool(app):
    run_under(app, PYTHON)
    app.replace(SETTINGS, '"CONN_MAX_AGE": int(os.environ.get("DB_CONN_MAX_AGE", "60"))', '"CONN_MAX_AGE": 0')
    add_options(app, '"pool": {"timeout": 2}')


def test_djangos_own_pool(app):
    use_pool(app)
    outcome = app.migrate()
    assert outcome.code == 0, outcome.log
    assert app.probe().answer["ok"] is True


@pytest.mark.parametrize(
    "variables, reason, code",
    [({"DB_PORT": "1"}, "Unreachable", 75), ({"DB_PASSWORD": "wrong-canary"}, "AuthFailed", 76)],
)
def test_a_pool_that_gets_no_connection_is_asked_why(app, variables, reason, code):
    use_pool(app)
    app.migrate(**variables).is_failure(reason, code)


def test_an_option_that_the_driver_does_not_know(app):
    add_options(app, '"MAX_CONNS": 20')
    outcome = app.migrate().is_failure("ConnectionFailed", 85)
    assert "MAX_CONNS" in outcome.answer["message"]


FAILING = """
from django.db.backends.postgresql import base
from django.db.utils import OperationalError

class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, params):
        raise %s
"""


@pytest.mark.parametrize("error", ["OperationalError('le serveur est en panne')", "KeyError('timeout')", "TypeError()"])
def test_a_failure_that_no_table_knows_is_not_retried_without_end(app, error):
    use_engine_of(app, FAILING % error)
    app.migrate().is_failure("ConnectionFailed", 85)


BROKEN_BESIDE = """
from django.db.backends.postgresql import base

class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self):
        return dict(super().get_connection_params(), connect_timeout="soon" if self.connection else "10")
"""


def test_a_session_of_ours_that_fails_is_no_outage(app):
    use_engine_of(app, BROKEN_BESIDE)
    outcome = app.migrate()
    assert outcome.answer["reason"] != "Unreachable"
    assert outcome.code in (85, 90), outcome.log
