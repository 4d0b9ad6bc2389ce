"""Runs clang-tidy over everything that a build tree compiles, and prints each finding once.

usage: clang_tidy.py BUILD [PATTERN...]      PATTERN: regular expressions of paths, such as controller/kube/

A result is kept for the content it came from: the file, all that it includes, its compile command, the configuration
and clang-tidy itself. So a second run costs seconds, and a change what includes it. The results are in
${DJDB_CACHE:-~/.cache/djangodb-operator}/clang-tidy; those that nobody asked for in 30 days are removed.
"""

import concurrent.futures
import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
CACHE = (
    pathlib.Path(
        os.environ.get("DJDB_CACHE")
        or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "djangodb-operator"
    )
    / "clang-tidy"
)
STARTED = time.time()
KEPT_SECONDS = 30 * 24 * 3600
KEPT_CONTENTS = 4  # of one file, the latest first: going to another branch and back costs nothing
PROGRESS_EVERY = 20  # files
FINDING = re.compile(r"^\S+:\d+:\d+: (?:warning|error): .*\[[\w.,-]+\]$")


class LintError(Exception):
    """What went wrong with the run itself, in one line for the user."""


@dataclasses.dataclass
class Result:
    source: str
    findings: list[str]
    seconds: float
    cached: bool


def sha256(text: str | bytes) -> str:
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()


def in_repository(text: str) -> str:
    """Without the place of this working tree, so that all of a machine share the results."""
    return text.replace(f"{ROOT}/", "").replace(str(ROOT), ".")


def tracked(*patterns: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).exists()]


@functools.cache
def content_of(path: str) -> str:
    """The hash of a file; empty when it is not there. Relative paths are the repository's."""
    try:
        return sha256((ROOT / path).read_bytes())
    except OSError:
        return ""


def is_new(path: str) -> bool:
    return (ROOT / path).stat().st_mtime >= STARTED


