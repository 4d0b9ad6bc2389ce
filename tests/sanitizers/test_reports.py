"""Real reports of the three sanitizers are found in the log of a process that the API server's suite runs."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests/cluster"), str(ROOT / "tests/support/python")]

from operator_process import OperatorProcess

LEAK = "#include <stdlib.h>\nint main() { volatile char* lost = malloc(7); lost = 0; return 0; }"
OVERFLOW = "int main(int count, char** words) { return 2147483647 + count; }"
# A race whose two writes fall together is missed now and then: 1 of 200 times. The relaxed flag keeps them apart and
# orders nothing.
RACE = """#include <pthread.h>
static int shared;
static int is_written;
static void* add(void* nothing) {
    while (!__atomic_load_n(&is_written, __ATOMIC_RELAXED)) { }
    ++shared;
    return nothing;
}
int main() {
    pthread_t other;
    pthread_create(&other, 0, add, 0);
    ++shared;
    __atomic_store_n(&is_written, 1, __ATOMIC_RELAXED);
    return pthread_join(other, 0);
}"""


class Reports(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.process = OperatorProcess(self.folder)

    def run_to_its_end(self, source, sanitizer):
        (self.folder / "defect.c").write_text(source)
        program = self.folder / "defect"
        subprocess.run(
            ["gcc", "-g", "-pthread", "-fsanitize=" + sanitizer, "-o", program, self.folder / "defect.c"], check=True
        )
        self.process.log_file.parent.mkdir()
        with open(self.process.log_file, "w") as log:
            log.write('{"msg": "defect.c:1:2: runtime error: told by the operator itself"}\n')
            log.flush()
            subprocess.run([program], stdout=log, stderr=log, check=False)

    def test_a_leak(self):
        self.run_to_its_end(LEAK, "address")
        self.assertRegex(self.process.sanitizer_report(), r"^==\d+==ERROR: LeakSanitizer")

    def test_undefined_behaviour(self):
        self.run_to_its_end(OVERFLOW, "undefined")
        self.assertRegex(
            self.process.sanitizer_report(), r"^\S+defect\.c:1:\d+: runtime error: signed integer overflow"
        )

    def test_a_race(self):
        self.run_to_its_end(RACE, "thread")
        self.assertRegex(self.process.sanitizer_report(), r"^WARNING: ThreadSanitizer: data race")

    def test_none(self):
        self.run_to_its_end("int main() { return 0; }", "address")
        self.assertEqual(self.process.sanitizer_report(), "")

    def test_no_log(self):
        self.assertEqual(self.process.sanitizer_report(), "")


if __name__ == "__main__":
    unittest.main()
