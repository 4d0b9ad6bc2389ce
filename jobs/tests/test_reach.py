"""Where a connection ended, and what is told to do about it."""

import os
import socket
import subprocess

from postgres import free_port


def advised(outcome, reason="Unreachable", code=75):
    message = outcome.is_failure(reason, code).answer["message"]
    said, advice = message.rsplit("; ", 1)
    assert said
    return advice


def test_a_port_where_nobody_listens(migrated):
    """Migrations are told too."""
    port = str(free_port())
    advice = "nothing listens at 127.0.0.1:%s, or a NetworkPolicy rejects the connection" % port
    assert advised(migrated.migrate(DB_PORT=port)) == advice


def test_a_name_that_leads_nowhere(migrated):
    advice = "a NetworkPolicy may keep this Pod from DNS (port 53), or DB_HOST names nothing"
    assert advised(migrated.probe(DB_HOST="no-such-host.invalid")) == advice


def test_a_server_that_never_answers(migrated):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = str(silent.getsockname()[1])
        advice = advised(migrated.probe(DB_PORT=port, PGCONNECT_TIMEOUT="2"))
    assert "127.0.0.1:" + port in advice
    assert "firewall" in advice


def test_a_login_that_is_not_the_secrets(migrated):
    assert (
        advised(migrated.probe(DB_PASSWORD="wrong-canary"), "AuthFailed", 76)
        == "read DB_USER and DB_PASSWORD from the Secret"
    )


def test_a_user_that_the_server_has_no_line_for(migrated):
    path = os.path.join(migrated.server.data, "pg_hba.conf")
    with open(path) as file:
        before = file.read()
    set_lines(migrated.server, path, "host all %s_a all reject\n" % migrated.database + before)
    try:
        assert "has no line for this user" in advised(migrated.probe(), "AuthFailed", 76)
    finally:
        set_lines(migrated.server, path, before)


def set_lines(server, path, text):
    with open(path, "w") as file:
        file.write(text)
    server.run("pg_ctl", "-D", server.data, "reload", stdout=subprocess.DEVNULL)
