"""Figures for people: spreads of several runs, and how busy others kept the machine meanwhile."""

import os
import pathlib
import statistics

TICKS = os.sysconf("SC_CLK_TCK")


def spread(values, form="%.2f"):
    """`min / median / max` of one or more values."""
    return " / ".join(form % value for value in (min(values), statistics.median(values), max(values)))


def file_system(path):
    """Its type, and the device."""
    mounts = [line.split()[:3] for line in pathlib.Path("/proc/mounts").read_text().splitlines()]
    above = [(len(point), kind, device) for device, point, kind in mounts if path.resolve().is_relative_to(point)]
    _, kind, device = max(above)
    return "%s (%s)" % (kind, device)


def machine():
    """One line; figures mean little without it."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "unknown processor",
    )
    load = " ".join("%.2f" % value for value in os.getloadavg())
    return "%d cores, %s, load average %s" % (os.cpu_count(), model, load)


def _stat(pid):
    return pathlib.Path("/proc/%d/stat" % pid).read_text().rsplit(")", 1)[1].split()


def _children(pid):
    for task in pathlib.Path("/proc/%d/task" % pid).iterdir():
        yield from map(int, (task / "children").read_text().split())


def cpu_of(pid):
    """Seconds of CPU of a process, its children that ended, and those that live."""
    try:
        total = sum(map(int, _stat(pid)[11:15])) / TICKS
        return total + sum(map(cpu_of, _children(pid)))
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # ended between two reads


def cpu_of_machine():
    """Seconds in which a core had work, whoever's."""
    fields = list(map(int, pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]))
    return (sum(fields) - fields[3] - fields[4]) / TICKS


def memory_and_handles(pid):
    """Resident and highest MiB, threads, descriptors."""
    status = dict(line.split(":", 1) for line in pathlib.Path("/proc/%d/status" % pid).read_text().splitlines())
    resident, highest = (int(status[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))
    return resident, highest, int(status["Threads"]), len(os.listdir("/proc/%d/fd" % pid))
