"""A run that was approved for one plan takes no other."""

import pytest

from test_forecast import NULLABLE, plan_of
from test_probe import append


def test_what_is_approved_is_migrated(app):
    assert app.migrate().code == 0
    app.add_migration("0002_next", operations=NULLABLE % "a")
    app.add_migration("0003_next", operations=NULLABLE % "b", after="0002_next")
    approved = plan_of(app)["planned"]
    app.migrate(DJANGODB_APPROVED=approved[16:]).is_failure("PlanChanged", 91)
    outcome = app.migrate(DJANGODB_APPROVED="").is_failure("PlanChanged", 91)
    said = "orders.0002_next is not part of the plan that was approved; nothing was migrated"
    assert outcome.answer["message"] == said
    assert app.recorded() == ["0001_initial"]
    app.migrate(DJANGODB_APPROVED="plan:0000000000000000").is_failure("PlanChanged", 91)
    app.manage("migrate", "orders", "0002")  # as a run did that was cut then
    assert app.migrate(DJANGODB_APPROVED=approved).code == 0
    assert app.recorded() == ["0001_initial", "0002_next", "0003_next"]
    assert app.migrate(DJANGODB_APPROVED="").code == 0


def test_a_plan_that_is_approved_as_a_whole_is_migrated(app):
    assert app.migrate().code == 0
    app.add_migration("0002_next", operations=NULLABLE % "a")
    digest = plan_of(app)["plan_digest"]
    outcome = app.migrate(DJANGODB_APPROVED="plan:" + digest[::-1]).is_failure("PlanChanged", 91)
    said = "plan %s is pending, which is not the one that was approved; nothing was migrated" % digest
    assert outcome.answer["message"] == said
    assert app.migrate(DJANGODB_APPROVED="plan:" + digest).code == 0


def test_a_migration_that_changed_since_it_was_approved(app):
    assert app.migrate().code == 0
    app.add_migration("0002_next", operations=NULLABLE % "a")
    approved = plan_of(app)["planned"]
    app.add_migration("0002_next", operations=NULLABLE % "b")
    app.migrate(DJANGODB_APPROVED=approved).is_failure("PlanChanged", 91)
    assert app.recorded() == ["0001_initial"]


@pytest.fixture(params=["planned", "plan_digest"])
def approve(request):
    """By digits and as a whole, on a new database: a function from the answer to what the operator then approves."""
    whole = {"planned": "", "plan_digest": "plan:"}[request.param]
    return lambda answer: "new:" + whole + answer[request.param]


def new_plan(app):
    app.add_migration("0002_next", operations=NULLABLE % "a")
    app.add_migration("0003_next", operations=NULLABLE % "b", after="0002_next")
    answer = plan_of(app)
    assert answer["is_new"]
    return answer


def refused(app, approved, name):
    outcome = app.migrate(DJANGODB_APPROVED=approved).is_failure("PlanChanged", 91)
    said = "the database had no migrations when its plan was judged, and now has %s; nothing was migrated"
    assert (outcome.answer["message"], outcome.answer["migration"]) == (said % name, name)


@pytest.mark.parametrize("applied", [None, "0001", "0002", "0003"])
def test_the_plan_of_a_new_database_is_gone_on_with(app, approve, applied):
    approved = approve(new_plan(app))
    if applied:  # as a run did that was cut then
        app.manage("migrate", "orders", applied)
        mark = "insert into django_migrations(app, name, applied) values ('djangodb.unfinished', 'orders.0099', now())"
        app.sql(mark)
    for _ in range(2):
        assert app.migrate(DJANGODB_APPROVED=approved).code == 0
    assert app.recorded() == ["0001_initial", "0002_next", "0003_next"]


@pytest.mark.parametrize("name", ["old.0001_initial", "orders.0002_of_another_release"])
def test_a_database_that_is_no_longer_new(app, approve, name):
    """Somebody has restored an older dump meanwhile."""
    approved = approve(new_plan(app))
    app.manage("migrate", "orders", "0001")
    row = "insert into django_migrations(app, name, applied) values ('%s', '%s', now())"
    app.sql(row % tuple(name.split(".")))
    refused(app, approved, name)
    assert "0002_next" not in app.recorded()


def test_a_migration_that_changed_since_a_part_of_the_plan_was_applied(app, approve):
    answer = new_plan(app)
    app.manage("migrate", "orders", "0002")
    append(app, "orders/migrations/0002_next.py", "#")
    outcome = app.migrate(DJANGODB_APPROVED=approve(answer)).is_failure("PlanChanged", 91)
    assert outcome.answer["message"].endswith("nothing was migrated")
    assert app.recorded() == ["0001_initial", "0002_next"]


def test_another_plan_for_a_new_database(app, approve):
    answer = new_plan(app)
    other = {name: answer[name][::-1] for name in ("planned", "plan_digest")}
    for approved in (approve(other), "new:"):
        app.migrate(DJANGODB_APPROVED=approved).is_failure("PlanChanged", 91)
    assert app.sql("select to_regclass('django_migrations')") == ""
    assert app.migrate(DJANGODB_APPROVED=approve(answer)).code == 0


def squash(app):
    first = (app.folder / "orders/migrations/0001_initial.py").read_text()
    replaced = "    replaces = [('orders', '0001_initial'), ('orders', '0002_next')]\n    operations"
    app.write("orders/migrations/0001_squashed.py", first.replace("    operations", replaced, 1))
    app.add_migration("0002_next", operations="")
    app.add_migration("0003_next", operations=NULLABLE % "b", after="0001_squashed")
    answer = plan_of(app)
    assert (answer["is_new"], answer["pending"]) == (True, ["orders.0001_squashed", "orders.0003_next"])
    return answer


def test_a_squash_in_a_new_database(app, approve):
    """Django records what it replaces, and itself only at the end."""
    approved = approve(squash(app))
    app.manage("migrate", "orders", "0001_squashed")
    app.sql("delete from django_migrations where name = '0001_squashed'")
    for _ in range(2):
        assert app.migrate(DJANGODB_APPROVED=approved).code == 0
    assert {"0001_initial", "0002_next", "0001_squashed", "0003_next"} == set(app.recorded())


def test_a_part_of_a_squash_that_was_done_without_it(app, approve):
    approved = approve(squash(app))
    app.manage("migrate", "orders", "0001_squashed")
    app.sql("delete from django_migrations where name in ('0001_squashed', '0002_next')")
    refused(app, approved, "orders.0001_initial")
    assert app.recorded() == ["0001_initial"]
