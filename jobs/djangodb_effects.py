"""What an operation does to a system that is running, and what several of them do together."""

import collections

# When a change may be made. The old release is the one that runs now.
ANY = "Any"  # old and new release work with and without it
EXPAND = "Expand"  # before the new release runs
CONTRACT = "Contract"  # only when the old release is gone
BREAK = "Break"  # neither order works in one step
UNKNOWN = "Unknown"  # code or SQL that can't be judged

# Of PostgreSQL's locks on a table, those that others wait for; from weak to strong. Nothing that is not known is
# stronger than the last one.
LOCKS = ("", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "UNKNOWN", "ACCESS EXCLUSIVE")
NO_LOCK, SHARE_UPDATE_EXCLUSIVE, SHARE, SHARE_ROW_EXCLUSIVE, UNKNOWN_LOCK, ACCESS_EXCLUSIVE = LOCKS

# scans: it reads or writes the whole table while others wait. reads: it does so while they go on.
# destructive: what is in rows or columns is gone for good. data: code or SQL that may change rows.
# frees: what it takes away refuses rows that the new release may write.
Effect = collections.namedtuple(
    "Effect",
    "phase lock why table scans reads destructive data frees",
    defaults=(ANY, NO_LOCK, "", "", False, False, False, False, False),
)

# Before the release that runs now is replaced, each of these breaks it, or may.
INCOMPATIBLE = (CONTRACT, BREAK, UNKNOWN)


def unknown(why, **more):
    return Effect(UNKNOWN, UNKNOWN_LOCK, why, **more)


def together(phases):
    found = set(phases) - {ANY}
    if BREAK in found or {EXPAND, CONTRACT} <= found:
        return BREAK
    if UNKNOWN in found:
        return UNKNOWN
    return found.pop() if found else ANY


def strongest(locks):
    return max(locks, key=LOCKS.index, default=NO_LOCK)


def combine(effects, atomic=True):
    """Of one migration, in the order of its operations."""
    phase = together(effect.phase for effect in effects)
    return Effect(
        phase=phase,
        lock=strongest(effect.lock for effect in effects),
        why=why(effects, phase),
        scans=any(effect.scans for effect in effects) or (atomic and reads_under_a_lock(effects)),
        destructive=any(effect.destructive for effect in effects),
        data=any(effect.data for effect in effects),
    )


def why(effects, phase):
    """The first reason for the phase. A Break may be made of two that go well alone."""
    found = {}
    for effect in effects:
        if effect.why:
            found.setdefault(effect.phase, effect.why)
    if phase in found or phase != BREAK:
        return found.get(phase, "")
    return "%s; and %s" % (found.get(EXPAND), found.get(CONTRACT))


def reads_under_a_lock(effects):
    """A lock stays until the transaction ends, so whatever takes its time behind it holds it for so long."""
    locked = set()
    for effect in effects:
        if (effect.reads and effect.table in locked) or (effect.data and locked):
            return True
        if effect.lock in (SHARE, SHARE_ROW_EXCLUSIVE, ACCESS_EXCLUSIVE):
            locked.add(effect.table)
    return False


def on_new_table(effect):
    """No release uses a table that the same plan makes."""
    return Effect(table=effect.table)


def without_old_release(effect):
    """In a fresh database nothing runs, and nothing can be lost."""
    phase = effect.phase if effect.phase == ANY else EXPAND
    return Effect(phase, why=effect.why if phase == effect.phase else "", table=effect.table, data=effect.data)
