"""What is called a dump is whole and can be restored, whatever happened to the program that keeps it."""

import itertools
import os
import shutil
import signal

import pytest

from app import until
from dumps import Claim, Client

READER = """
create role {name}_ro_backup login password 'canary-of-the-password';
alter role {name}_ro_backup set default_transaction_read_only = on;
grant select on all tables in schema public to {name}_ro_backup;
grant select on all sequences in schema public to {name}_ro_backup;
"""
ROWS = (
    "insert into orders_order(customer, cents, shipped) "
    "select md5(n::text) || md5(random()::text), n, true from generate_series(1, 3000) n"
)


@pytest.fixture
def claim(tmp_path):
    return Claim(tmp_path)


@pytest.fixture
def reader(app):
    """A login that reads rows and nothing more, in a database with some."""
    assert app.migrate().code == 0
    app.sql(ROWS)
    app.sql(READER.format(name=app.database))
    return Client(app, app.database + "_ro_backup")


@pytest.fixture
def dump(reader, claim):
    """One that pg_dump has just written."""
    file = claim.folder / "shop_3f2a-1.partial"
    made = reader.dump(file)
    assert made.returncode == 0, made.stdout
    return file


def content(app, database):
    """Definitions and rows; rights are left to the operator."""
    return [line for line in app.server.dump(database) if line and not line.startswith(("--", "GRANT ", "REVOKE "))]


def test_what_is_kept_can_be_restored(app, reader, claim, dump):
    assert reader.read_back(dump).returncode == 0
    outcome = claim.keep()
    assert outcome.code == 0, outcome.log
    (name,) = claim.dumps()
    size = (claim.folder / name).stat().st_size
    answer = outcome.answer
    assert (answer["kind"], answer["ok"], answer["file"], answer["bytes"]) == ("backup", True, name, size)
    assert (answer["removed"], answer["warnings"]) == ([], [])
    assert (claim.folder / (name + ".sha256")).read_text().split() == [answer["sha256"], name]
    assert claim.has_right_sum(name)
    assert claim.files() == [name, name + ".sha256"]
    for said in (name, "%d bytes" % size, answer["sha256"][:12]):
        assert said in answer["message"]
    fresh, owner = app.database + "_fresh", app.database + "_owner"
    app.server.sql("create database %s" % fresh)
    app.server.sql("alter schema public owner to %s" % owner, fresh)
    options = ["--no-owner", "--no-acl", "--role=" + owner, "--single-transaction", "--dbname=" + fresh]
    restored = Client(app, app.database + "_migrate")("pg_restore", *options, claim.folder / name)
    assert restored.returncode == 0, restored.stdout
    assert app.server.sql("select count(*) from orders_order", fresh) == "3000"
    assert content(app, fresh) == content(app, app.database)
    app.server.sql("drop database %s with (force)" % fresh)


