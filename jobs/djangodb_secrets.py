"""Takes secrets out of what we print and answer: drivers, settings and tracebacks like to quote them."""

import os
import re
from urllib.parse import unquote

SECRET_NAME = re.compile(r"(?i)PASS|SECRET|TOKEN|CREDENTIAL|KEY|DSN|DATABASE_URL")
URL_PASSWORD = re.compile(r"\b\w+://[^:/@\s]*:([^@\s]+)@")
PAIR = re.compile(r"(?i)(passw(?:or)?d[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|\S+)")
SHORTEST = 4  # what is shorter would hide ordinary words

LEARNT = set()


def learn(secret):
    """One that no variable holds: a password that the settings read from a file."""
    if isinstance(secret, str) and len(secret) >= SHORTEST:
        LEARNT.add(secret)


def secrets():
    found = set(LEARNT)
    for name, value in os.environ.items():
        if SECRET_NAME.search(name) and not name.startswith("DJANGODB_"):
            found.add(value)
        for password in URL_PASSWORD.findall(value):
            found.update((password, unquote(password)))
    # The longest first, or a part of it would be left when a shorter one is in it.
    return sorted((secret for secret in found if len(secret) >= SHORTEST), key=len, reverse=True)


def scrub(text):
    text = str(text)
    for secret in secrets():
        text = text.replace(secret, "***")
    text = URL_PASSWORD.sub(lambda match: match.group().replace(match.group(1), "***"), text)
    return PAIR.sub(r"\1***", text)
