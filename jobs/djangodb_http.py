"""Proof that the release answers: one URL is asked for until it is answered with 2xx, or the time is over.

The status alone counts. Of the body little is read and nothing shown, since it may hold data. What this needs of the
standard library is imported late: gevent, with which an app may work, can't change a module `ssl` that is there.
"""

import contextlib
import json
import re
import threading
import time

from djangodb_answer import end, one_line, publish, say, setting
from djangodb_proof import prove

ONE_TRY = 10  # seconds, all of it
PAUSE = 2  # seconds
MOST_OF_BODY = 64 * 1024
LONGEST_URL = 120  # characters

OF_A_REDIRECT = "set the header that the app asks for, such as X-Forwarded-Proto, in spec.verify.http.headers"
OF_ANOTHER_PLACE = "a redirect is not followed: name in spec.verify.http a path that is answered itself"
OF_THE_HOST = (
    "Django's ALLOWED_HOSTS is the usual cause: add the host to ALLOWED_HOSTS, or set the header Host in "
    "spec.verify.http.headers"
)
OF_THE_NAME = "look at the name of the Service; or a NetworkPolicy keeps this Pod from DNS (port 53)"
OF_THE_PORT = "look at the ports and the selector of the Service, which refuses too while none of its Pods is ready"
OF_THE_WAY = "look at the selector of the Service; or a NetworkPolicy drops what comes from this Pod"


class Answered:
    def __init__(self, response):
        self.status = response.status
        self.location = response.headers.get("Location") or ""

    def is_well(self):
        return 200 <= self.status < 300

    def told(self):
        """What was seen, and what to do about it."""
        text = "answered %d" % self.status
        if 300 <= self.status < 400 and self.location:
            advice = OF_A_REDIRECT if self.location.startswith("https:") else OF_ANOTHER_PLACE
            return "%s to %s" % (text, shown(self.location)), advice
        return text, OF_THE_HOST if self.status == 400 else None


class Failed:
    status = None

    def __init__(self, error, seconds):
        self.error = getattr(error, "reason", error)  # urllib wraps what opening the connection met with
        self.seconds = seconds

    def is_well(self):
        return False

    def told(self):
        import socket

        if isinstance(self.error, socket.gaierror):
            return "failed: the name is not found", OF_THE_NAME
        if isinstance(self.error, (TimeoutError, socket.timeout)):
            return "was not answered within %.0f s" % self.seconds, OF_THE_WAY
        if isinstance(self.error, ConnectionRefusedError):
            return "failed: connection refused", OF_THE_PORT
        if isinstance(self.error, ConnectionError):
            return "failed: the connection was closed without an answer", None
        if isinstance(self.error, OSError):
            return "failed: %s" % (self.error.strerror or type(self.error).__name__), OF_THE_WAY
        return "was answered by what is no HTTP (%s)" % type(self.error).__name__, None  # its text is the answer's


def get(url):
    """Returns what is said of it."""
    from urllib.parse import urlsplit

    if urlsplit(url).scheme != "http":
        raise ValueError("DJANGODB_HTTP_URL is no http:// URL")
    headers = {name: str(value) for name, value in json.loads(setting("HTTP_HEADERS", "{}")).items()}
    publish(stage="http", http={"url": shown(url)})
    deadline = time.monotonic() + float(setting("HTTP_SECONDS", "60"))
    while True:
        began = time.monotonic()
        seen = one_try(url, headers, min(ONE_TRY, max(deadline - began, 1)))
        tell(url, seen, began)
        text, advice = seen.told()
        text = "GET %s %s" % (shown(url), text)
        if seen.is_well():
            prove("http")
            return text
        if time.monotonic() + PAUSE > deadline:
            end("VerifyFailed", text, None, advice)
        say(text)
        time.sleep(PAUSE)


def tell(url, seen, began):
    answer = {"url": shown(url), "status": seen.status, "ms": int((time.monotonic() - began) * 1000)}
    publish(http={name: value for name, value in answer.items() if value is not None})


def one_try(url, headers, seconds):
    """In a thread: a socket's timeout bounds neither the resolver nor a server that sends a byte now and then."""
    seen = []

    def ask():
        try:
            with open_url(url, headers, seconds) as response:
                seen.append(Answered(response))
                with contextlib.suppress(Exception):
                    response.read(MOST_OF_BODY)  # most servers would log that we went away
        except Exception as error:
            seen.append(Failed(error, seconds))

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    first = seen[0] if seen else Failed(TimeoutError(), seconds)
    refuse_what_cannot_be_sent(getattr(first, "error", None))
    return first


def open_url(url, headers, seconds):
    """By nothing but HTTP: no proxy of the environment, no redirect, no status that is an error."""
    from urllib.request import HTTPHandler, OpenerDirector, Request

    opener = OpenerDirector()
    opener.add_handler(HTTPHandler())
    return opener.open(Request(url, headers=dict({"User-Agent": "djangodb-verify"}, **headers)), timeout=seconds)


def refuse_what_cannot_be_sent(error):
    """No other try changes it. The error's words hold the header, which may be a secret."""
    from http.client import InvalidURL

    if isinstance(error, (ValueError, InvalidURL)):
        kind = type(error).__name__
        end("VerifyFailed", "the URL or the headers of spec.verify.http can't be sent (%s)" % kind)


def shown(url):
    """Without what may be a secret: a login, a query."""
    bare = re.sub(r"^(\w+://)[^/?#]*@", r"\1", re.split("[?#]", url)[0])
    return one_line(bare)[:LONGEST_URL]
