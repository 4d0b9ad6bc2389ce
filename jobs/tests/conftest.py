import itertools
import signal

import pytest

from app import App
from postgres import Server

NUMBERS = itertools.count(1)

# As the operator provisions it: an owner that cannot log in, and a login that becomes the owner by default.
PROVISION = """
create role {name}_owner nologin;
create role {name}_migrate login password 'canary-of-the-password' in role {name}_owner;
alter role {name}_migrate set role = '{name}_owner';
"""


@pytest.fixture(scope="session")
def server():
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture
def app(server, tmp_path):
    name = "shop%d" % next(NUMBERS)
    server.sql(PROVISION.format(name=name))
    server.sql("create database %s" % name)
    server.sql("alter schema public owner to %s_owner" % name, name)
    app = App(tmp_path, server, name)
    yield app
    app.end_what_runs()
    server.sql("drop database %s with (force)" % name)  # immediately, so that most of it never reaches a disk


@pytest.fixture(scope="session", autouse=True)
def end_in_order():
    """SIGTERM ends the tests as Ctrl-C does, so that the server is stopped too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
