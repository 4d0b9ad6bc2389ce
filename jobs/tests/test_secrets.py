"""What must not be read in the answer or in the log, planted where drivers, settings and tracebacks show it."""

SETTINGS = "shop/settings.py"


def nothing_shows(outcome):
    assert "canary" not in outcome.log
    assert "canary" not in str(outcome.answer)


def test_rows_stay_out_of_the_answer(app):
    rows = "schema_editor.execute(\"insert into orders_order values (1, 'row-canary', 1, false)\")\n"
    app.add_migration("0002_twice", rows + rows)
    outcome = app.migrate().is_failure("MigrationFailed", 88)
    assert outcome.answer["sqlstate"] == "23505"
    assert "row-canary" not in outcome.answer["message"]


def test_in_the_text_of_an_exception(app):
    app.add_migration("0002_leak", "raise RuntimeError(os.environ['LEAK'] + os.environ['DB_PASSWORD'])")
    leak = "postgres://u:canary-in-a-url@h/d password=canary-pair PASSWORD: 'canary in quotes' "
    nothing_shows(app.migrate(LEAK=leak).is_failure("MigrationFailed", 88))


def test_a_database_url_and_its_decoded_password(app):
    """As settings quote them that do not like them."""
    app.write(SETTINGS, "import os\nraise ValueError(os.environ['DATABASE_URL'] + os.environ['DECODED'])\n")
    named = {"DATABASE_URL": "postgres://u:canary%20of%40url@host/d", "DECODED": " canary of@url"}
    nothing_shows(app.migrate(**named).is_failure("SettingsImportFailed", 70))


def test_a_password_in_a_line_of_the_settings(app):
    """A traceback shows the line that failed."""
    app.write(SETTINGS, "DATABASES = {'default': {'PASSWORD': 'canary-in-a-line', 'HOST': nowhere}}\n")
    nothing_shows(app.migrate().is_failure("SettingsImportFailed", 70))


def test_a_password_that_the_settings_read_from_a_file(app):
    app.write("password", app.environment["DB_PASSWORD"])
    app.replace(SETTINGS, 'os.environ["DB_PASSWORD"]', "open('password').read()")
    leak = "from django.conf import settings\nraise RuntimeError(settings.DATABASES['default']['PASSWORD'])"
    app.add_migration("0002_leak", leak)
    nothing_shows(app.migrate(DB_PASSWORD=None).is_failure("MigrationFailed", 88))


def test_a_wrong_password(app):
    nothing_shows(app.migrate(DB_PASSWORD="canary-that-is-wrong").is_failure("AuthFailed", 76))


CHECK = """

import os
from django.core import checks

@checks.register
def leak(**_):
    if os.environ["LEAK"]:
        raise RuntimeError("it is " + os.environ["DB_PASSWORD"])
    return [checks.Error("password=canary-pair", hint=os.environ["DB_PASSWORD"], obj=os.environ["DB_PASSWORD"])]
"""


def test_in_what_the_probe_says(migrated):
    migrated.write("orders/models.py", (migrated.folder / "orders/models.py").read_text() + CHECK)
    login = "DATABASES['password'] = dict(DATABASES['default'], PASSWORD='wrong-canary')\n"
    migrated.write(SETTINGS, (migrated.folder / SETTINGS).read_text() + login)
    for leak in ("", "yes"):
        outcome = migrated.probe(LEAK=leak)
        nothing_shows(outcome)
        assert outcome.answer["aliases"] == {"password": "unreachable"}
    nothing_shows(migrated.probe(LEAK="", DJANGODB_FAIL_LEVEL="ERROR").is_failure("ChecksFailed", 70))
