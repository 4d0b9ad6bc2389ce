"""What goes well, and what becomes of two runs, kills and locks."""

import shutil
import signal

from app import until


def test_a_fresh_database_is_migrated_and_described(app):
    outcome = app.migrate()
    assert outcome.code == 0, outcome.log
    answer = outcome.answer
    assert (answer["ok"], answer["reason"], answer["stage"]) == (True, None, "done")
    assert answer["pending"] == answer["applied"] == answer["leaves"] == ["orders.0001_initial"]
    assert (answer["database"], answer["user"]) == (app.database, app.database + "_owner")
    assert answer["session_user"] == app.database + "_migrate"
    assert answer["tls"] is True
    assert app.sql("select tableowner from pg_tables where tablename = 'orders_order'") == app.database + "_owner"


def test_a_second_run_has_nothing_to_do(app):
    assert app.migrate().code == 0
    outcome = app.migrate()
    assert (outcome.code, outcome.answer["applied"]) == (0, [])


def test_an_app_with_its_tables_in_a_schema_of_its_own(app):
    """django_migrations is among them, and public may go."""
    app.sql("create schema data authorization %s_owner" % app.database)
    app.replace("shop/settings.py", '"OPTIONS": {', '"OPTIONS": {"options": "-c search_path=data", **{')
    app.replace("shop/settings.py", "if os.environ.get(name)},", "if os.environ.get(name)}},")
    outcome = app.migrate()
    assert (outcome.code, outcome.answer["recorded_in"]) == (0, "data"), outcome.log
    app.sql("drop schema public cascade")
    app.lay_over("v2")
    outcome = app.migrate()
    assert (outcome.code, outcome.answer["recorded_in"]) == (0, "data"), outcome.log
    assert app.sql("select count(*) from data.django_migrations where app = 'orders'") == "2"


UNMANAGED = """
from django.db import models

class Order(models.Model):
    class Meta:
        managed = False
"""


def test_an_app_without_migrations_says_where_it_was(app):
    shutil.rmtree(app.folder / "orders/migrations")
    app.write("orders/models.py", UNMANAGED)
    answer = app.migrate().answer
    assert (answer["ok"], answer["leaves"], answer["applied"]) == (True, [], [])
    assert answer["recorded_in"] in (None, "public")  # some Djangos make the table nevertheless
    assert (answer["database"], answer["user"]) == (app.database, app.database + "_owner")


def test_shop_goes_from_v1_over_a_broken_version_to_v2(app):
    assert app.migrate().code == 0
    app.sql("insert into orders_order(customer, cents, shipped) values ('a', 1, false), ('b', 2, true)")
    app.lay_over("v2", "v2-broken")
    app.migrate().is_failure("MigrationFailed", 88)
    assert app.recorded() == ["0001_initial"]
    assert app.sql("select count(*) from pg_attribute where attname = 'reference'") == "0"
    app.lay_over("v2")
    assert app.migrate().code == 0
    assert app.sql("select string_agg(reference, ',' order by id) from orders_order") == "S-1,S-2"
    app.sql("insert into orders_order(customer, cents, shipped) values ('v1 still writes', 3, false)")


def test_two_runs_at_once_apply_a_data_step_once(app):
    assert app.migrate().code == 0
    app.sql("create table steps(at timestamptz default now())")
    app.sql("grant all on steps to public")
    app.add_migration("0002_step", "schema_editor.execute('insert into steps default values')\ntime.sleep(1)")
    runs = [app.start(), app.start()]
    outcomes = [run.outcome() for run in runs]
    assert [outcome.code for outcome in outcomes] == [0, 0], outcomes[0].log + outcomes[1].log
    assert sorted(len(outcome.answer["applied"]) for outcome in outcomes) == [0, 1]
    assert app.sql("select count(*) from steps") == "1"
    assert app.recorded() == ["0001_initial", "0002_step"]


def test_a_run_that_may_not_wait_says_that_the_lock_is_held(app):
    app.add_migration("0002_sleep", "schema_editor.execute('select pg_sleep(60)')")
    first = app.start()
    until(lambda: (first.answer() or {}).get("migration") == "orders.0002_sleep")
    app.migrate(DJANGODB_LOCK_WAIT="0.1").is_failure("LockHeld", 75)


def sleeping(app):
    query = "select count(*) from pg_stat_activity where datname = '%s' and state = 'active' and query ~ 'pg_sleep.60'"
    return app.server.sql(query % app.database) == "1"


def test_sigterm_cancels_the_statement_and_a_retry_succeeds(app):
    app.add_migration("0002_sleep", "schema_editor.execute(os.environ['STATEMENT'])")
    run = app.start(STATEMENT="select pg_sleep(60)")
    until(lambda: sleeping(app))
    run.signal()
    run.outcome().is_failure("Interrupted", 86)
    until(lambda: not sleeping(app))
    assert app.recorded() == ["0001_initial"]
    assert app.migrate(STATEMENT="select 1").code == 0


