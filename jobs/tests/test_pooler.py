"""An app whose own way leads through PgBouncer, which answers with words and a code (08P01) of its own."""

import pytest

from pooler import PgBouncer
from postgres import free_port

PASSWORD = "canary-of-the-password"


@pytest.fixture
def through(app):
    """Migrates through a PgBouncer that knows the app's database and its logins, but for what a test changes."""

    def run(databases=None, users=None, settings=None, program=app.migrate, **variables):
        databases = databases or {app.database: "host=127.0.0.1 port=%d" % app.server.port}
        users = users or {app.database + suffix: PASSWORD for suffix in ("_migrate", "_a")}
        with PgBouncer(databases, users, **(settings or {})) as pooler:
            return program(DB_PORT=str(pooler.port), DB_SSLMODE="disable", **variables)

    return run


def test_a_database_that_it_does_not_know(through):
    through(databases={"other": "host=127.0.0.1"}).is_failure("DatabaseMissing", 77)


def test_a_database_that_the_server_does_not_have(app, through):
    databases = {app.database: "host=127.0.0.1 port=%d dbname=ghost" % app.server.port}
    through(databases=databases).is_failure("DatabaseMissing", 77)


def test_a_wrong_password(through):
    through(DB_PASSWORD="wrong-canary").is_failure("AuthFailed", 76)


def test_a_login_that_it_does_not_know(through):
    through(users={"somebody": PASSWORD}).is_failure("AuthFailed", 76)


def test_a_server_that_does_not_answer_it(app, through):
    through(databases={app.database: "host=127.0.0.1 port=%d" % free_port()}).is_failure("Unreachable", 75)


def test_no_place_for_one_more_client(through):
    through(settings={"max_client_conn": 0}).is_failure("Unreachable", 75)


def test_the_probe_tells_of_it(app, through):
    transactions = {"pool_mode": "transaction", "default_pool_size": 1}
    outcome = through(program=app.probe, settings=transactions, DJANGODB_REQUIRE_TLS="0")
    assert (outcome.code, outcome.answer["pooler"]) == (0, True), outcome.log
    assert "DISABLE_SERVER_SIDE_CURSORS" in outcome.answer["warnings"][0]
    assert outcome.answer["message"].endswith("without TLS")
    app.replace("shop/settings.py", '"CONN_MAX_AGE"', '"DISABLE_SERVER_SIDE_CURSORS": True, "CONN_MAX_AGE"')
    answer = through(program=app.probe, settings=transactions, DJANGODB_REQUIRE_TLS="0").answer
    assert answer["pooler"] is True
    assert "DISABLE_SERVER_SIDE_CURSORS" not in str(answer["warnings"])
