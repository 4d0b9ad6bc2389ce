"""Where the migrations of the code and those of the database are not of one release."""

from djangodb_warnings import warn


def compare(connection, loader):
    ahead = applied_later(loader)
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
