"""Each reason of djangodb_exit_codes.py is produced by a test of this folder, for real."""

import pathlib

import pytest

from app import jobs_importable


def reasons():
    with jobs_importable():
        from djangodb_exit_codes import EXIT_CODES
    return sorted(set(EXIT_CODES) - {"Internal"})  # see there


@pytest.mark.parametrize("reason", reasons())
def test_every_reason_has_a_test(reason):
    tests = [file.read_text() for file in pathlib.Path(__file__).parent.glob("test_*.py")]
    assert any('"%s", ' % reason in text for text in tests)
