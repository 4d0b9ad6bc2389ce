#!/usr/bin/env python3
"""Prints what the operator costs: size at rest, time beside bare libpq, its share of a release. Asserts no time.

usage: bench.py [--runs N] [--count N] [--only provision|connections|resync|fairness|release|simulation]

Each run of `provision` has an API server, a PostgreSQL and an operator of its own, and the baseline another
fresh PostgreSQL; which of the two comes first alternates. `connections` does the same with 1, 2, 4 and 8 sessions.
`resync` makes 500 and then 3,000 databases (22 GB on disk, over ten minutes) and looks at the operator when it looks at
all of them again. `fairness` looks at newcomers on one server while 200 resources wait for another. `release` runs
the end-to-end story on the full cluster and needs root. `simulation` needs nothing: it plays histories in memory. Uses
build/release and build/simulation, where `make bench` has built the programs.
"""

import argparse
import pathlib
import shutil
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import environment
import fairness
import figures
import provision
import release_times
import resync
import simulation
import world
from environment import ROOT
from local.settings import default_directory
from operator_process import OperatorProcess
from wait import Unmet

BUILD = ROOT / "build/release"
OPERATOR = BUILD / "controller/djangodb-operator"
BARE = BUILD / "tests/bench/bare_provision"
SIMULATE = ROOT / "build/simulation/tests/model/simulate"
STATE = BUILD / "bench"
CONNECTIONS = 4
SEEDS = 2000
PARTS = ("provision", "connections", "resync", "fairness", "release", "simulation")


def say(text):
    print(text, flush=True)


def at_rest(operator):
    environment.wait_until_idle(operator.pid)
    return figures.memory_and_handles(operator.pid)


def by_operator(binary, directory, count, connections):
    """(at rest without resources, the run, at rest with all of them, its server)"""
    server = environment.PostgresServer(directory, "operator")
    with (
        environment.ApiServer(directory / "api") as cluster,
        server,
        environment.operator(binary, directory / "operator", "--concurrency", str(connections)) as operator,
    ):
        empty = at_rest(operator)
        environment.connect(server, provision.NAMESPACE, connections)
        environment.wait_until_idle(operator.pid)
        run = provision.by_operator(cluster, server, operator, count, directory / "databases.json")
        return empty, run, at_rest(operator), server


def by_libpq_and_api(directory, count, connections):
    """(the run, its server): without an operator"""
    server = environment.PostgresServer(directory, "bare")
    with environment.ApiServer(directory / "api") as cluster:
        world.kubectl("create", "namespace", provision.NAMESPACE)
        run = provision.by_libpq_and_api(BARE, cluster, server, count, connections, directory / "databases.json")
    return run, server


def describe(name, run):
    cpu = ", ".join("%s %.1f" % item for item in sorted(run.cpu.items(), key=lambda item: -item[1]))
    say(
        "    %-13s %6.2f s; %d logins, %d statements; CPU s: %s; other work had %.0f %% of the cores"
        % (name, run.seconds, run.logins, run.statements, cpu, 100 * run.others)
    )
    if run.ready:
        say("              each Ready %s s after its own Secret (min / median / max)" % figures.spread(run.ready))
    if run.calls:
        say(
            "              last resource created after %.2f s; calls: %s"
            % (run.applied, ", ".join("%d %s" % (times, call) for call, times in run.calls.most_common()))
        )


def measure_run(binary, number, count, connections=CONNECTIONS):
    """One run of both, each on servers of its own."""
    directory = STATE / ("run-%d" % number)
    bare_server = environment.PostgresServer(directory, "bare")
    directory.mkdir(parents=True, exist_ok=True)
    say("  run %d: %s; servers on %s" % (number, figures.machine(), figures.file_system(directory)))
    if number % 2:
        bare = provision.by_libpq(BARE, bare_server, count, connections)
    empty, run, full, server = by_operator(binary, directory, count, connections)
    if number % 2 == 0:
        bare = provision.by_libpq(BARE, bare_server, count, connections)
    bare_server.remove()
    least, least_server = by_libpq_and_api(directory, count, connections)
    describe("libpq", bare)
    describe("and the API", least)
    describe("operator", run)
    say("    ratio         %6.2f to libpq, %.2f to libpq and the API" % (_ratio(run, bare), _ratio(run, least)))
    return empty, full, bare, least, run, (least_server, server)


def _ratio(run, other):
    return run.seconds / other.seconds


def print_rest(name, measured):
    columns = list(zip(*measured, strict=True))
    say(
        "  %-16s RSS %s MiB, highest %s MiB, threads %s, descriptors %s"
        % (
            name,
            figures.spread(columns[0], "%.1f"),
            figures.spread(columns[1], "%.1f"),
            figures.spread(columns[2], "%d"),
            figures.spread(columns[3], "%d"),
        )
    )


def print_cpu(bare, operated):
    """CPU says more than time while others use the machine; Kubernetes' share is what libpq does not have at all."""
    pairs = list(zip(bare, operated, strict=True))
    say(
        "  CPU ratio        PostgreSQL %s, operator beside bare client %s"
        % (
            figures.spread([with_it.cpu["postgres"] / without.cpu["postgres"] for without, with_it in pairs]),
            figures.spread([with_it.cpu["operator"] / without.cpu["client"] for without, with_it in pairs]),
        )
    )
    say(
        "  CPU of kubectl, API server, etcd and controllers beside all of bare libpq's: %s"
        % figures.spread(
            [
                (sum(with_it.cpu.values()) - with_it.cpu["postgres"] - with_it.cpu["operator"])
                / sum(without.cpu.values())
                for without, with_it in pairs
            ]
        )
    )


