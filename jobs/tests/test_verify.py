"""What proves that a release works, and that nothing of it stays: see the fixtures `migrated` and `with_sessions`."""

import contextlib
import json
import os
import socket

import django
import pytest

from app import jobs_importable, until
from conftest import SESSIONS
from postgres import free_port
from responder import ENDLESS, Responder
from test_probe import append, statements, versions

SETTINGS = "shop/settings.py"
MODELS = "orders/models.py"


def passes(outcome, *proves):
    assert outcome.code == 0, outcome.log
    assert (outcome.answer["ok"], outcome.answer["reason"]) == (True, None)
    assert outcome.answer["proves"] == list(proves)
    return outcome.answer


def fails(outcome, message):
    outcome.is_failure("VerifyFailed", 93)
    assert outcome.answer["message"].startswith(message), outcome.answer["message"]
    return outcome.answer


def nobody_is_connected(app):
    count = "select count(*) from pg_stat_activity where datname = '%s' and backend_type = 'client backend'"
    return until(lambda: app.server.sql(count % app.database) == "0")


def test_a_row_of_a_session(with_sessions):
    outcome, sent = statements(with_sessions, with_sessions.verify)
    answer = passes(outcome, "read", "write")
    assert (answer["v"], answer["kind"], answer["stage"]) == (1, "verify", "done")
    assert (answer["wrote"], answer["warnings"]) == ("django_session", [])
    assert not {"http", "command"} & set(answer)
    place = "reads all 3 tables of its models and writes django_session as %s_owner over TLS" % with_sessions.database
    assert answer["message"] == versions(outcome) + place
    first = [text.split()[0].lower() for text in sent]
    assert (first.count("insert"), first.count("rollback")) == (1, 5)  # two of them are transactions
    assert not set(first) & {"commit", "create", "delete", "update", "lock"}
    nobody_is_connected(with_sessions)


def test_a_row_of_a_content_type(with_sessions):
    with_sessions.replace(SETTINGS, ', "%s"' % SESSIONS[1], "")
    assert passes(with_sessions.verify(), "read", "write")["wrote"] == "django_content_type"


def test_no_table_of_djangos(migrated):
    answer = passes(migrated.verify(), "read")
    assert "wrote" not in answer
    place = "reads the one table of its models and may write (no row was written: neither django_session nor"
    assert place in answer["message"]


def test_no_table_at_all(app):
    app.write(MODELS, "")
    outcome = app.verify()
    place = "reads %s, which has none of its tables yet, as %s_owner over TLS" % (app.database, app.database)
    assert passes(outcome)["message"] == versions(outcome) + place


SIGNALS = """

from django.db.models import signals

def note(**named):
    with open("signal", "a") as file:
        file.write(str(named))

def refuse(*_):
    raise RuntimeError("a manager of the app's")

for signal in (signals.pre_save, signals.post_save, signals.pre_delete, signals.post_delete):
    signal.connect(note, weak=False)

class Manager(models.Manager):
    get_queryset = refuse

class Seen(Order):
    objects = Manager()

    class Meta:
        proxy = True

Order.add_to_class("objects", Manager())
Order._meta.base_manager_name = "objects"
Order._meta.ordering = ["ghost"]
"""


def test_no_code_of_the_app_runs(with_sessions):
    append(with_sessions, MODELS, SIGNALS)
    passes(with_sessions.verify(), "read", "write")
    assert not (with_sessions.folder / "signal").exists()


# Neither is read, nor looked for.
OTHERS = """

class View(models.Model):
    class Meta:
        managed = False

class Elsewhere(models.Model):
    class Meta:
        required_db_vendor = "oracle"
"""


def test_models_of_other_places(migrated):
    append(migrated, MODELS, OTHERS)
    assert "reads the one table" in passes(migrated.verify(), "read")["message"]


