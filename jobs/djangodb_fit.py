"""An answer within what Kubernetes keeps of a termination message: what is longest and least needed goes first."""

import binascii
import json

LIMIT = 4096  # bytes


def encode(value):
    return json.dumps(value, separators=(",", ":")).encode()


def is_too_long(answer):
    return len(encode(answer)) > LIMIT


def hash_leaves(answer):
    """CRC-32 of each name, eight hex digits after eight, which the operator compares with those in the database."""
    leaves = answer.pop("leaves", [])
    answer["leaves_crc32"] = "".join("%08x" % binascii.crc32(name.encode()) for name in leaves)


def count_removed(answer):
    if "removed" in answer:
        answer["removed_count"] = len(answer.pop("removed"))


def name_few(answer):
    """As many as a condition names."""
    for kind in ("destructive", "incompatible"):
        if kind in answer:
            answer[kind] = answer[kind][:8]


def leave_digits_out(answer):
    """Their digest stays. That nothing is pending takes no room, and is said."""
    if answer.get("planned"):
        del answer["planned"]


# Each in its turn, until the answer fits. The operator misses nothing of these.
SPARE = (
    count_removed,
    lambda answer: answer.pop("plan", None),
    lambda answer: answer.pop("tables", None),
    lambda answer: answer.pop("pending", None),
    lambda answer: answer.update(applied_count=len(answer.pop("applied", ()))),
    hash_leaves,
    name_few,
    leave_digits_out,
)
# Then as many warnings as have to go, and last these. Without leaves the operator has nothing to check, and does not
# believe the rest.
CUTS = (
    lambda answer: answer.pop("aliases", None),
    lambda answer: answer.pop("squashed", None),
    lambda answer: answer.pop("ahead", None),  # the count stays, and the operator knows that it has not all names
    lambda answer: answer.pop("incompatible", None),  # the counts stay
    lambda answer: answer.pop("destructive", None),
    lambda answer: answer.pop("leaves_crc32", None),
    lambda answer: answer.pop("settings", None),
    lambda answer: answer.update(message=""),
)


def fit(answer):
    """As bytes within the limit."""
    answer = dict(answer)
    shorten(answer, SPARE)
    if is_too_long(answer):
        warnings = answer.pop("warnings", [])
        if warnings:
            answer.update(warnings=[], warnings_left_out=len(warnings))
        shorten(answer, CUTS)
        put_back(answer, warnings)
    return encode(answer)


def shorten(answer, cuts):
    for cut in cuts:
        if not is_too_long(answer):
            break
        cut(answer)


def put_back(answer, warnings):
    """The first ones, as many as there is room for."""
    room = LIMIT - len(encode(answer))
    for warning in warnings:
        room -= len(encode(warning)) + 1  # and its comma
        if room < 0:
            break
        answer["warnings"].append(warning)
        answer["warnings_left_out"] -= 1