@functools.cache
def version() -> str:
    try:
        return subprocess.run(["clang-tidy", "--version"], check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise LintError(f"clang-tidy does not run: {error}; call this through tests/lint/with-tools") from error


def configuration_of(source: str) -> str:
    """The files that tell clang-tidy what to check there, without their comments."""
    files = [ROOT / folder / ".clang-tidy" for folder in pathlib.PurePath(source).parents]
    lines = [line for file in files if file.exists() for line in file.read_text(encoding="utf-8").splitlines()]
    return "\n".join(line for line in lines if not line.startswith("#"))


def compiled(build: pathlib.Path) -> dict[str, str]:
    """Each tracked C++ file and its compile command; a file that nothing compiles would not be checked."""
    try:
        database = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise LintError(f"no compile commands in {build}: run cmake --preset dev") from error
    commands = {in_repository(entry["file"]): in_repository(entry["command"]) for entry in database}
    sources = tracked("*.cpp")
    missing = [source for source in sources if source not in commands]
    if missing:
        raise LintError(f"no target of {build} compiles {', '.join(missing)}")
    return {source: commands[source] for source in sources}


def read_files(dependencies: pathlib.Path) -> list[str]:
    """The paths in what -MD wrote."""
    rule = dependencies.read_text(encoding="utf-8").replace("\\\n", " ").partition(":")[2]
    return sorted({in_repository(os.path.normpath(path)) for path in shlex.split(rule)})


def findings_in(output: str) -> list[str]:
    """One text for each finding, with its notes and source lines."""
    found: list[list[str]] = []
    for line in in_repository(output).splitlines():
        if FINDING.match(line):
            found.append([line])
        elif found:
            found[-1].append(line)
    return ["\n".join(lines) for lines in found]


def run_clang_tidy(build: pathlib.Path, source: str) -> tuple[list[str], list[str]]:
    """The findings and the files that were read."""
    with tempfile.TemporaryDirectory(prefix="djdb-clang-tidy-") as folder:
        dependencies = pathlib.Path(folder) / "read.d"
        ended = subprocess.run(
            ["clang-tidy", "-p", build, "--quiet", f"--extra-arg=-Wp,-MD,{dependencies}", ROOT / source],
            capture_output=True,
            text=True,
        )
        findings = findings_in(ended.stdout)
        if ended.returncode != 0 and not findings:
            raise LintError(f"clang-tidy ended with {ended.returncode} on {source}: {ended.stderr.strip()}")
        return findings, read_files(dependencies)


class Memory:
    """The results of one file and command, the latest first."""

    def __init__(self, source: str, command: str) -> None:
        self.file = CACHE / f"{sha256(version() + configuration_of(source) + source + command)}.json"
        self.records = json.loads(self.file.read_text(encoding="utf-8")) if self.file.exists() else []

    def recall(self) -> list[str] | None:
        """The findings of the very content that the files have now."""
        for record in self.records:
            if all(content_of(path) == known for path, known in record["read"].items()):
                os.utime(self.file)
                return record["findings"]
        return None

    def keep(self, findings: list[str], read: list[str]) -> None:
        # What did not compile may do so once a file appears that is in no list of files read; and of a file that was
        # edited meanwhile nobody knows which content was read.
        if any("[clang-diagnostic-error" in finding for finding in findings) or any(map(is_new, read)):
            return
        self.records.insert(0, {"read": {path: content_of(path) for path in read}, "findings": findings})
        new = self.file.with_suffix(f".{os.getpid()}.new")
        new.write_text(json.dumps(self.records[:KEPT_CONTENTS]), encoding="utf-8")
        new.replace(self.file)


def check(build: pathlib.Path, source: str, command: str) -> Result:
    start = time.monotonic()
    memory = Memory(source, command)
    findings = memory.recall()
    if findings is not None:
        return Result(source, findings, 0, cached=True)
    findings, read = run_clang_tidy(build, source)
    memory.keep(findings, read)
    return Result(source, findings, time.monotonic() - start, cached=False)


def check_all(build: pathlib.Path, commands: dict[str, str]) -> list[Result]:
    """Prints each finding when it is first seen, and how far it is."""
    results: list[Result] = []
    printed: set[str] = set()
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        runs = [threads.submit(check, build, source, command) for source, command in commands.items()]
        try:
            for run in concurrent.futures.as_completed(runs):
                results.append(run.result())
                for finding in results[-1].findings:
                    if finding not in printed:
                        print(finding, flush=True)
                    printed.add(finding)
                if len(results) % PROGRESS_EVERY == 0:
                    print(f"clang-tidy: {len(results)} of {len(runs)} files", flush=True)
        finally:
            threads.shutdown(cancel_futures=True)
    return results


def forget_old() -> None:
    for file in CACHE.iterdir():
        if file.stat().st_mtime < time.time() - KEPT_SECONDS:
            file.unlink(missing_ok=True)


def main() -> None:
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    start = time.monotonic()
    CACHE.mkdir(parents=True, exist_ok=True)
    build = pathlib.Path(sys.argv[1]).resolve()
    commands = compiled(build)
    if patterns := sys.argv[2:]:
        commands = {
            source: command for source, command in commands.items() if any(re.search(p, source) for p in patterns)
        }
    results = check_all(build, commands)
    forget_old()

    fresh = sorted((result for result in results if not result.cached), key=lambda result: -result.seconds)
    findings = {finding for result in results for finding in result.findings}
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(
        f"clang-tidy: {len(findings)} findings in {len(results)} files, {len(fresh)} of them checked anew, "
        f"in {time.monotonic() - start:.0f} s ({used.ru_utime + used.ru_stime:.0f} s of CPU)"
    )
    if fresh:
        print("slowest: " + ", ".join(f"{result.source} {result.seconds:.0f} s" for result in fresh[:5]))
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    try:
        main()
    except LintError as error:
        sys.exit(f"tests/lint: {error}")