COMPOSITE = """

class Pair(models.Model):
    pk = models.CompositePrimaryKey("id", "cents")
    id = models.BigIntegerField()
    cents = models.BigIntegerField()

    class Meta:
        db_table = "orders_order"
"""


@pytest.mark.skipif(django.VERSION < (5, 2), reason="has no such keys")
def test_a_key_of_two_columns(migrated):
    append(migrated, MODELS, COMPOSITE)
    assert "reads the one table" in passes(migrated.verify(), "read")["message"]


def test_tables_of_children_and_of_many_to_many_relations(migrated):
    append(migrated, MODELS, "\nclass Gift(Order):\n    pass\n")
    fails(migrated.verify(), 'model orders.Gift can\'t be read: relation "orders_gift" does not exist')
    models = "\nclass Tag(Order):\n    tagged = models.ManyToManyField(Order, related_name='tags')\n"
    migrated.replace(MODELS, "\nclass Gift(Order):\n    pass\n", models)
    fails(migrated.verify(), 'model orders.Tag can\'t be read: relation "orders_tag" does not exist')


@contextlib.contextmanager
def changed_copy(app, statement):
    """Variables for a database of its own, as the app's was before the statement."""
    copy = app.database + "_copy"
    app.server.sql("create database %s template %s" % (copy, app.database))
    try:
        app.server.sql(statement, copy)
        yield {"DB_NAME": copy, "DJANGODB_EXPECT_DATABASE": copy}
    finally:
        app.server.sql("drop database %s with (force)" % copy)


def test_a_column_and_a_table_that_are_missing(with_sessions):
    with changed_copy(with_sessions, "alter table orders_order drop column shipped") as variables:
        text = "model orders.Order can't be read: column orders_order.shipped does not exist; manage.py makemigrations"
        answer = fails(with_sessions.verify(**variables), text)
    assert (answer["stage"], answer["proves"]) == ("read", [])
    with changed_copy(with_sessions, "drop table django_session") as variables:
        text = 'model sessions.Session can\'t be read: relation "django_session" does not exist'
        fails(with_sessions.verify(**variables), text)


def test_an_app_without_migrations(with_sessions):
    """The pre-flight let it pass too."""
    with_sessions.write("stock/models.py", "from django.db import models\n\nclass Part(models.Model):\n    pass\n")
    append(with_sessions, SETTINGS, "INSTALLED_APPS += ['stock']\n")
    answer = passes(with_sessions.verify(), "read", "write")
    assert answer["warnings"] == ["app stock has models and no migrations, so its tables are never made"]
    assert "reads all 3 tables" in answer["message"]


FIELD = """

class Told(models.TextField):
    def select_format(self, compiler, sql, params):
        return "no_such_function(%s)" % sql, params

Order.add_to_class("told", Told(db_column="customer"))
Order._meta.local_fields[:] = [field for field in Order._meta.local_fields if field.name != "customer"]
"""


def test_a_field_that_writes_its_own_part_of_the_statement(migrated):
    append(migrated, MODELS, FIELD)
    fails(migrated.verify(), "model orders.Order can't be read: function no_such_function(character varying)")


def test_rights_that_are_missing(with_sessions):
    login = with_sessions.database + "_ro"
    variables = {"DB_USER": login, "DJANGODB_EXPECT_USER": login}
    outcome = with_sessions.verify(**variables).is_failure("PermissionDenied", 79)
    assert (outcome.answer["stage"], outcome.answer["proves"]) == ("write", ["read"])
    assert "; have a DBA run GRANT ALL ON django_session TO " + login in outcome.answer["message"]
    with changed_copy(with_sessions, "revoke select on orders_order from " + login) as copy:
        outcome = with_sessions.verify(**variables, **copy).is_failure("PermissionDenied", 79)
    text = "model orders.Order can't be read: permission denied for table orders_order; have a DBA run GRANT ALL ON"
    assert outcome.answer["message"].startswith(text)