def damage(file):
    with open(file, "r+b") as opened:
        opened.seek(file.stat().st_size // 2)
        opened.write(b"\xa5" * 8)


def cut(file):
    os.truncate(file, file.stat().st_size * 3 // 4)


@pytest.mark.parametrize("harm", [damage, cut])
def test_why_a_dump_is_read_back_whole(reader, dump, harm):
    """The table of contents stands at its beginning, and says nothing of the rest."""
    harm(dump)
    listed = reader("pg_restore", "--list", dump)
    assert (listed.returncode, "orders_order" in listed.stdout) == (0, True)
    assert reader.read_back(dump).returncode != 0


def test_the_newest_stay_and_what_is_others(claim):
    others = [
        "shop-2_20200101T000000Z_a-1.dump",
        "shop-2_20200101T000000Z_a-1.dump.sha256",
        "shop-2_b-1.partial",
        "shop-backup_20200101T000000Z_a-1.dump",
        "shop.dump",
        "shop_20200101T000000Z_a-1.dump.of-mine",
        "shop_before-the-move.dump",
        "shop_of_mine.partial",
    ]
    old = ["shop_2020010%dT000000Z_a-1.dump" % day for day in range(1, 6)]
    left = ["shop_20200109T000000Z_d-1.dump.sha256", "shop_b-1.partial", "shop_c-12.partial"]
    for name in others + old + [name + ".sha256" for name in old] + left:
        (claim.folder / name).write_text("something")
    claim.partial()
    outcome = claim.keep()
    assert outcome.code == 0, outcome.log
    made = outcome.answer["file"]
    stays = [made, old[4], old[3]]
    assert claim.files() == sorted(others + stays + [name + ".sha256" for name in stays])
    assert sorted(outcome.answer["removed"]) == sorted(old[:3] + left[1:])


def test_the_one_just_made_stays_behind_a_clock_that_was_wrong(claim):
    later = ["shop_2%d990101T000000Z_a-1.dump" % number for number in range(3)]
    for name in later:
        (claim.folder / name).write_text("something")
    claim.partial()
    outcome = claim.keep(DJANGODB_BACKUP_KEEP="1")
    assert (outcome.code, claim.dumps()) == (0, [outcome.answer["file"]]), outcome.log
    assert sorted(outcome.answer["removed"]) == later


def test_what_cannot_be_removed_is_a_warning(claim):
    old, older = "shop_20200102T000000Z_a-1.dump", "shop_20200101T000000Z_a-1.dump"
    (claim.folder / old).mkdir()
    (claim.folder / (old + ".sha256")).write_text("something")
    (claim.folder / older).write_text("something")
    claim.partial()
    outcome = claim.keep(DJANGODB_BACKUP_KEEP="1")
    assert (outcome.code, outcome.answer["removed"]) == (0, [older]), outcome.log
    assert old in outcome.answer["warnings"][0]
    made = outcome.answer["file"]
    assert claim.files() == [old, old + ".sha256", made, made + ".sha256"]


def test_more_are_removed_than_the_answer_has_room_for(claim):
    for number in range(200):
        (claim.folder / ("shop_20200101T%06dZ_a-1.dump" % number)).touch()
    claim.partial()
    outcome = claim.keep(DJANGODB_BACKUP_KEEP="1")
    assert (outcome.code, outcome.answer["removed_count"], len(claim.dumps())) == (0, 200, 1), outcome.log
    assert outcome.answer["file"] in claim.dumps()


def test_killed_before_any_of_its_lines_and_run_again(tmp_path):
    """An older one is there, which goes when the new one has its name."""
    codes = set()
    for line in itertools.count(1):
        folder = tmp_path / str(line)
        folder.mkdir()
        claim = Claim(folder)
        old = "shop_20200101T000000Z_a-1.dump"
        (claim.folder / old).write_text("something")
        claim.partial()
        code = claim.keep_until(line)
        codes.add(code)
        said, found = claim.answer(), claim.dumps()
        assert found and all(claim.has_right_sum(name) for name in found if name != old)
        assert said is None or said["ok"] is (code == 0)
        outcome = claim.keep(DJANGODB_BACKUP_KEEP="1")
        assert outcome.code == 0, (line, outcome.log)
        (name,) = claim.dumps()
        assert claim.has_right_sum(name)
        assert claim.files() == [name, name + ".sha256"]
        assert (claim.folder / name).read_bytes() == b"PGDMP and more"
        shutil.rmtree(folder)
        if code == 0:
            break
    assert codes == {-signal.SIGKILL, 0}
    assert line > 50


def test_run_again_when_all_was_done(claim):
    claim.partial()
    first = claim.keep().answer
    again = claim.keep()
    assert again.code == 0, again.log
    facts = ("file", "bytes", "sha256")
    assert [again.answer[name] for name in facts] == [first[name] for name in facts]
    (claim.folder / (first["file"] + ".sha256")).unlink()
    assert claim.keep().code == 0
    assert claim.has_right_sum(first["file"])
    with open(claim.folder / first["file"], "ab") as file:
        file.write(b"more")
    assert "another SHA-256" in claim.keep().is_failure("BackupFailed", 92).answer["message"]


def test_a_name_that_is_taken_is_never_written_over(claim):
    """Both of them, of the same attempt in the same second."""
    claim.partial()
    first = claim.keep().answer["file"]
    claim.partial(b"PGDMP of another run")
    second = claim.keep().answer["file"]
    assert claim.dumps() == sorted([first, second])
    assert (claim.folder / first).read_bytes() == b"PGDMP and more"


@pytest.mark.parametrize(
    "content, words",
    [
        (None, "does not exist"),
        (b"", "is empty"),
        (b"PGD", "custom format"),
        (b"-- PostgreSQL database dump\n", "custom format"),
    ],
)
def test_what_is_no_dump_is_not_kept(claim, content, words):
    if content is not None:
        claim.partial(content)
    before = claim.files()
    outcome = claim.keep().is_failure("BackupFailed", 92)
    assert words in outcome.answer["message"]
    assert str(claim.folder / "shop_3f2a-1.partial") in outcome.answer["message"]
    assert "djangodb-dump" in outcome.answer["message"]
    assert claim.files() == before


def test_without_its_folder(claim):
    claim.folder.rmdir()
    outcome = claim.keep().is_failure("BackupFailed", 92)
    assert str(claim.folder) in outcome.answer["message"]
    assert "mounted" in outcome.answer["message"]
    claim.folder.write_text("a file in its place")
    assert "mounted" in claim.keep().is_failure("BackupFailed", 92).answer["message"]


# Root may write everywhere, unless it gives that up.
WITHOUT_RIGHTS = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []


def test_what_failed_attempts_left_goes_before_the_next_dump(claim):
    others = ["shop-2_3f2a-1.partial", "shop_20261130T221500Z_3f2a-1.dump"]
    for name in ("shop_3f2a-1.partial", "shop_77aa-2.partial", *others):
        claim.partial(name=name)
    outcome = claim.clear()
    assert (outcome.code, outcome.answer["message"]) == (0, "2 unfinished dumps removed")
    assert claim.files() == sorted(others)
    assert claim.clear().code == 0


def test_a_folder_that_it_may_not_write_is_told_before_the_dump(claim):
    claim.folder.chmod(0o555)
    outcome = claim.clear(*WITHOUT_RIGHTS).is_failure("BackupFailed", 92)
    assert "user %d" % os.geteuid() in outcome.log
    assert "fsGroup" in outcome.log


def test_a_folder_that_it_may_not_write(claim):
    claim.partial()
    claim.folder.chmod(0o555)
    before = WITHOUT_RIGHTS
    outcome = claim.keep(*before).is_failure("BackupFailed", 92)
    assert "user %d" % os.geteuid() in outcome.answer["message"]
    assert "fsGroup" in outcome.answer["message"]
    assert claim.files() == ["shop_3f2a-1.partial"]


def test_no_room_for_a_sum(claim):
    """No file may be longer than 40 bytes: the dump has 14. Nor has the answer any, which the log has as well."""
    claim.partial()
    outcome = claim.keep("prlimit", "--fsize=40", DJANGODB_TERMINATION_LOG="/dev/full")
    assert outcome.code == 92, outcome.log
    assert "_3f2a-1.dump.sha256'; enlarge the claim" in outcome.log
    assert claim.dumps() == []
    assert claim.keep().code == 0
    (name,) = claim.dumps()
    assert claim.files() == [name, name + ".sha256"]


def test_a_signal_ends_it(claim):
    """While it reads a dump of a terabyte."""
    claim.partial()
    os.truncate(claim.folder / "shop_3f2a-1.partial", 1 << 40)
    run = claim.start()
    until(lambda: (claim.answer() or {}).get("stage") == "keep")
    run.send_signal(signal.SIGTERM)
    claim.outcome(run).is_failure("Interrupted", 86)
    assert claim.files() == ["shop_3f2a-1.partial"]
