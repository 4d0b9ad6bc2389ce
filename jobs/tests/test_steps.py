"""Migrations with atomic = False: what a failure, a kill or a wait for a lock leaves behind, and what is said of it."""

import signal

import pytest

from app import DEADLINE, until

COUNT = "schema_editor.execute('insert into steps default values')\n"
HALF = COUNT + "if os.environ.get('HALF'):\n    raise RuntimeError('half')"
ADD_FIELD = "migrations.AddField('order', 'x', models.IntegerField(null=True))"
INSERT = "begin; insert into orders_order(customer, cents, shipped) values ('a', 1, false)"

AFTER = """
from django.apps import AppConfig
from django.db import connection
from django.db.models.signals import post_migrate

def after(**_):
    connection.cursor().execute('insert into steps default values')

class Orders(AppConfig):
    name = 'orders'

    def ready(self):
        post_migrate.connect(after)
"""


@pytest.fixture
def counting(app):
    """The app at its first migration, and a table in which data steps leave a row."""
    assert app.migrate().code == 0
    now = "at timestamptz default clock_timestamp(), lock_timeout text default current_setting('lock_timeout')"
    app.sql("create table steps(%s)" % now)
    app.sql("grant all on steps to public")
    return app


def steps(app):
    return int(app.sql("select count(*) from steps"))


def add_indexes(app, **fields):
    """Concurrently: name=field."""
    add = "AddIndexConcurrently('order', models.Index(fields=['%s'], name='%s'))"
    operations = ", ".join(add % (field, name) for name, field in fields.items())
    app.add_migration("0002_index", operations=operations, atomic=False)
    imported = "from django.contrib.postgres.operations import AddIndexConcurrently\nimport os"
    app.replace("orders/migrations/0002_index.py", "import os", imported)


def valid(app, index):
    return app.sql("select indisvalid from pg_index where indexrelid = to_regclass('%s')" % index)


def test_a_data_step_that_failed_is_not_run_again(counting):
    counting.add_migration("0002_half", HALF, atomic=False)
    outcome = counting.migrate(HALF="yes").is_failure("PartiallyApplied", 89)
    assert outcome.answer["migration"] == "orders.0002_half"
    assert (counting.recorded(), counting.unfinished()) == (["0001_initial"], ["orders.0002_half"])
    again = counting.migrate().is_failure("PartiallyApplied", 89)
    assert "django_migrations" in again.answer["message"]
    assert steps(counting) == 1


@pytest.mark.parametrize("leave, code", [("sys.exit(0)", 89), ("os._exit(0)", 0)])
def test_a_data_step_that_leaves_is_not_run_again(counting, leave, code):
    counting.add_migration("0002_half", COUNT + leave, atomic=False)
    outcome = counting.migrate()
    assert (outcome.code, outcome.answer["ok"]) == (code, False)
    assert outcome.answer["unfinished"] == "orders.0002_half"
    counting.migrate().is_failure("PartiallyApplied", 89)
    assert steps(counting) == 1


def test_a_person_who_undid_the_half_deletes_its_row(counting):
    counting.add_migration("0002_half", HALF, atomic=False)
    counting.migrate(HALF="yes").is_failure("PartiallyApplied", 89)
    counting.sql("delete from django_migrations where app = 'djangodb.unfinished'")
    assert counting.migrate().code == 0
    assert (counting.recorded(), counting.unfinished()) == (["0001_initial", "0002_half"], [])


def test_a_person_who_finished_the_half_records_it(counting):
    counting.add_migration("0002_half", HALF, atomic=False)
    counting.migrate(HALF="yes").is_failure("PartiallyApplied", 89)
    counting.manage("migrate", "--fake", "orders", "0002_half")
    assert counting.migrate().code == 0
    assert (steps(counting), counting.unfinished()) == (1, [])


def test_a_second_operation_that_fails(counting):
    counting.add_migration("0002_half", HALF, ADD_FIELD + ", migrations.RunPython(step)", atomic=False)
    counting.migrate(HALF="yes").is_failure("PartiallyApplied", 89)


