"""What a project state says of tables and columns.

Its models are never rendered: that takes minutes in a large project. So a relation is a text here, and a field belongs
to no model yet.
"""

# Types that differ in where their values come from.
STORED_AS = {"serial": "integer", "bigserial": "bigint", "smallserial": "smallint"}


def key_of(model, key):
    """(app, name) of a model as a relation of the model at `key` names it."""
    if not isinstance(model, str):
        model = model._meta.label
    if model == "self":
        return key
    app, _, name = model.rpartition(".")
    return app or key[0], name.lower()


def target_of(field, key):
    return key_of(field.remote_field.model, key)


def is_join(field):
    """It has a table of its own and no column."""
    return bool(field.many_to_many) and field.remote_field.through is None


def is_reference(field):
    """A column that the server checks against another table."""
    return bool(field.remote_field) and not field.many_to_many and getattr(field, "db_constraint", False)


def is_unchecked(field):
    return not field.remote_field.db_constraint if is_join(field) else not is_reference(field)


def bound(field, name):
    """With its name, which some parts of its SQL need; the state's own field stays as it is."""
    field = field.clone()
    field.set_attributes_from_name(name)
    return field


class Schema:
    """Of one state, in one database."""

    def __init__(self, models, connection):
        self.models = models
        self.connection = connection

    def shorten(self, name):
        from django.db.backends.utils import truncate_name

        return truncate_name(name, self.connection.ops.max_name_length())

    def concrete(self, key):
        """The model that a proxy stands for, which has the table."""
        model = self.models.get(key)
        if model is None or not model.options.get("proxy"):
            return key
        bases = [key_of(base, key) for base in model.bases if isinstance(base, str) or hasattr(base, "_meta")]
        known = [base for base in bases if base in self.models]
        return self.concrete(known[0] if known else bases[0])

    def target(self, field, key):
        return self.concrete(target_of(field, key))

    def table(self, key):
        """As Django writes it, so it may be quoted already; "" where there is no such model."""
        key = self.concrete(key)
        model = self.models.get(key)
        if model is None:
            return ""
        return model.options.get("db_table") or self.shorten("%s_%s" % key)

    def join_table(self, key, name, field):
        from django.db.backends.utils import strip_quotes

        return field.db_table or self.shorten("%s_%s" % (strip_quotes(self.table(key)), name))

    def tables(self, key):
        """That of the model and those of its many-to-many fields."""
        fields = self.models[key].fields.items()
        return [self.table(key)] + [self.join_table(key, name, field) for name, field in fields if is_join(field)]

    def field(self, key, name):
        model = self.models.get(key)
        return model.fields.get(name) if model else None

    def has_column(self, field):
        return not field.many_to_many and (bool(field.remote_field) or field.db_type(self.connection) is not None)

    def column_type(self, field, key):
        """That of a reference is its target's; models of apps without migrations are in no state."""
        if not field.remote_field:
            found = field.db_type(self.connection)
            return STORED_AS.get(found, found)
        target = self.target(field, key)
        if target not in self.models:
            return "what %s.%s has" % target
        column = self.target_field(field, target)
        return self.column_type(column, target) if column.remote_field else column.rel_db_type(self.connection)

    def target_field(self, field, target):
        fields = self.models[target].fields
        name = getattr(field.remote_field, "field_name", None)
        return fields[name] if name else next(field for field in fields.values() if field.primary_key)

    def fields(self):
        """(model, name, field) of all models."""
        return [(key, name, field) for key, model in list(self.models.items()) for name, field in model.fields.items()]

    def joins(self, key, which=bool):
        """The tables of all joins that have the model on one of their sides."""
        return {
            self.join_table(other, name, field)
            for other, name, field in self.fields()
            if is_join(field) and key in (other, self.target(field, other)) and which(field)
        }

    def tables_that_refer_to(self, key, which=bool):
        columns = {
            self.table(other)
            for other, _, field in self.fields()
            if field.remote_field and not field.many_to_many and self.target(field, other) == key and which(field)
        }
        return sorted(columns | self.joins(key, which))

    def is_migrated(self, key):
        """Whether Django would touch the model's table in this database at all."""
        from django.apps import apps
        from django.db import router

        options = self.models[key].options
        if options.get("proxy") or not options.get("managed", True) or is_swapped(options, key):
            return False
        vendor, features = options.get("required_db_vendor"), options.get("required_db_features", ())
        if vendor and vendor != self.connection.vendor:
            return False
        if not all(getattr(self.connection.features, feature, False) for feature in features):
            return False
        model = apps.all_models.get(key[0], {}).get(key[1])  # that of today, where there still is one
        hints = {"model": model} if model else {}
        return router.allow_migrate(self.connection.alias, key[0], model_name=key[1], **hints)


def is_swapped(options, key):
    from django.conf import settings

    chosen = getattr(settings, options.get("swappable") or "", None)
    return bool(chosen) and key_of(chosen, key) != key