def test_rights_that_are_missing_where_no_row_is_written(migrated):
    login = migrated.database + "_ro"
    migrated.verify(DB_USER=login, DJANGODB_EXPECT_USER=login).is_failure("PermissionDenied", 79)


def test_a_server_that_only_reads(with_sessions):
    only_reads = "alter database %s set default_transaction_read_only = %s"
    with_sessions.server.sql(only_reads % (with_sessions.database, "on"))
    try:
        with_sessions.verify().is_failure("ReadOnlyServer", 80)
    finally:
        with_sessions.server.sql("alter database %s reset all" % with_sessions.database)


# Of a row that is not there, as of a trigger or a policy.
SWALLOWS = """
create function swallow() returns trigger language plpgsql as 'begin return null; end';
create trigger swallow before insert on django_session for each row execute function swallow();
"""


def test_a_row_that_cannot_be_read_back(with_sessions):
    with changed_copy(with_sessions, SWALLOWS) as variables:
        fails(with_sessions.verify(**variables), "a row was written to django_session and read back 0 times")
    with changed_copy(with_sessions, "alter table django_session add check (session_data <> '')") as variables:
        outcome = with_sessions.verify(**variables)
    answer = fails(outcome, "a row could not be written to django_session and read back: new row for relation")
    assert "proves" in answer and "Failing row" not in answer["message"]


def test_a_lock_is_not_waited_for_without_end(with_sessions):
    with with_sessions.server.session(with_sessions.database) as holder:
        holder.run("begin; lock table orders_order")
        with_sessions.verify().is_failure("LockTimeout", 85)
    with with_sessions.server.session(with_sessions.database) as holder:
        holder.run("begin; lock table django_session in share mode")
        with_sessions.verify().is_failure("LockTimeout", 85)


def http(responder, seconds="1", **variables):
    return dict({"DJANGODB_HTTP_URL": responder.url, "DJANGODB_HTTP_SECONDS": seconds}, **variables)


def test_an_answer_while_nobody_is_connected(with_sessions):
    headers = {"Host": "shop.example", "X-Forwarded-Proto": "https"}
    with Responder([204], lambda: nobody_is_connected(with_sessions)) as responder:
        outcome = with_sessions.verify(**http(responder, DJANGODB_HTTP_HEADERS=json.dumps(headers)))
    answer = passes(outcome, "read", "write", "http")
    assert answer["message"].endswith(" over TLS; GET %s answered 204" % responder.url)
    assert (answer["http"]["url"], answer["http"]["status"]) == (responder.url, 204)
    assert answer["http"]["ms"] < 60000
    ((path, sent),) = responder.asked
    values = {name.lower(): value for name, value in sent}
    assert len(values) == len(sent)
    assert (path, values["host"], values["x-forwarded-proto"]) == ("/health", "shop.example", "https")
    assert values["user-agent"] == "djangodb-verify"


def test_an_answer_that_is_waited_for(migrated):
    with Responder([503, 200]) as responder:
        answer = passes(migrated.verify(**http(responder, "30")), "read", "http")
    assert (len(responder.asked), answer["http"]["status"]) == (2, 200)


@pytest.mark.parametrize(
    "answer, text",
    [
        (503, "answered 503"),
        (400, "answered 400; Django's ALLOWED_HOSTS is the usual cause: add the host to ALLOWED_HOSTS, or set"),
        (
            (301, {"Location": "https://shop.example/health?token=canary"}),
            "answered 301 to https://shop.example/health; set the header that the app asks for, such as X-Forwarded",
        ),
        ((302, {"Location": "/login/?next=canary"}), "answered 302 to /login/; a redirect is not followed"),
    ],
)
def test_an_answer_that_is_not_2xx(migrated, answer, text):
    with Responder([answer]) as responder:
        outcome = migrated.verify(**http(responder))
    found = fails(outcome, "GET %s %s" % (responder.url, text))
    assert (found["stage"], found["proves"], len(responder.asked)) == ("http", ["read"], 1)
    assert found["http"]["status"] == (answer if isinstance(answer, int) else answer[0])
    assert "canary" not in outcome.log + str(found)


