"""The app's own entry point is what runs, whatever it is, under the interpreter and with the packages that it names."""

import json
import os
import sys

import pytest

from app import SHOP
from environment import Environment, all_but_drivers, drivers, everything, installed, older

# As in an image that installs its app into an environment, without that on PATH.
BARE_PATH = os.path.join(sys.base_prefix, "bin") + os.pathsep + os.defpath
BARE_PYTHON = os.path.join(sys.base_prefix, "bin", "python3")


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path / "venv")


def begins_with(app, first):
    """manage.py with another first line."""
    _, rest = (app.folder / "manage.py").read_text().split("\n", 1)
    app.write("manage.py", first + "\n" + rest)


def install_console_script(app, environment, first):
    """As shop-admin in the place of manage.py; without its set-up the settings find no DB_NAME."""
    environment.link(installed(), everything)
    script = environment.python.parent / "shop-admin"
    lines = (app.folder / "manage.py").read_text().split("\n", 1)[1]
    script.write_text(first + "\nimport os\nos.environ['DB_NAME'] = os.environ['SHOP_DATABASE']\n" + lines)
    script.chmod(0o755)
    (app.folder / "manage.py").unlink()
    return script


def migrate_with(app, script, path=BARE_PATH):
    named = {"DB_NAME": None, "SHOP_DATABASE": app.database, "DJANGODB_MANAGE": json.dumps([str(script)])}
    outcome = app.migrate(BARE_PYTHON, PATH=path, **named)
    assert outcome.code == 0, outcome.log
    assert app.recorded() == ["0001_initial"]


def test_manage_py_in_an_environment_that_is_not_on_path(app, environment):
    environment.link(installed(), everything)
    begins_with(app, "#!%s" % environment.python)
    outcome = app.migrate(BARE_PYTHON, PATH=BARE_PATH)
    assert outcome.code == 0, outcome.log
    assert app.recorded() == ["0001_initial"]


FIRST_LINES = {
    "plain": "#!{python}",
    "too long for the kernel": "#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''",
    "movable": "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python3' \"$0\" \"$@\"\n' '''",
}


@pytest.mark.parametrize("first", FIRST_LINES)
def test_a_console_script_that_is_not_on_path(app, environment, first):
    line = FIRST_LINES[first].format(python=environment.python)
    migrate_with(app, install_console_script(app, environment, line))


def test_a_console_script_by_its_name(app, environment):
    script = install_console_script(app, environment, "#!%s" % environment.python)
    migrate_with(app, script.name, path=BARE_PATH + os.pathsep + str(script.parent))


def test_env_python_where_there_is_only_python3(app, tmp_path):
    """Django's own template says so, and such images start it as `python3 manage.py`."""
    begins_with(app, "#!/usr/bin/env python")
    assert app.migrate(PATH=str(tmp_path)).code == 0


def test_an_interpreter_that_is_not_there(app):
    begins_with(app, "#!/opt/ghost/bin/python3")
    app.migrate().is_failure("EntryPointNotFound", 70)


def test_an_entry_point_that_calls_the_command_itself_is_taken_over_too(app):
    call = "import django\nfrom django.core.management import call_command\ndjango.setup()\ncall_command('migrate')\n"
    app.replace("manage.py", "execute_from_command_line(sys.argv)\n", call)
    outcome = app.migrate()
    assert outcome.code == 0, outcome.log
    assert outcome.answer["applied"] == ["orders.0001_initial"]


def manage_with(app, *words):
    return app.migrate(DJANGODB_MANAGE=json.dumps(["manage.py"] + list(words)))


@pytest.mark.parametrize("words", [["--settings=shop.other"], ["--settings", "shop.other", "--traceback", "-v", "2"]])
def test_options_of_django_reach_it(app, words):
    """Past them, the settings of manage.py itself would be migrated."""
    app.write("shop/other.py", "from .settings import *\nINSTALLED_APPS = ['orders', 'others']\n")
    app.write("elsewhere/others/__init__.py", "")
    outcome = manage_with(app, *words, "--pythonpath=elsewhere")
    assert outcome.code == 0, outcome.log
    assert outcome.answer["settings"] == "shop.other"


@pytest.mark.parametrize("word", ["--database=other", "--fake", "loaddata"])
def test_words_that_would_be_dropped_are_refused(app, word):
    outcome = manage_with(app, word).is_failure("OptionsRefused", 70)
    assert word in outcome.answer["message"]
    assert app.sql("select count(*) from pg_tables where schemaname = 'public'") == "0"


def test_options_of_a_console_script_are_its_own(app):
    """It takes them out before it hands over, as click and argparse do."""
    app.replace(
        "manage.py", "execute_from_command_line(sys.argv)", "execute_from_command_line(sys.argv[:1] + sys.argv[3:])"
    )
    outcome = manage_with(app, "--config=/etc/shop", "django")
    assert outcome.code == 0, outcome.log


@pytest.mark.parametrize("program", ["migrate.py", "probe.py"])
def test_our_folder_is_not_on_the_apps_path(app, program):
    check = "import sys\nassert not [p for p in sys.path if os.path.exists(os.path.join(p, 'djangodb_answer.py'))]\n"
    app.replace("manage.py", "import sys\n", check)
    outcome = app.start(program=program).outcome()
    assert outcome.code == 0, outcome.log


@pytest.mark.parametrize("program", ["migrate.py", "probe.py"])
def test_a_safe_path_and_modules_of_the_app_with_plain_names(app, program):
    for name in ("migrate", "probe", "answer", "lock", "plan", "apply", "steps", "reasons", "signals"):
        app.write(name + ".py", "raise RuntimeError('the app has a module of this name')\n")
    outcome = app.start(program=program, PYTHONSAFEPATH="1", PYTHONPATH=str(app.folder)).outcome()
    assert outcome.code == 0, outcome.log


@pytest.mark.parametrize("text", ["print('hello')\n", "#!/bin/sh\nexec true | cat\n", "import sys\nsys.exit(0)\n"])
def test_an_entry_point_that_is_not_django(app, text):
    app.write("manage.py", text)
    app.migrate().is_failure("EntryPointNotDjango", 70)


def test_an_image_without_django(app, environment):
    app.write("manage.py", (SHOP / "no-django" / "manage.py").read_text())
    app.migrate(environment.python).is_failure("DjangoMissing", 73)


def test_an_image_without_a_driver(app, environment):
    environment.link(installed(), all_but_drivers)
    begins_with(app, "#!%s" % environment.python)
    app.migrate().is_failure("DriverMissing", 73)


def test_an_image_whose_driver_is_too_old(app, environment):
    environment.link(older(), everything)
    begins_with(app, "#!%s" % environment.python)
    app.migrate().is_failure("DriverTooOld", 74)


ENGINE = """
from django.db.backends.postgresql import base, features

class DatabaseFeatures(features.DatabaseFeatures):
    minimum_database_version = (99,)

class DatabaseWrapper(base.DatabaseWrapper):
    features_class = DatabaseFeatures
"""


def test_a_server_that_is_too_old(app, environment):
    """Django's own check and a real server, but an engine that asks for a newer one than there is: Debian packages no
    server that a Django refuses. 4.2 is the first with that check."""
    environment.link(older(), all_but_drivers)
    environment.link(installed(), drivers)
    begins_with(app, "#!%s" % environment.python)
    app.write("engine/__init__.py", "")
    app.write("engine/base.py", ENGINE)
    app.replace("shop/settings.py", "django.db.backends.postgresql", "engine")
    app.migrate().is_failure("ServerTooOld", 84)