@pytest.mark.parametrize("number, code", [(signal.SIGTERM, 89), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_data_step_that_was_stopped_is_not_run_again(counting, number, code):
    counting.add_migration("0002_long", COUNT + "time.sleep(600)", atomic=False)
    run = counting.start()
    until(lambda: steps(counting) == 1)
    run.signal(number)
    assert run.program.wait(DEADLINE) == code
    assert run.answer()["unfinished"] == "orders.0002_long"
    counting.migrate().is_failure("PartiallyApplied", 89)
    assert steps(counting) == 1


def test_a_first_schema_operation_that_waits_for_a_lock_leaves_nothing(counting):
    counting.add_migration("0002_add", operations=ADD_FIELD, atomic=False)
    with counting.server.session(counting.database) as holder:
        holder.run("begin; lock table orders_order")
        counting.migrate(DJANGODB_LOCK_TRIES="1").is_failure("LockTimeout", 85)
        assert counting.unfinished() == []
    assert counting.migrate().code == 0


def test_a_first_schema_operation_that_a_signal_stops_leaves_nothing(counting):
    """As when its node is drained: the next attempt may follow by itself."""
    counting.add_migration("0002_add", operations=ADD_FIELD, atomic=False)
    waits = "select count(*) from pg_locks where relation = 'orders_order'::regclass and not granted"
    with counting.server.session(counting.database) as holder:
        holder.run("begin; lock table orders_order")
        run = counting.start(DJANGODB_LOCK_TIMEOUT="60000")
        until(lambda: counting.sql(waits) == "1")
        run.signal()
        run.outcome().is_failure("Interrupted", 86)
    assert counting.unfinished() == []
    assert counting.migrate().code == 0


def test_waits_for_locks_are_bounded_inside_and_as_before_outside(counting):
    counting.server.sql("alter role %s_migrate set lock_timeout = '7s'" % counting.database)
    counting.add_migration("0002_step", COUNT, atomic=False)
    counting.write("orders/apps.py", AFTER)
    assert counting.migrate().code == 0
    assert counting.sql("select lock_timeout from steps order by at").split() == ["300ms", "7s"]


def test_an_index_whose_build_was_cut_is_built_again(counting):
    add_indexes(counting, by_cents="cents")
    with counting.server.session(counting.database) as writer:
        writer.run(INSERT)
        counting.migrate(DJANGODB_LOCK_TRIES="1").is_failure("LockTimeout", 85)
        assert (valid(counting, "by_cents"), counting.unfinished()) == ("f", [])
    assert counting.migrate().code == 0
    assert valid(counting, "by_cents") == "t"


def test_an_invalid_index_that_others_build_is_left_alone(counting):
    add_indexes(counting, by_cents="cents")
    with counting.server.session(counting.database) as builder:
        with counting.server.session(counting.database) as writer:
            writer.run(INSERT)
            builder.begin("create index concurrently by_cents on orders_order(cents)")
            until(lambda: valid(counting, "by_cents") == "f")
            counting.migrate(DJANGODB_LOCK_TRIES="1").is_failure("LockTimeout", 85)
            assert valid(counting, "by_cents") == "f"
    assert valid(counting, "by_cents") == "t"


def test_an_index_that_is_there_but_not_recorded_is_for_a_person(counting):
    """A kill between the two leaves the same state, and so does somebody who built it by hand."""
    counting.sql("create index by_cents on orders_order(customer)")
    add_indexes(counting, by_cents="cents")
    counting.migrate().is_failure("PartiallyApplied", 89)
    assert "customer" in counting.sql("select pg_get_indexdef('by_cents'::regclass)")


def test_the_second_of_two_indexes(counting):
    counting.sql("create index by_customer on orders_order(cents)")
    add_indexes(counting, by_cents="cents", by_customer="customer")
    counting.migrate().is_failure("PartiallyApplied", 89)
    assert (valid(counting, "by_cents"), counting.unfinished()) == ("t", ["orders.0002_index"])
