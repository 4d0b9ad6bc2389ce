"""The app's own management command, run in process until it hands over to Django."""

import json
import os
import runpy
import shlex
import shutil
import sys

from djangodb_answer import described, end, say, setting
from djangodb_reasons import setup_reason


def entry_point():
    """The app's own management command as a list; its first element is a file."""
    command = json.loads(setting("MANAGE", "[]")) or ["manage.py"]
    path = command[0] if os.path.exists(command[0]) else shutil.which(command[0])
    if not path:
        end(
            "EntryPointNotFound",
            "%s is neither a file in %s nor on PATH; set spec.app.manage" % (command[0], os.getcwd()),
        )
    return [os.path.abspath(path)] + command[1:]


def interpreter_of(path):
    """The interpreter that the file's #! line names: a virtual environment need not be on PATH."""
    words = hash_bang(path)
    by_env = bool(words) and os.path.basename(words[0]) == "env"
    if by_env:
        words = [word for word in words[1:] if not word.startswith("-") and "=" not in word]
    if not words or "python" not in os.path.basename(words[0]):
        return None
    found = shutil.which(words[0])
    # `env python` where there is but a python3: the image starts it as `python3 manage.py`, and so do we.
    if not found and not by_env:
        end("EntryPointNotFound", "%s names the interpreter %s, which is not in this image" % (path, words[0]))
    return found


def hash_bang(path):
    """What follows #!, as words. Installers write a line of shell where it would be too long or hold a space."""
    with open(path, "rb") as entry:
        line, second = entry.readline(512), entry.readline(4096)
    if second.startswith(b"'''exec' "):
        if b"$(dirname" in second:  # an environment that may be moved: its interpreter lies beside the script
            return [os.path.join(os.path.dirname(os.path.realpath(path)), "python3")]
        return shlex.split(second[len(b"'''exec' ") :].decode("utf-8", "replace"))
    return line[2:].decode("utf-8", "replace").split() if line.startswith(b"#!") else []


def become(interpreter, program):
    """Starts over with the app's interpreter, once."""
    same = interpreter is None or os.path.samefile(interpreter, sys.executable)
    # Links into a virtual environment are the same file and yet another interpreter: the folder tells.
    if same and (interpreter is None or os.path.dirname(interpreter) == os.path.dirname(sys.executable)):
        return
    if os.environ.get("DJANGODB_REEXECUTED"):
        return
    os.environ["DJANGODB_REEXECUTED"] = "1"
    os.execv(interpreter, [interpreter, program])


def take_over(entry, command, run):
    """Runs the entry point, as with this command, until it hands over to Django; there, run() takes its place."""
    sys.path.insert(0, os.path.dirname(entry[0]) if entry[0].endswith(".py") else os.getcwd())
    if os.getcwd() not in sys.path:
        sys.path.insert(1, os.getcwd())
    try:
        from django.core import management
    except ImportError as error:
        end("DjangoMissing", "%s can't import Django: %s" % (sys.executable, error), error)
    replace_hand_over(management, entry, command, run)
    sys.argv = entry + ([command, "--noinput"] if command == "migrate" else [command])
    try:
        runpy.run_path(entry[0], run_name="__main__")
    except SystemExit as error:
        end("EntryPointNotDjango", "%s called sys.exit(%s) before it reached Django" % (entry[0], error.code), error)
    except BaseException as error:
        reason = "EntryPointNotDjango" if is_no_python(entry[0], error) else setup_reason(error)
        end(reason, described(error), error)
    end("EntryPointNotDjango", "%s ended without handing over to Django; set spec.app.manage" % entry[0])


def replace_hand_over(management, entry, command, run):
    """Both ways into Django. Past us, an entry point that uses call_command would migrate without the lock.

    Nor may the app migrate by itself, as when its code is loaded, while we are there for something else.
    """
    original = management.call_command
    reached = []

    def hand_over():
        reached.append(True)
        run()

    def execute(utility):
        obey_options(utility.argv, entry[1:])
        hand_over()

    def call_command(name, *arguments, **options):
        if name == "migrate" and not reached:
            hand_over()
        if name == "migrate" and command != "migrate":
            return say("the app would migrate by itself; it was kept from it")
        return original(name, *arguments, **options)

    management.ManagementUtility.execute = execute
    management.call_command = call_command


def obey_options(argv, words):
    """What Django's every command takes, such as --settings. Other words of spec.app.manage would be dropped."""
    from django.core.management.base import BaseCommand, handle_default_options

    options, rest = BaseCommand().create_parser(argv[0], "migrate").parse_known_args(argv[1:])
    refused = [word for word in rest if word in words and word != "migrate"]
    if refused:
        end(
            "OptionsRefused",
            "%s reached Django, and the migration would go without it; take it out of spec.app.manage"
            % " ".join(refused),
        )
    handle_default_options(options)


def is_no_python(path, error):
    """A shell script or a binary."""
    return isinstance(error, (SyntaxError, ValueError)) and (
        getattr(error, "filename", None) == path or "null bytes" in str(error)
    )
