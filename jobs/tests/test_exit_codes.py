"""Each reason of djangodb_exit_codes.py is produced by a test of this folder, for real."""

import pathlib
import sys

import pytest

from app import JOBS


def reasons():
    sys.path.insert(0, str(JOBS))
    try:
        from djangodb_exit_codes import EXIT_CODES
    finally:
        sys.path.remove(str(JOBS))
    return sorted(set(EXIT_CODES) - {"Internal"})  # see there


@pytest.mark.parametrize("reason", reasons())
def test_every_reason_has_a_test(reason):
    tests = [file.read_text() for file in pathlib.Path(__file__).parent.glob("test_*.py")]
    assert any('"%s", ' % reason in text for text in tests)
