import contextlib
import itertools
import signal

import pytest

from app import App
from postgres import Server

NUMBERS = itertools.count(1)

# As the operator provisions it: an owner that cannot log in, and two logins that become the owner by default, for
# migrations and for the app itself.
PROVISION = """
create role {name}_owner nologin;
create role {name}_migrate login password 'canary-of-the-password' in role {name}_owner;
alter role {name}_migrate set role = '{name}_owner';
create role {name}_a login password 'canary-of-the-password' in role {name}_owner;
alter role {name}_a set role = '{name}_owner';
"""
# Logins of an app that may not change tables, and of one that may not even write.
LESSER = """
create role {name}_rw login password 'canary-of-the-password';
create role {name}_ro login password 'canary-of-the-password';
grant select on all tables in schema public to {name}_rw, {name}_ro;
grant insert, update, delete on all tables in schema public to {name}_rw;
grant usage on all sequences in schema public to {name}_rw, {name}_ro;
revoke insert, update, delete on django_migrations from {name}_rw;
"""


@pytest.fixture(scope="session")
def server():
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def app_in(folder, server, database):
    app = App(folder, server, database)
    try:
        yield app
    finally:
        app.end_what_runs()


@contextlib.contextmanager
def new_database(server):
    name = "shop%d" % next(NUMBERS)
    server.sql(PROVISION.format(name=name))
    server.sql("create database %s" % name)
    server.sql("alter schema public owner to %s_owner" % name, name)
    yield name
    server.sql("drop database %s with (force)" % name)  # immediately, so that most of it never reaches a disk


@pytest.fixture
def app(server, tmp_path):
    with new_database(server) as name, app_in(tmp_path, server, name) as app:
        yield app


@contextlib.contextmanager
def migrated_database(server, folder, *more):
    """For all tests that leave it as it is, and what that is."""
    with new_database(server) as name:
        with app_in(folder, server, name) as app:
            app.install(*more)
            assert app.migrate().code == 0
            app.sql(LESSER.format(name=name))
        yield name, server.dump(name)


@contextlib.contextmanager
def unchanged(server, folder, shared):
    """An app at its first migration, in whose database nothing may change."""
    name, before = shared
    with app_in(folder, server, name) as app:
        yield app
    assert server.dump(name) == before


@pytest.fixture(scope="session")
def shared(server, tmp_path_factory):
    with migrated_database(server, tmp_path_factory.mktemp("shared")) as found:
        yield found


@pytest.fixture
def migrated(server, tmp_path, shared):
    with unchanged(server, tmp_path, shared) as app:
        yield app


SESSIONS = ("django.contrib.contenttypes", "django.contrib.sessions")


@pytest.fixture(scope="session")
def shared_with_sessions(server, tmp_path_factory):
    with migrated_database(server, tmp_path_factory.mktemp("sessions"), *SESSIONS) as found:
        yield found


@pytest.fixture
def with_sessions(server, tmp_path, shared_with_sessions):
    """As `migrated`, and with the tables of Django's sessions and content types."""
    with unchanged(server, tmp_path, shared_with_sessions) as app:
        app.install(*SESSIONS)
        yield app


@pytest.fixture(scope="session", autouse=True)
def end_in_order():
    """SIGTERM ends the tests as Ctrl-C does, so that the server is stopped too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
