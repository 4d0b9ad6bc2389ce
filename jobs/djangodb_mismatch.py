"""Where the migrations of the code and those of the database are not of one release."""

import hashlib

from djangodb_answer import publish
from djangodb_rolled_back import rolled_back
from djangodb_warnings import warn

MOST_AHEAD = 50  # names; the operator does not believe that it has them all if there are more


def compare(connection, loader):
    ahead = applied_later(loader)
    digest = hashlib.sha256("\n".join(ahead).encode()).hexdigest()[:16] if ahead else ""
    publish(ahead=ahead[-MOST_AHEAD:], ahead_count=len(ahead), ahead_digest=digest)
    publish(squashed=squashes_to_record(connection, loader)[:MOST_AHEAD])
    if ahead:
        warn(
            "the database has %d migration%s that this image does not know, such as %s: the image is older than the "
            "database" % (len(ahead), "s" if len(ahead) > 1 else "", ahead[-1])
        )
    for app in apps_without_tables(connection, loader):
        warn("app %s has models and no migrations, so its tables are never made" % app)


def applied_later(loader):
    """Unknown to the code and applied after all that it knows of the same app.

    Those from before are history: their files go when a squash has taken their place everywhere.
    """
    known = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():
        known.update(map(tuple, migration.replaces or ()))
    last, unknown = {}, []
    for (app, name), row in loader.applied_migrations.items():
        number = getattr(row, "id", None) or 0  # Django puts a squash in here by itself: that is no row
        if (app, name) in known:
            last[app] = max(last.get(app, 0), number)
        elif app in loader.migrated_apps:
            unknown.append((number, app, name))
    return ["%s.%s" % (app, name) for number, app, name in sorted(unknown) if number > last.get(app, 0)]


def squashes_to_record(connection, loader):
    """Of which all is applied that they replace: migrate records them and changes nothing else."""
    from django.db.migrations.recorder import MigrationRecorder

    with rolled_back(connection):
        rows = set(MigrationRecorder(connection).applied_migrations())
    # Django counts such a squash as applied, without a row.
    return sorted("%s.%s" % key for key in loader.replacements if key in loader.applied_migrations and key not in rows)


def apps_without_tables(connection, loader):
    from django.apps import apps
    from django.db import router

    for app in sorted(loader.unmigrated_apps):
        models = apps.get_app_config(app).get_models()
        if any(
            model._meta.managed and not model._meta.proxy and router.allow_migrate_model(connection.alias, model)
            for model in models
        ):
            yield app
