"""What one server, or one of its tenants, makes the operator wait for, it does not make the others wait for."""

import unittest

import stage
from case import HEAL_SECONDS, ClusterTest
from postgres import Postgres

# Of a server that waits: with every worker on them, one after the other, they take minutes.
HELD = 24


class SickServer(ClusterTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sick = Postgres("sick", stage.DIRECTORY)
        cls.sick("up", "--port", "0")
        cls.addClassCleanup(cls.sick, "down")

    def make_sick_server(self):
        self.sick.set_admins_password(self.admin.password)
        name = self.space + "-sick"
        self.make_server(name, ca={"ca.crt": self.sick.authority.read_text()}, port=int(self.sick.port))
        return name

    def make_held(self, number):
        return self.make_database(
            "held-%d" % number,
            serverRef={"name": self.space + "-sick"},
            database={"name": "%s_%d" % (self.database, number)},
        )

    def test_its_locks_hold_up_its_own_tenants_alone(self):
        self.make_sick_server()
        self.make_held(0)
        self.wait_for_condition("Ready", "True", name="held-0", seconds=HEAL_SECONDS)
        with self.sick.session("djangodb_operator") as holder:
            holder.ask("BEGIN")
            holder.ask("LOCK TABLE djangodb.claim IN ACCESS EXCLUSIVE MODE")
            for number in range(1, HELD):
                self.make_held(number)
            self.eventually(
                "workers wait for the lock",
                lambda: int(self.sick.sql("SELECT count(*) FROM pg_locks WHERE NOT granted")) >= 2,
            )
            self.make_ready_database()  # within a minute
            holder.ask("ROLLBACK")
        for number in range(HELD):
            self.wait_for_condition("Ready", "True", name="held-%d" % number, seconds=2 * HEAL_SECONDS)


if __name__ == "__main__":
    unittest.main()