def test_sigterm_before_the_connection_ends_at_once(app):
    app.write("shop/settings.py", "import time\nprint('waiting', flush=True)\ntime.sleep(600)\n")
    run = app.start()
    until(lambda: "waiting" in run.logfile.read_text())
    run.signal()
    run.outcome().is_failure("Interrupted", 86)


def test_after_a_sigkill_the_answer_names_the_migration_and_the_server_process_is_waited_for(app):
    app.add_migration("0002_sleep", "schema_editor.execute(os.environ['STATEMENT'])")
    run = app.start(STATEMENT="select pg_sleep(60)")
    until(lambda: sleeping(app))
    run.signal(signal.SIGKILL)
    assert run.program.wait() == -signal.SIGKILL
    answer = run.answer()
    assert (answer["ok"], answer["reason"], answer["migration"]) == (False, "InProgress", "orders.0002_sleep")
    # The statement runs on in the server, and the lock's session is gone: only the name of the session tells.
    late = app.migrate(DJANGODB_LOCK_WAIT="0.1", STATEMENT="select 1").is_failure("LockHeld", 75)
    pid = app.server.sql(
        "select pid from pg_stat_activity where query ~ 'pg_sleep.60' and datname = '%s'" % app.database
    )
    assert pid in late.answer["message"]
    app.server.sql("select pg_terminate_backend(%s)" % pid)
    assert app.migrate(STATEMENT="select 1").code == 0


def test_a_lock_is_waited_for_in_short_tries(app):
    assert app.migrate().code == 0
    app.lay_over("v2")
    with app.server.session(app.database) as holder:
        holder.run("begin; lock table orders_order")
        run = app.start()
        until(lambda: "waits for a lock, try 1" in run.logfile.read_text())
    outcome = run.outcome()
    assert outcome.code == 0, outcome.log


def test_a_lock_that_is_never_free(app):
    assert app.migrate().code == 0
    app.lay_over("v2")
    with app.server.session(app.database) as holder:
        holder.run("begin; lock table orders_order")
        app.migrate(DJANGODB_LOCK_TRIES="1").is_failure("LockTimeout", 85)
    assert app.recorded() == ["0001_initial"]


TAKE_BOTH = """
schema_editor.execute("lock table orders_order")
with schema_editor.connection.cursor() as cursor:
    waited_for = False
    while not waited_for:
        cursor.execute("select count(*) from pg_locks where relation = 'orders_order'::regclass and not granted")
        waited_for = cursor.fetchone()[0] > 0
schema_editor.execute("lock table other")
"""


def test_a_deadlock(app):
    """The migration finds it out, since the other session is made to wait first and longer."""
    assert app.migrate().code == 0
    app.server.sql("alter role %s_migrate set deadlock_timeout = '20ms'" % app.database)
    app.sql("create table other(); grant all on other to public")
    app.add_migration("0002_both", TAKE_BOTH)
    locked = "select count(*) from pg_locks where relation = 'orders_order'::regclass and granted"
    with app.server.session(app.database) as other:
        other.run("set deadlock_timeout = '1h'; begin; lock table other")
        run = app.start(DJANGODB_LOCK_TRIES="1", DJANGODB_LOCK_TIMEOUT="50000")
        until(lambda: app.sql(locked) == "1")
        other.begin("lock table orders_order")
        run.outcome().is_failure("Deadlock", 85)


def end_sessions(app):
    app.server.sql("select pg_terminate_backend(pid) from pg_stat_activity where datname = '%s'" % app.database)


def test_a_session_that_the_server_ends_is_tried_again(app):
    app.add_migration("0002_sleep", "schema_editor.execute(os.environ['STATEMENT'])")
    run = app.start(STATEMENT="select pg_sleep(60)")
    until(lambda: sleeping(app))
    end_sessions(app)
    run.outcome().is_failure("Unreachable", 75)
    assert app.migrate(STATEMENT="select 1").code == 0


def test_a_kill_between_the_change_and_its_record_leaves_neither(app):
    """A trigger stops it there, where Django alone would have committed the change already."""
    assert app.migrate().code == 0
    app.sql("create function stop() returns trigger language plpgsql as 'begin perform pg_sleep(60); return new; end'")
    app.sql("create trigger stop before insert on django_migrations for each row execute function stop()")
    app.lay_over("v2")
    run = app.start()
    asleep = "select pid from pg_stat_activity where datname = '%s' and wait_event = 'PgSleep'" % app.database
    until(lambda: app.server.sql(asleep))
    run.signal(signal.SIGKILL)
    run.program.wait()
    end_sessions(app)
    app.sql("drop trigger stop on django_migrations")
    columns = "select count(*) from pg_attribute where attname = 'reference'"
    assert app.sql(columns) == "0"
    assert app.migrate().code == 0
    assert app.sql(columns) == "1"