def test_a_body_without_end(migrated):
    with Responder([(200, {"Endless": "yes"})]) as responder:
        outcome = migrated.verify(**http(responder, "30"))
    passes(outcome, "read", "http")
    assert responder.sent < 1000 * len(ENDLESS)
    assert "canary" not in outcome.log


def test_no_answer(migrated):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = "http://127.0.0.1:%d/" % silent.getsockname()[1]
        outcome = migrated.verify(DJANGODB_HTTP_URL=url, DJANGODB_HTTP_SECONDS="1")
    assert "NetworkPolicy" in fails(outcome, "GET %s was not answered within 1 s; look at" % url)["message"]
    assert set(outcome.answer["http"]) == {"url", "ms"}
    url = "http://user:canary@127.0.0.1:%d/?token=canary" % free_port()
    place = url.replace("user:canary@", "")
    outcome = migrated.verify(DJANGODB_HTTP_URL=place, DJANGODB_HTTP_SECONDS="1")
    fails(outcome, "GET %s failed: connection refused; look at the ports" % place.split("?")[0])
    assert "canary" not in outcome.log
    outcome = migrated.verify(DJANGODB_HTTP_URL="http://ghost.invalid/", DJANGODB_HTTP_SECONDS="1")
    fails(outcome, "GET http://ghost.invalid/ failed: the name is not found; look at the name of the Service")


def test_what_is_no_http(migrated):
    with socket.create_server(("127.0.0.1", 0)) as server:
        run = migrated.start_verify(
            DJANGODB_HTTP_URL="http://127.0.0.1:%d/" % server.getsockname()[1], DJANGODB_HTTP_SECONDS="1"
        )
        peer, _ = server.accept()
        with peer:
            peer.recv(1000)
            peer.sendall(b"220 canary-of-the-body\r\n")
    outcome = run.outcome().is_failure("VerifyFailed", 93)
    assert "was answered by what is no HTTP (BadStatusLine)" in outcome.answer["message"]
    assert "canary" not in outcome.log


def test_headers_that_cannot_be_sent_are_not_shown(migrated):
    with Responder([200]) as responder:
        headers = json.dumps({"Authorization": "canary\nX: y"})
        outcome = migrated.verify(**http(responder, "60", DJANGODB_HTTP_HEADERS=headers))
    fails(outcome, "the URL or the headers of spec.verify.http can't be sent (ValueError)")
    assert "canary" not in outcome.log
    assert responder.asked == []


def test_a_proxy_of_the_environment_is_passed_by(migrated):
    proxy = "http://127.0.0.1:%d" % free_port()
    with Responder([200]) as responder:
        named = {"http_proxy": proxy, "HTTP_PROXY": proxy, "ALL_PROXY": proxy, "no_proxy": ""}
        passes(migrated.verify(**http(responder, **named)), "read", "http")


def test_sigterm_while_an_answer_is_waited_for(migrated):
    with Responder([503]) as responder:
        run = migrated.start_verify(**http(responder, "60"))
        until(lambda: responder.asked)
        run.signal()
        run.outcome().is_failure("Interrupted", 86)


def smoke(app, text, *words, **variables):
    """Runs a program of the app's with the words behind it."""
    app.write("smoke.py", text)
    return app.start_verify(DJANGODB_VERIFY_COMMAND=json.dumps(["python3", "smoke.py", *words]), **variables)


MANAGED = """
from django.core.management.base import BaseCommand
from orders.models import Order

class Command(BaseCommand):
    def handle(self, *args, **options):
        print("orders:", Order.objects.count())
"""
# In another folder than that it was started in, and with other variables.
ASTRAY = "import os, sys\nos.chdir('/')\nos.environ.update(PATH='/nowhere', ASTRAY='yes')\n"


