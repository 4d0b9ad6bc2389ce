"""Proof by the app's own command, which ends with 0 where the release works.

It runs as the container would have run it: in the folder and with the environment from before the app's code could
change them. Without our own variables: those are no business of the app's, and the headers in one may be a secret. What
it prints is passed on to our log line by line.
"""

import collections
import contextlib
import itertools
import os
import re
import shutil
import signal
import threading
import time

from djangodb_answer import STOPPING, end, log, one_line, publish, setting
from djangodb_proof import prove
from djangodb_secrets import scrub
from djangodb_signals import working_until

ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("DJANGODB_")}
FOLDER = os.getcwd()

GRACE = 5  # seconds between SIGTERM and SIGKILL when its time is over
LAST_GRACE = 3  # when ours is: djangodb_signals waits for 5
PAUSE = 0.02
CHUNK = 64 * 1024
LONGEST_LINE = 16 * 1024  # bytes, as those of a container's log
LINES = 50  # that are kept to find the last words among
FIELD = "set spec.verify.command"

# From before the app's gevent could put its own in their place: that reaps what it starts, and its locks are not for
# real threads, as the one is that waits for signals.
posix_spawn, set_handler = os.posix_spawn, signal.signal
LOCK = threading.Lock()


class Group:
    """A process and all that it starts."""

    def __init__(self):
        self.leader = None

    def start(self, path, words, output):
        """Not by subprocess: our signals are blocked, and so they would be for the process, which could not be ended.

        Either a signal finds it here, or it keeps it from being started.
        """
        with LOCK:
            if STOPPING.is_set():
                return
            self.leader = posix_spawn(
                path,
                words,
                ENVIRONMENT,
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, output, 1),
                    (os.POSIX_SPAWN_DUP2, output, 2),
                ],
                setpgroup=0,
                setsigmask=[],
                setsigdef=[signal.SIGPIPE, signal.SIGXFSZ],  # which Python ignores
            )

    def send(self, number):
        with LOCK:
            if self.leader is not None:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self.leader, number)

    def has_ended(self):
        """Its number stays its own until it is reaped."""
        try:
            return os.waitid(os.P_PID, self.leader, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except (ChildProcessError, TypeError):  # reaped: `stop` is another thread's
            return True

    def reap(self):
        with LOCK:
            result = os.waitid(os.P_PID, self.leader, os.WEXITED)
            self.leader = None
        return result

    def stop(self):
        self.send(signal.SIGTERM)
        deadline = time.monotonic() + LAST_GRACE
        while time.monotonic() < deadline and not self.has_ended():
            time.sleep(PAUSE)
        self.send(signal.SIGKILL)


class Output:
    def __init__(self, pipe):
        os.set_blocking(pipe, False)
        self.pipe = pipe
        self.rest = b""
        self.tail = collections.deque(maxlen=LINES)

    def pass_on(self):
        """Whether there was something."""
        try:
            chunk = os.read(self.pipe, CHUNK)
        except BlockingIOError:
            return False
        *lines, rest = (self.rest + chunk).split(b"\n")
        for line in lines:
            self.take(line)
        self.rest = rest[:LONGEST_LINE]
        return bool(chunk)

    def pass_on_rest(self):
        for _ in range(CHUNK // 1024):  # what left the group may still print, and without end
            if not self.pass_on():
                break
        if self.rest:
            self.take(self.rest)

    def take(self, line):
        text = line[:LONGEST_LINE].decode("utf-8", "replace")
        log(text)
        self.tail.append(text)

    def last_words(self):
        """Scrubbed all together, since a secret may have several lines."""
        lines = scrub("\n".join(self.tail)).splitlines()
        return next(filter(None, map(one_line, reversed(lines))), "")


def run_command(words):
    """Returns what is said of it."""
    os.chdir(FOLDER)
    publish(stage="command")
    path = path_of(words[0])
    seconds = float(setting("COMMAND_SECONDS", "60"))
    began = time.monotonic()
    status, in_time, said = run(path, words, seconds)
    answer = {"ms": int((time.monotonic() - began) * 1000)}
    if STOPPING.is_set():
        end("Interrupted", "stopped by a signal")
    if not in_time:
        publish(command=answer)
        end("VerifyFailed", with_words("%s did not end within %g s" % (shown(words), seconds), said))
    code, text = outcome(status)
    publish(command=dict(answer, exit_code=code))
    text = "%s %s" % (shown(words), text)
    if code != 0:
        end("VerifyFailed", with_words(text, said))
    prove("command")
    return text


def path_of(program):
    path = shutil.which(program, path=ENVIRONMENT.get("PATH", os.defpath))
    if path:
        return path
    if os.path.exists(program) and os.path.dirname(program):
        end("VerifyFailed", "%s can't be executed; name its interpreter before it" % program, None, FIELD)
    place = "there is no %s" if os.path.dirname(program) else "%s is not on PATH"
    end("VerifyFailed", place % program, None, FIELD)


def run(path, words, seconds):
    """How it ended, whether in time, and the last line that it printed."""
    set_handler(signal.SIGCHLD, signal.SIG_DFL)  # code of the app may have left it to the kernel or to itself
    group = Group()
    working_until(group.stop)
    ours, its = os.pipe()
    try:
        group.start(path, words, its)
    except OSError as error:  # such as a #! line with an interpreter that is not there
        end("VerifyFailed", "%s can't be executed: %s" % (shown(words), error.strerror), error, FIELD)
    os.close(its)
    output = Output(ours)
    in_time = ends_within(group, output, seconds)
    if not in_time:
        group.send(signal.SIGTERM)
        ends_within(group, output, GRACE)
    group.send(signal.SIGKILL)  # what it left behind too
    if group.leader is None:
        return None, in_time, ""  # never started
    status = group.reap()
    output.pass_on_rest()
    return status, in_time, output.last_words()


def ends_within(group, output, seconds):
    deadline = time.monotonic() + seconds
    while not group.has_ended():
        if time.monotonic() >= deadline:
            return False
        if not output.pass_on():
            time.sleep(PAUSE)
    return True


def outcome(status):
    """A code as shells have it, and words."""
    if status.si_code == os.CLD_EXITED:
        return status.si_status, "ended with %d" % status.si_status
    text = "was killed by signal %d" % status.si_status
    if status.si_status == signal.SIGKILL:
        text += " (out of memory?)"
    return 128 + status.si_status, text


def with_words(text, said):
    return "%s: %s" % (text, said) if said else text


def shown(words):
    """The program, and what it runs if it is Python or Django's command line: other words may hold secrets."""
    count = 1
    if re.match(r"python[\d.]*$", os.path.basename(words[0])):
        count += len(list(itertools.takewhile(re.compile(r"-(?!\w*c)\w+$").match, words[1:])))
        count += not "".join(words[count : count + 1]).startswith("-")
    if os.path.basename(words[:count][-1]) in ("manage.py", "django-admin", "django"):
        count += bool(re.match(r"[a-z]\w*$", "".join(words[count : count + 1])))
    return one_line(" ".join(words[:count]))[:100]
