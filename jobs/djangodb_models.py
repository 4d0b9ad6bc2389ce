"""The models whose tables Django makes in this database."""


def models_of(connection):
    """In the order of their labels; those of many-to-many relations too."""
    from django.apps import apps
    from django.db import router

    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.can_migrate(connection) and router.allow_migrate_model(connection.alias, model)
    ]
    return sorted(found, key=lambda model: model._meta.label)