def test_a_command_of_django(with_sessions):
    with_sessions.write("orders/management/commands/smoke.py", MANAGED)
    with_sessions.replace("manage.py", "import os\nimport sys\n", ASTRAY + "sys.path.insert(0, %r)\n" % "")
    with_sessions.replace("manage.py", "%r" % "", "%r" % str(with_sessions.folder))
    words = json.dumps(["python3", "manage.py", "smoke"])
    answer = passes(with_sessions.verify(DJANGODB_VERIFY_COMMAND=words), "read", "write", "command")
    assert answer["message"].endswith(" over TLS; python3 manage.py smoke ended with 0")
    assert (answer["command"]["exit_code"], set(answer["command"])) == (0, {"exit_code", "ms"})


LOOKS = """
import os, signal, sys
assert os.getcwd() == os.environ["PLACE"], os.getcwd()
assert not [name for name in os.environ if name.startswith("DJANGODB_")]
assert "DJANGO_SETTINGS_MODULE" not in os.environ  # manage.py sets it for itself
assert sys.stdin.read() == "" and os.getpgid(0) == os.getpid()
assert not signal.pthread_sigmask(signal.SIG_BLOCK, [])
print("to stdout", flush=True)
print("to stderr", file=sys.stderr)
"""


def test_the_place_of_a_command(migrated):
    outcome = smoke(migrated, LOOKS, PLACE=str(migrated.folder)).outcome()
    passes(outcome, "read", "command")
    assert outcome.log.index("to stdout\nto stderr\n") < outcome.log.index("verify: done")


def test_a_command_that_fails(migrated):
    text = "print('first')\nprint('2 orders are lost')\nprint('DETAIL:  canary')\nprint('\\n---')\nraise SystemExit(3)"
    answer = fails(smoke(migrated, text, "canary").outcome(), "python3 smoke.py ended with 3: 2 orders are lost")
    assert (answer["stage"], answer["command"]["exit_code"]) == ("command", 3)
    assert "canary" not in str(answer)
    fails(smoke(migrated, "raise SystemExit(1)").outcome(), "python3 smoke.py ended with 1")
    text = "import os\nprint('x', flush=True)\nos.kill(os.getpid(), 9)"
    answer = fails(smoke(migrated, text).outcome(), "python3 smoke.py was killed by signal 9 (out of memory?): x")
    assert answer["command"]["exit_code"] == 137


def test_secrets_of_a_command(migrated):
    text = "import os, sys\nprint(os.environ['DB_PASSWORD'], sys.argv[1], os.environ['THEIR_KEY'])\nsys.exit(4)"
    outcome = smoke(migrated, text, "password=canary-in-an-argument", THEIR_KEY="BEGIN\ncanary of lines").outcome()
    fails(outcome, "python3 smoke.py ended with 4: ***")
    assert "canary" not in str(outcome.answer)
    assert "canary-in-an-argument" not in outcome.log and "canary-of-the-password" not in outcome.log


def test_a_command_that_prints_a_lot(migrated):
    text = "import sys\nfor _ in range(3): print('x' * 100000)\nsys.stdout.write('y' * 100000)\nsys.exit(1)"
    outcome = smoke(migrated, text).outcome()
    fails(outcome, "python3 smoke.py ended with 1: yyy")
    assert outcome.log.count("x" * 16384 + "\n") == 3


def test_a_command_that_cannot_be_started(migrated):
    def verify(*words):
        return migrated.verify(DJANGODB_VERIFY_COMMAND=json.dumps(words))

    fails(verify("ghost", "canary"), "ghost is not on PATH; set spec.verify.command")
    fails(verify("./ghost"), "there is no ./ghost; set spec.verify.command")
    migrated.write("plain", "echo canary")
    fails(verify("./plain"), "./plain can't be executed; name its interpreter before it; set spec")
    migrated.write("lost", "#!/no/such/interpreter\n")
    os.chmod(migrated.folder / "lost", 0o755)
    answer = fails(verify("./lost"), "./lost can't be executed: No such file or directory; set spec")
    assert "canary" not in str(answer)


