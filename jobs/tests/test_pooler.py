"""An app whose own way leads through PgBouncer, which answers with words and a code (08P01) of its own."""

import pytest

from pooler import PgBouncer
from postgres import free_port

PASSWORD = "canary-of-the-password"


@pytest.fixture
def through(app):
    """Migrates through a PgBouncer that knows the app's database and its login, but for what a test changes."""

    def migrate(databases=None, users=None, settings=None, **variables):
        databases = databases or {app.database: "host=127.0.0.1 port=%d" % app.server.port}
        users = users or {app.database + "_migrate": PASSWORD}
        with PgBouncer(databases, users, **(settings or {})) as pooler:
            return app.migrate(DB_PORT=str(pooler.port), DB_SSLMODE="disable", **variables)

    return migrate


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
