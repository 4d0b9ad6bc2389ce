"""The answer stays within 4096 bytes and says honestly what is left out of it."""

import binascii
import re

from app import DEADLINE

PACKAGE = "a_department_with_a_long_name_%d"
EMPTY_MIGRATION = """
from django.db import migrations

class Migration(migrations.Migration):
    initial = True
"""


def install_apps(app, count):
    """So many Django apps, each with a migration of its own: as many leaves."""
    for number in range(count):
        package = PACKAGE % number
        app.write(package + "/__init__.py", "")
        app.write(package + "/migrations/__init__.py", "")
        app.write(package + "/migrations/0001_initial.py", EMPTY_MIGRATION)
    installed = "INSTALLED_APPS = ['orders'] + ['%s' %% number for number in range(%d)]" % (PACKAGE, count)
    app.replace("shop/settings.py", 'INSTALLED_APPS = ["orders"]', installed)


def test_three_hundred_leaves_are_answered_as_hashes(app):
    install_apps(app, 300)
    outcome = app.migrate()
    assert outcome.code == 0, outcome.log
    assert (outcome.answer["applied_count"], "leaves" in outcome.answer) == (301, False)
    hashes = {int(digits, 16) for digits in re.findall("[0-9a-f]{8}", outcome.answer["leaves_crc32"])}
    names = app.sql("select app || '.' || name from django_migrations").split()
    assert hashes == {binascii.crc32(name.encode()) for name in names}
    assert len(hashes) == 301


def test_five_hundred_leaves_are_left_out(app):
    """The operator believes no answer without leaves. All are applied already: that is not what is looked at."""
    assert app.migrate().code == 0
    install_apps(app, 500)
    record = "insert into django_migrations(app, name, applied) select '%s' || n, '0001_initial', now()"
    app.sql(record % PACKAGE[:-2] + " from generate_series(0, 499) n")
    outcome = app.migrate()
    assert outcome.code == 0, outcome.log
    assert outcome.answer["ok"] is True
    assert not {"leaves", "leaves_crc32"} & set(outcome.answer)


def test_three_hundred_migrations_fit_into_the_answer(app):
    before = "0001_initial"
    for number in range(2, 302):
        name = "%04d_a_name_that_is_rather_long" % number
        app.add_migration(name, operations="", after=before)
        before = name
    outcome = app.migrate()
    assert outcome.code == 0, outcome.log
    assert (outcome.answer["applied_count"], outcome.answer["leaves"]) == (301, ["orders." + before])


def test_a_termination_log_that_cannot_be_written_is_no_failure(app, tmp_path):
    run = app.start(DJANGODB_TERMINATION_LOG=str(tmp_path / "no" / "such" / "folder"))
    assert run.program.wait(DEADLINE) == 0, run.logfile.read_text()
    assert app.recorded() == ["0001_initial"]