# With a child that heeds no SIGTERM.
SLEEPS = """
import os, signal, subprocess, sys, time
heedless = "import signal, time; signal.signal(15, signal.SIG_IGN); time.sleep(99)"
child = subprocess.Popen([sys.executable, "-c", heedless])
print("asleep", child.pid, flush=True)
open("asleep", "w").write("%d %d" % (os.getpid(), child.pid))
time.sleep(99)
"""


def is_there(number):
    """And no zombie: nobody reaps here what has lost its parent."""
    with contextlib.suppress(OSError), open("/proc/%d/stat" % number) as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"
    return False


def test_a_command_without_end(migrated):
    outcome = smoke(migrated, SLEEPS, DJANGODB_COMMAND_SECONDS="0.8").outcome()
    answer = fails(outcome, "python3 smoke.py did not end within 0.8 s: asleep ")
    assert set(answer["command"]) == {"ms"}
    numbers = (migrated.folder / "asleep").read_text().split()
    assert len(numbers) == 2
    until(lambda: not any(map(is_there, map(int, numbers))))


def test_sigterm_ends_a_command_too(migrated):
    run = smoke(migrated, SLEEPS)
    numbers = until(lambda: (migrated.folder / "asleep").exists() and (migrated.folder / "asleep").read_text().split())
    run.signal()
    run.outcome().is_failure("Interrupted", 86)
    until(lambda: not any(map(is_there, map(int, numbers))))


@pytest.mark.parametrize(
    "line, text",
    [
        ("python manage.py smoke --token x", "python manage.py smoke"),
        ("/venv/bin/python3.12 -Bu -m shop.smoke secret", "/venv/bin/python3.12 -Bu -m shop.smoke"),
        ("python -m django smoke secret", "python -m django smoke"),
        ("python -c print('secret')", "python"),
        ("python -ucprint('secret')", "python"),
        ("python --version secret", "python"),
        ("./manage.py --token secret", "./manage.py"),
        ("django-admin smoke", "django-admin smoke"),
        ("curl http://secret", "curl"),
        ("manage.py", "manage.py"),
    ],
)
def test_the_words_of_a_command_that_are_shown(line, text):
    with jobs_importable():
        from djangodb_command import shown
    assert shown(line.split()) == text


@contextlib.contextmanager
def another_django(app, before=""):
    """One with gevent and a pool."""
    python = os.path.join(os.environ["DJDB_ENGINES"], "bin", "python3")
    text = (app.folder / "manage.py").read_text().split("\n", 1)[1]
    app.write("manage.py", "#!%s\n%s\n%s" % (python, before, text))
    with Responder([200], lambda: nobody_is_connected(app)) as responder:
        yield responder


def test_an_app_on_gevent(migrated):
    with another_django(migrated, "from gevent import monkey\nmonkey.patch_all()") as responder:
        outcome = smoke(migrated, "print('well')", **http(responder)).outcome()
        passes(outcome, "read", "http", "command")
        assert "MonkeyPatchWarning" not in outcome.log
        run = smoke(migrated, SLEEPS, **http(responder))
        until((migrated.folder / "asleep").exists)
        run.signal()
        run.outcome().is_failure("Interrupted", 86)


def test_a_pool_is_closed_too(migrated):
    append(migrated, SETTINGS, "DATABASES['default'].update(CONN_MAX_AGE=0)\n")
    append(migrated, SETTINGS, "DATABASES['default']['OPTIONS']['pool'] = True\n")
    with another_django(migrated) as responder:
        passes(migrated.verify(**http(responder, "30")), "read", "http")
