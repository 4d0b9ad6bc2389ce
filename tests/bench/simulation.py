"""How many histories of the operator in a model world (tests/model) one core plays in a second of its CPU time."""

import os
import subprocess

import figures


def measure(binary, seeds, runs):
    """One line: `min / median / max` of so many runs on one thread, each of the same seeds."""
    rates = []
    for _ in range(runs):
        before = os.times()
        subprocess.run(
            [binary, "--base", "1", "--seeds", str(seeds), "--threads", "1"], check=True, stdout=subprocess.DEVNULL
        )
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        rates.append(seeds / cpu)
    return "  %d histories    %s a second and core" % (seeds, figures.spread(rates, "%.0f"))
