"""An app that ran with another database comes to one that is empty: nothing rolls before somebody says so."""

import unittest

from case import HEAL_SECONDS, ClusterTest, deployment, side_by_side

BEFORE, IMAGE = "registry.test/shop:sqlite", "registry.test/shop:v1"


class Cutover(ClusterTest):
    def setUp(self):
        super().setUp()
        self.let_probes_pass()
        self.make_ready_database()
        self.run_before()

    def run_before(self, **container):
        """Unlabelled, as an app that nobody has told the operator of."""
        made = deployment("web", self.space, BEFORE, database=None)
        made["spec"]["template"]["spec"]["containers"][0].update(container)
        self.api.create("deployment", made)
        self.eventually("it has rolled", lambda: self.templates() == 1)

    def move(self):
        """Label, image and Secret in one write, as helm upgrade does it."""
        container = {"name": "app", "image": IMAGE, "envFrom": [{"secretRef": {"name": "app-database"}}]}
        self.api.patch(
            "deployment",
            "web",
            {
                "metadata": {"labels": {"djangodb.io/database": "app"}},
                "spec": {"template": {"spec": {"containers": [container]}}},
            },
            self.space,
        )

    def assert_asked(self):
        found = self.wait_for_condition("PreflightPassed", "False", "CutoverUnconfirmed")
        for words in (BEFORE, 'without Secret "app-database"', "spec.cutover.startEmpty: " + self.database):
            self.assertIn(words, found["message"])
        self.wait_for_condition("Stalled", "True", "CutoverUnconfirmed")
        self.assertEqual(self.api.list("job", self.space), [])
        self.assertTrue(self.api.read("deployment", "web", self.space)["spec"]["paused"])
        self.assertEqual(self.templates(), 1)

    def assert_goes_on(self):
        self.eventually("it migrates", lambda: self.jobs_of("migrate"), HEAL_SECONDS)


class Empty(Cutover):
    def test_until_it_is_meant(self):
        self.move()
        self.assert_asked()
        self.assert_quiet()
        self.change("djdb", "app", {"cutover": {"startEmpty": self.database}}, self.space)
        self.assert_goes_on()

    def test_until_its_data_is_loaded(self):
        self.move()
        self.assert_asked()
        self.sql(
            "CREATE TABLE django_migrations (id int, app text, name text);"
            " INSERT INTO django_migrations VALUES (1, 'orders', '0001_initial');"
            " ALTER TABLE django_migrations OWNER TO %s_owner" % self.database,
            self.database,
        )
        self.assert_goes_on()

    def test_scaled_down_for_the_move(self):
        """It ran all the same: its ReplicaSet is there."""
        self.scale("web", 1)
        self.scale("web", 0)
        self.move()
        self.assert_asked()

    def test_for_another_database_is_refused(self):
        refused = self.is_refused(
            lambda: self.api.patch("djdb", "app", {"spec": {"cutover": {"startEmpty": "shop"}}}, self.space),
            "must be spec.database.name",
        )
        self.assertTrue(refused)


class NamedBefore(Cutover):
    def run_before(self):
        super().run_before(envFrom=[{"secretRef": {"name": "app-database"}}])

    def test_it_could_not_start_before_the_secret_was_there(self):
        self.move()
        self.assert_goes_on()


def load_tests(_, tests, __):
    return side_by_side(tests)


if __name__ == "__main__":
    unittest.main()
