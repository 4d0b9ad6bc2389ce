"""Who can give the right that a migration lacks: a field of the DjangoDatabase, or a statement for a DBA."""

import re

from djangodb_answer import ANSWER, one_line
from djangodb_secrets import scrub

# What was refused, and what to do; {0} and so on are what was found there.
BY_MESSAGE = (
    (r"must be owner of database", "set spec.access.ownership: Database, which makes {owner} its owner"),
    (r"must be owner of (?:relation|table) (\S+)", "have a DBA run ALTER TABLE {0} OWNER TO {owner}"),
    (
        r"must be owner of ((?:foreign |materialized )?(?:view|sequence|schema|type|domain|function|table)) (.+)",
        "have a DBA run ALTER {0} {1} OWNER TO {owner}",
    ),
    (
        r"permission denied for schema (?!public\b)(\S+)",
        "add it to spec.database.schemas: [{0}], or have a DBA run ALTER SCHEMA {0} OWNER TO {owner}",
    ),
    (
        r"permission denied for foreign-data wrapper (\S+)",
        "have a DBA run GRANT USAGE ON FOREIGN DATA WRAPPER {0} TO {owner}",
    ),
    (r"permission denied for (foreign server|language) (\S+)", "have a DBA run GRANT USAGE ON {0} {1} TO {owner}"),
    (r"permission denied for tablespace (\S+)", "have a DBA run GRANT CREATE ON TABLESPACE {0} TO {owner}"),
    (r"permission denied for (?:table|view|relation) (\S+)", "have a DBA run GRANT ALL ON {0} TO {owner}"),
    (r"permission denied for (schema|sequence|function|type) (\S+)", "have a DBA run GRANT ALL ON {0} {1} TO {owner}"),
    (r"permission denied to set parameter (\S+)", "have a DBA run GRANT SET ON PARAMETER {0} TO {owner}"),
)
# Where the server's words say less, or are not English. Anywhere in it: it may stand in a block.
BY_STATEMENT = (
    (
        r"\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?\"?([\w-]+)",
        "add it to spec.database.extensions: [{0}] and, if it is not trusted, to allowedExtensions of the "
        "PostgresServer; or have a superuser run CREATE EXTENSION {0} in {database}",
    ),
    (
        r"\balter\s+(?:role|user)\s.*\b(?:re)?set\b",
        "roles are the operator's: have a DBA run ALTER ROLE {database}_a IN DATABASE {database} SET .., and the same "
        "for {database}_b, as which the app logs in",
    ),
    (
        r"\b(?:create|alter|drop)\s+(?:role|user|group)\b",
        "roles are the operator's, such as readers by spec.access.readers, or a DBA's",
    ),
    (r"\balter\s+database\b", "set spec.access.ownership: Database, which makes {owner} its owner"),
)
OTHERWISE = (
    "have a DBA run {statement} .. in {database}, then record this migration by migrate --fake if it does nothing else"
)
LONGEST_STATEMENT = 60


def advice(reason, error, statement=""):
    """One clause, to stand behind the server's own words; None where no right is missing."""
    if reason != "PermissionDenied":
        return None
    told = first_fit(BY_MESSAGE, one_line(error)) or first_fit(BY_STATEMENT, statement) or (OTHERWISE, ())
    return told[0].format(
        *told[1], owner=ANSWER.get("user"), database=ANSWER.get("database"), statement=beginning_of(statement)
    )


def first_fit(rows, text):
    for pattern, told in rows:
        found = re.search(pattern, text, re.IGNORECASE | re.DOTALL)
        if found:
            return told, found.groups()
    return None


def beginning_of(statement):
    """Up to the first value, which may be a password or a row of the app's."""
    words = re.split(r"['$;(]", scrub(statement), maxsplit=1)[0].split()
    return " ".join(words)[:LONGEST_STATEMENT] or "it"