def measure_provisioning(binary, runs, count):
    say("== %d DjangoDatabases, %d connections, %d runs (min / median / max)" % (count, CONNECTIONS, runs))
    results, servers = [], []
    try:
        for number in range(1, runs + 1):
            *result, used = measure_run(binary, number, count)
            results.append(result)
            servers += used
    finally:
        for server in servers:
            server.remove()
    empty, full, bare, least, operated = zip(*results, strict=True)
    say("  bare libpq       %s s" % figures.spread([run.seconds for run in bare]))
    say("  and API calls    %s s: those that can't be avoided" % figures.spread([run.seconds for run in least]))
    say(
        "  operator         %s s from the start of kubectl apply to the last Secret"
        % figures.spread([run.seconds for run in operated])
    )
    for name, others in (("libpq", bare), ("and API calls", least)):
        ratios = [_ratio(run, other) for run, other in zip(operated, others, strict=True)]
        say("  ratio to %-13s %s" % (name, figures.spread(ratios)))
    print_cpu(bare, operated)
    say("== the operator at rest, %d runs (min / median / max)" % runs)
    print_rest("no resource", empty)
    print_rest("%d resources" % count, full)


def measure_connections(binary, count):
    say("== databases/s by the number of sessions, %d DjangoDatabases, one run each" % count)
    lines, servers = [], []
    try:
        for number, connections in enumerate((1, 2, 4, 8), 1):
            _, _, bare, _, run, used = measure_run(binary, number, count, connections)
            servers += used
            lines.append(
                "  %d sessions: libpq %5.2f/s, operator %5.2f/s, ratio of the times %.2f"
                % (connections, count / bare.seconds, count / run.seconds, run.seconds / bare.seconds)
            )
    finally:
        for server in servers:
            server.remove()
    for line in lines:
        say(line)


def measure_resync(binary, counts):
    say("== all resources looked at again, one run; " + figures.machine())
    directory = STATE / "run-resync"
    server = environment.PostgresServer(directory, "operator")
    try:
        with environment.ApiServer(directory / "api") as cluster, server:
            for line in resync.measure(binary, directory, cluster, server, counts):
                say(line)
    finally:
        server.remove()


def measure_fairness(binary):
    say("== newcomers on a healthy server, one run; " + figures.machine())
    directory = STATE / "run-fairness"
    servers = [environment.PostgresServer(directory, name) for name in ("operator", "bare")]
    try:
        with environment.ApiServer(directory / "api"), servers[0], servers[1]:
            for line in fairness.measure(binary, directory, *servers):
                say(line)
    finally:
        for server in servers:
            server.remove()


def measure_simulation(runs):
    say("== the simulation on one thread, by its CPU time, %d runs (min / median / max)" % runs)
    say(simulation.measure(SIMULATE, SEEDS, runs))


def measure_release(binary):
    """On the full cluster; one that was up already stays up."""
    was_up = (default_directory() / "kubeconfig").exists()
    say("== where the time of a release goes, one run of the end-to-end story; " + figures.machine())
    try:
        subprocess.run([ROOT / "tests/e2e/prepare", binary], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([sys.executable, ROOT / "tests/e2e/release_story.py"], check=True, stdout=subprocess.DEVNULL)
        release_times.report(default_directory())
    finally:
        if not was_up:
            for program in ("postgres", "down"):
                verb = ["down"] if program == "postgres" else []
                subprocess.run([ROOT / "tests/cluster" / program, *verb], check=True, stdout=subprocess.DEVNULL)


def clear():
    """What a run that crashed left behind."""
    for directory in sorted(STATE.glob("run-*")):
        OperatorProcess(directory / "operator").stop()
        world.run(str(ROOT / "tests/cluster/down"), "--dir", str(directory / "api"))
        for name in ("operator", "bare"):
            environment.PostgresServer(directory, name).remove()
        shutil.rmtree(directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--count", type=int, default=100, help="DjangoDatabases")
    parser.add_argument("--resources", type=int, nargs="+", default=[500, 3000], help="of resync, ascending")
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--operator", type=pathlib.Path, default=OPERATOR, help="another binary, to compare two")
    options = parser.parse_args()
    operator = options.operator.resolve()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("bench: told to stop"))  # an exception: cleans up on its way
    parts = options.only or PARTS
    clear()
    try:
        if "provision" in parts:
            measure_provisioning(operator, options.runs, options.count)
        if "connections" in parts:
            measure_connections(operator, options.count)
        if "resync" in parts:
            measure_resync(operator, options.resources)
        if "fairness" in parts:
            measure_fairness(operator)
        if "release" in parts:
            measure_release(operator)
        if "simulation" in parts:
            measure_simulation(options.runs)
    finally:
        clear()


if __name__ == "__main__":
    try:
        main()
    except Unmet as error:
        sys.exit("bench: %s" % error)
