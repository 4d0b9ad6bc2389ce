"""All that a release leaves behind, in a form that two apps can be compared in: names, times and ids are taken out."""

import json

import world
from shop import LEDGER

MINE = "djangodb.io/"

IN_THE_SERVER = {
    "roles": "SELECT rolname, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolinherit, rolreplication,"
    " rolbypassrls, rolconnlimit, rolvaliduntil, rolpassword LIKE 'SCRAM-SHA-256$%',"
    " shobj_description(oid, 'pg_authid')"
    " FROM pg_authid WHERE rolname LIKE '{database}\\_%' ORDER BY 1",
    "memberships": "SELECT r.rolname, m.rolname, g.rolname, admin_option FROM pg_auth_members a"
    " JOIN pg_roles r ON r.oid = roleid JOIN pg_roles m ON m.oid = member"
    " JOIN pg_roles g ON g.oid = grantor"
    " WHERE r.rolname LIKE '{database}\\_%' OR m.rolname LIKE '{database}\\_%' ORDER BY 1, 2",
    "settings": "SELECT d.datname, r.rolname, setconfig FROM pg_db_role_setting s"
    " LEFT JOIN pg_database d ON d.oid = setdatabase LEFT JOIN pg_roles r ON r.oid = setrole"
    " WHERE d.datname = '{database}' OR r.rolname LIKE '{database}\\_%' ORDER BY 1, 2",
    "database": "SELECT pg_get_userbyid(datdba), datacl, datconnlimit, datallowconn,"
    " shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{database}'",
}
IN_THE_DATABASE = {
    "schemas": "SELECT nspname, pg_get_userbyid(nspowner), nspacl FROM pg_namespace"
    " WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' ORDER BY 1",
    "default grants": "SELECT pg_get_userbyid(defaclrole), defaclobjtype, defaclacl FROM pg_default_acl ORDER BY 1, 2",
    "relations": "SELECT relname, relkind, pg_get_userbyid(relowner), relacl FROM pg_class"
    " WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    "columns": "SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute"
    " WHERE attrelid = 'orders_order'::regclass AND attnum > 0 ORDER BY attnum",
    "migrations": "SELECT app, name, count(*) FROM django_migrations GROUP BY 1, 2 ORDER BY 1, 2",
}
IN_THE_LEDGER = {
    "claims": "SELECT database, owner_role, namespace, name, state, database_oid IS NOT NULL, configured_at IS NOT NULL"
    " FROM djangodb.claim WHERE database = '{database}'",
    "passed templates": "SELECT image, applied, recorded_in, count(*) FROM djangodb.passed_template"
    " WHERE database = '{database}' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3",
    "proven": "SELECT count(*), count(*) FILTER (WHERE said <> '') FROM djangodb.verification"
    " WHERE database = '{database}'",
    "judged": "SELECT name, is_compatible, backup FROM djangodb.judged_migration WHERE database = '{database}'"
    " ORDER BY 1",
    "passed images": "SELECT database, image FROM djangodb.passed_image WHERE database = '{database}' ORDER BY 2",
}


def marks(metadata, field):
    return {key: value for key, value in sorted(metadata.get(field, {}).items()) if key.startswith(MINE)}


def deployments(shop):
    return [
        [
            item["metadata"]["name"],
            item["spec"].get("paused", False),
            marks(item["metadata"], "annotations"),
            [container["image"] for container in item["spec"]["template"]["spec"]["containers"]],
            item["status"].get("availableReplicas"),
        ]
        for item in shop.items("deployment")
    ]


def marks_of_job(item):
    """A proof, or a backup, is of one pass on one database, which no other app has."""
    found = marks(item["metadata"], "annotations")
    if item["metadata"]["labels"].get("djangodb.io/job-kind") in ("verify", "backup"):
        found.pop("djangodb.io/proves", None)
    return found


def jobs(shop):
    """One line for each attempt, whatever its revision's hash is."""
    return sorted(
        json.dumps(
            [
                item["metadata"]["labels"].get("djangodb.io/job-kind", "migrate"),
                marks_of_job(item),
                item["status"].get("succeeded", 0),
                item["status"].get("failed", 0),
                item["spec"].get("ttlSecondsAfterFinished"),
            ]
        )
        for item in shop.items("job")
    )


def secrets(shop):
    found = [[item["metadata"]["name"], item["type"], sorted(item["data"])] for item in shop.items("secret")]
    stored = world.read("secret", "djangodb-" + shop.resource()["metadata"]["uid"], world.OPERATOR_NAMESPACE)
    # How many attempts there were is chance.
    return [*found, sorted(set(stored["data"]) - {"migrate-attempt"})]


def status(shop):
    found = shop.resource()["status"]
    release = {key: value for key, value in found["release"].items() if key != "job"}
    # The hash of a template that has passed differs with the namespace.
    workloads = [{**each, "podTemplate": bool(each.get("podTemplate"))} for each in found["workloads"]]
    return [
        found["phase"],
        release,
        workloads,
        [[each["type"], each["status"], each["reason"]] for each in found["conditions"]],
    ]


def read(shop):
    """A dictionary of texts; equal ones mean equal ends."""
    state = {
        "deployments": deployments(shop),
        "jobs": jobs(shop),
        "secrets": secrets(shop),
        "status": status(shop),
        "finalizers": shop.resource()["metadata"]["finalizers"],
        "config maps": [item["metadata"]["name"] for item in shop.items("configmap")],
    }
    for queries, database in ((IN_THE_SERVER, "postgres"), (IN_THE_DATABASE, shop.database), (IN_THE_LEDGER, LEDGER)):
        for subject, query in queries.items():
            state[subject] = shop.server.postgres.sql(query.replace("{database}", shop.database), database)
    return {subject: anonymous(value, shop) for subject, value in state.items()}


def anonymous(value, shop):
    text = value if isinstance(value, str) else json.dumps(value, indent=1)
    return text.replace(shop.database, "DATABASE").replace(shop.space, "SPACE")


def differences(found, wanted):
    return "\n".join(
        "%s:\n  is     %s\n  should %s" % (subject, found[subject], wanted[subject])
        for subject in wanted
        if found[subject] != wanted[subject]
    )
