"""A log whose last line is still in the making: what is read is whole lines, and none is lost."""

import json
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from audit_log import OPERATOR, AuditLog, whole_lines


def line(name):
    event = {
        "user": {"username": OPERATOR},
        "verb": "patch",
        "stage": "ResponseComplete",
        "objectRef": {"resource": "secrets", "namespace": "shop", "name": name},
        "requestReceivedTimestamp": "2026-11-29T22:00:00.000000Z",
        "stageTimestamp": "2026-11-29T22:00:01.000000Z",
        "requestObject": {"data": "x" * 100000},
    }
    return json.dumps(event).encode() + b"\n"


class LineInTheMaking(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        (pathlib.Path(folder.name) / "log").mkdir()
        self.file = open(pathlib.Path(folder.name) / "log/audit.log", "wb", buffering=0)  # noqa: SIM115  # addCleanup
        self.addCleanup(self.file.close)
        self.log = AuditLog(pathlib.Path(folder.name))

    def names_behind(self, text):
        """What a tail and a mark see of `text` that were made before its last line was whole."""
        half = len(text) - 70000
        self.file.write(text[:half])
        with self.log.tail() as tail:
            mark = self.log.end()
            self.file.write(text[half:])
            followed = [request.name for request in tail.requests()]
            self.assertEqual(followed, [request.name for request in self.log.requests(mark)])
            return followed

    def test_line_is_read_from_its_begin(self):
        self.assertEqual(self.names_behind(line("first") + line("second")), ["second"])

    def test_first_line_too(self):
        self.assertEqual(self.names_behind(line("first")), ["first"])

    def test_whole_lines_are_behind_the_mark(self):
        self.file.write(line("first"))
        with self.log.tail() as tail:
            self.assertEqual(tail.requests(), [])
            self.assertEqual(self.log.requests(self.log.end()), [])

    def test_line_that_is_finished_between_two_reads(self):
        text = line("first") + line("second")
        self.file.write(text[: len(text) - 70000])
        with open(self.log.path, "rb") as log:
            rest = text[len(text) - 70000 :]
            self.assertEqual(list(whole_lines(self.growing(log, rest))), [line("first")])

    def growing(self, log, rest):
        """The lines of `log`, to which `rest` is added as soon as its end has been read."""
        for piece in log:
            if not piece.endswith(b"\n"):
                self.file.write(rest)
            yield piece


if __name__ == "__main__":
    unittest.main()
