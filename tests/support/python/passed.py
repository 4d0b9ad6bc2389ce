"""What the operator's ledger says of templates that passed: the names of reconcilers/app_template.hpp, made once more.

They are part of the contract between two versions of the operator: with another name a template would be proven again.
"""

import json

STATEMENT = (
    "INSERT INTO djangodb.passed_template (database, database_oid, app_template, configs, image, applied, recorded_in,"
    " job) SELECT database, database_oid, '%s', '', '%s', '%s', '', 'a-job' FROM djangodb.claim WHERE database = '%s'"
)


def name_by_content(text):
    """FNV-1a of 64 bits, less its last 20."""
    name = 0xCBF29CE484222325
    for byte in text.encode():
        name = ((name ^ byte) * 0x100000001B3) % 2**64
    return "%011x" % (name >> 20)


def app_template(container):
    """Of an app without volumes; `container` has what is part of a release."""
    return name_by_content(json.dumps({"container": container}, sort_keys=True, separators=(",", ":")))


def applied(names):
    """None: there is no table."""
    return name_by_content("no table" if names is None else "".join(name + "\n" for name in sorted(names)))


def statement_of_pass(database, image, names=None):
    return STATEMENT % (app_template({"image": image}), image, applied(names), database)
