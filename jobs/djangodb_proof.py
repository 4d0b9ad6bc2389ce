"""What a verification has proven so far, and how it ends where the release does not pass."""

from djangodb_answer import ANSWER, end, publish
from djangodb_reasons import session_reason
from djangodb_rights import advice


def prove(what):
    publish(proves=ANSWER["proves"] + [what])


def disprove(text, error, otherwise=None):
    """What the server refuses of Django's own statements tells of the release, unless it tells of the session.

    `otherwise` is the advice where neither rights nor the session are the cause.
    """
    reason = session_reason(error)
    if reason == "Internal":
        end("VerifyFailed", text, error, otherwise)
    end(reason, text, error, advice(reason, error))
