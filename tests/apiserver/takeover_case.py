"""A release that changes hands between two versions of the operator, and what it may leave."""

import re

import replacement
from audit_log import answered
from release_case import IMAGE, ReleaseTest, undisturbed
from replacement import NEW, OLD, Replacement

OF_ONE_VERSION = r",(tcp_\w+|client_connection_check_interval|idle_in_transaction_session_timeout)=\w+"
# The version before words its messages otherwise, and opens a gate without taking the mark away: this version does it
# when it is back (test_gate.py). Of what passed it notes the image.
UNKNOWN_THERE = ("messages", "deployments", "passed templates")
# A Job of the version before does not say for which templates it was made.
PROOF = r', \\"djangodb\.io/proves\\": \\"\w+\\"'


# The version before tries nothing out, judges no plan, and proves nothing; what it let pass is not proven later.
NEW_FIELDS = ("preflight", "cutover", "backup", "verify", "releaseHistoryLimit")
NEW_MIGRATIONS_FIELDS = ("destructive", "incompatible")
NEW_CONDITIONS = ("PreflightPassed", "PlanApproved", "BackupFresh", "Verified")
SAID_BY_PROBES = r"\n(PreflightPassed|PlanApproved|BackupFresh|Verified): .*"
IN_STATUS = r'\[\s*"(PreflightPassed|PlanApproved|BackupFresh|Verified)",\s*"\w+",\s*"\w+"\s*\],?\s*'


def without_proof(end):
    lines = re.sub(PROOF, "", end["jobs"]).splitlines()
    jobs = [line.rstrip(",") for line in lines if '\\"probe\\"' not in line and '\\"verify\\"' not in line]
    return {
        **{subject: value for subject, value in end.items() if subject != "proven"},
        "jobs": "\n".join(jobs),
        "messages": re.sub(SAID_BY_PROBES, "", end["messages"]),
        "status": re.sub(IN_STATUS, "", end["status"]),
    }


class TakeoverTest(ReleaseTest):
    before, after, charts_after = OLD, NEW, NEW
    tests = 1

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.addClassCleanup(replacement.run_alone, NEW)
        cls.wanted = without_proof(undisturbed())
        replacement.run_alone(cls.before)
        cls.replacement = Replacement(cls.tests, cls.charts_after, cls.after)

    def setUp(self):
        super().setUp()
        self.begin = self.audit.end()
        self.addCleanup(self.replacement.leave)

    def make_app(self, **spec):
        self.make_ready_database(**spec)
        self.data = self.lasting_data()

    def lasting_data(self):
        """Each attempt at a migration has a password of its own."""
        found = self.secret_data()
        found.pop("app-migrate", None)
        return {
            name: {key: value for key, value in data.items() if not key.startswith("migrate")}
            for name, data in found.items()
        }

    def catalog(self, database=None):
        """Without what only one of the two versions sets for the migration login, and repairs as it repairs drift."""
        return re.sub(OF_ONE_VERSION, "", super().catalog(database))

    def end(self):
        """The version before tells what it does not know of the migration login's settings, and leaves it."""
        found = without_proof(super().end())
        if self.before == NEW:
            said = '"InSync",\n   "%s",\n   "%s"'
            found["status"] = found["status"].replace(said % ("False", "Drifted"), said % ("True", "Succeeded"))
        return found

    def assert_nothing_is_rewritten(self):
        """Takes over. But for words of the status, all stays as it is, whoever wrote it."""
        self.audit.wait_until_quiet((self.space,))
        before = self.resource(), self.secrets(), self.jobs(), self.catalog(), self.passed_images()
        events = self.events()
        self.replacement.die()
        mark = self.audit.end()
        self.replacement.start()
        self.wait_until_it_was_looked_at(mark)
        self.assert_same_but_words(before[0], self.resource())
        self.assertEqual((self.secrets(), self.jobs(), self.catalog(), self.passed_images()), before[1:])
        uid = self.resource()["metadata"]["uid"]
        writes = [str(write) for write in self.audit.writes((self.space, "djangodb-" + uid), mark)]
        if self.before == OLD:
            # The version before published the CA in the Secrets alone; the ConfigMap is new.
            self.assertEqual(len([w for w in writes if w.startswith("create configmaps " + self.space)]), 1, writes)
            writes = [w for w in writes if not w.startswith("create configmaps ")]
        # What only one version sets for the migration login is drift to the other, and repaired in an Event's words.
        self.assertLessEqual(self.events() - events, {"DriftRepaired"})
        writes = {write for write in writes if write.split()[1] != "events"}
        record = " %s/app-1" % self.space  # the version before keeps none
        new = {"create djangoreleases" + record, "patch djangoreleases/status" + record}
        self.assertLessEqual(writes - new, {"patch djangodatabases/status %s/app" % self.space})

    def events(self):
        return {event["reason"] for event in self.api.list("event", self.space)}

    def wait_until_it_was_looked_at(self, mark):
        read = answered("get", "secrets", self.space, "app-database")
        self.eventually("the other operator has looked at it", lambda: any(map(read, self.audit.requests(mark))), 60)
        self.audit.wait_until_quiet((self.space,))

    def assert_same_but_words(self, before, after):
        """What only one version sets on the server is drift to the other, told or repaired in a moment."""

        def bare(resource):
            said = [
                [c[key] for key in ("type", "status", "reason", "observedGeneration")]
                for c in resource["status"]["conditions"]
                if c["type"] != "InSync"
            ]
            facts = {k: v for k, v in resource["status"].items() if k not in ("conditions", "message", "drift")}
            metadata = {k: v for k, v in resource["metadata"].items() if k not in ("resourceVersion", "managedFields")}
            spec = {k: v for k, v in resource["spec"].items() if k not in NEW_FIELDS}
            of_migrations = resource["spec"].get("migrations", {}).items()
            spec["migrations"] = {k: v for k, v in of_migrations if k not in NEW_MIGRATIONS_FIELDS}
            said = [one for one in said if one[0] not in NEW_CONDITIONS]
            return metadata, spec, said, facts

        self.assertEqual(bare(after), bare(before))

    def assert_end_is_the_undisturbed_one(self, *but, attempts=1):
        self.assertEqual(sorted(self.jobs()), list(range(1, attempts + 1)))
        self.assertEqual(len(self.jobs_made(self.begin)), attempts, "each attempt is made once")
        names = {job["metadata"]["name"].rsplit("-", 1)[0] for job in self.jobs().values()}
        self.assertEqual(len(names), 1, "all attempts are of one revision")
        self.assertEqual(self.passed_images(), [IMAGE])
        for name, data in self.data.items():
            self.assertEqual(self.lasting_data()[name], data, "%s holds what it held" % name)
        self.assert_end(self.wanted, *but)
