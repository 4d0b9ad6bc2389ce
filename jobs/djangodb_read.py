"""Proof that the release reads: each column of its models is asked for, and no row is read.

So no code of the app's runs, but for that of a field that writes its own part of the statement.
"""

from djangodb_answer import publish
from djangodb_models import models_of
from djangodb_proof import disprove, prove
from djangodb_reasons import sqlstate
from djangodb_rolled_back import rolled_back, with_code_of_the_app
from djangodb_warnings import warn

NO_TABLE, NO_COLUMN = "42P01", "42703"
MISSING = "manage.py makemigrations --check tells whether a migration is missing"


def read_models(connection):
    """Returns those that have been read."""
    publish(stage="read")
    read, never_made = [], set()
    with rolled_back(connection):
        for model in models_of(connection):
            try:
                read_nothing(connection, model)
                read.append(model)
            except Exception as error:
                app, code = model._meta.app_label, sqlstate(error)
                if code != NO_TABLE or app not in apps_without_migrations(connection):
                    advice = MISSING if code in (NO_TABLE, NO_COLUMN) else None
                    disprove("model %s can't be read: %s" % (model._meta.label, error), error, advice)
                never_made.add(app)
    for app in sorted(never_made):  # as the pre-flight says it: such a release may have worked for years
        warn("app %s has models and no migrations, so its tables are never made" % app)
    if read:
        prove("read")
    return read


def read_nothing(connection, model):
    """In a savepoint that is rolled back, which lets go of the lock: a migration may want several tables at once."""
    from django.db import transaction

    with transaction.atomic(using=connection.alias):
        sql, params = select(connection, model)
        with connection.cursor() as cursor:
            cursor.execute(sql + " LIMIT 0", params)
        transaction.set_rollback(True, using=connection.alias)


def select(connection, model):
    """As Django writes it, by a query set of its own: a manager of the app's may leave out columns or add some.

    Without the columns of parents, which are models too.
    """
    from django.db.models import QuerySet

    columns = [field.attname for field in model._meta.local_concrete_fields]
    query = QuerySet(model, using=connection.alias).order_by().values_list(*columns).query
    with with_code_of_the_app(connection):
        return query.get_compiler(connection=connection).as_sql()


def apps_without_migrations(connection):
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(None, load=False)
    with with_code_of_the_app(connection):
        loader.load_disk()
    return loader.unmigrated_apps
