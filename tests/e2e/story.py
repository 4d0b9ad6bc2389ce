"""How a story is told: steps, claims, and what is printed when a claim does not hold."""

import sys

import operator_pod
import world
from wait import Unmet


def step(text):
    print("\n== " + text, flush=True)


def show(text):
    print("   " + text.rstrip().replace("\n", "\n   "), flush=True)


def require(claim, holds, seen=""):
    """`seen` is what was there instead, shown only when the claim does not hold."""
    if not holds:
        raise Unmet("not as claimed: %s%s" % (claim, "\n%s" % (seen,) if seen != "" else ""))
    show("ok: " + claim)


def tell(main, clean_up=None):
    """Runs a story and removes what it made; without `clean_up`, or when it failed with DJDB_KEEP=1, all stays.

    When something is not as claimed, ends the program with 1, what the operator said last, and what it was.
    """
    clean_up = clean_up or (lambda: None)
    try:
        main()
    except Unmet as error:
        # What was not as claimed comes last: of a test that failed tests/run shows the last lines.
        print("\nThe operator's last words:\n" + operator_pod.last_words(), file=sys.stderr)
        print("\n" + str(error), file=sys.stderr)
        if world.environment("DJDB_KEEP") != "1":
            clean_up()
        sys.exit(1)
    clean_up()
    print("\n1 passed, 0 failed", flush=True)
