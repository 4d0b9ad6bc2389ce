"""Whether SQL of the app's own may lose what is in rows or columns: a look at its words, which rather says yes."""

import re

# What stands for something else than itself. Of a string in dollars only its beginning.
PIECE = re.compile(
    r"--[^\n]*"
    r"|/\*"
    r"|(?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'?"
    r"|'[^']*'?"  # two quotes in it: two strings, with nothing between them
    r'|"[^"]*"?'
    r"|(?<![\w$])\$(?:[^\W\d]\w*)?\$",
    re.DOTALL,
)
COMMENT = re.compile(r"/\*|\*/")
# What a foreign key does later, and what a trigger waits for.
LATER = re.compile(r"\bon (?:delete|update)\b(?: cascade\b)?")
# A column may be called index. The body of a `do` in plain quotes is not looked into.
LOSES = re.compile(
    r"\bdrop (?!(?:index [\w(]|(?:constraint|default|not null|identity|expression)\b))"
    r"|\b(?:truncate|delete|update|cascade)\b"
    r"|\bdo (?:language \w+ )?e?''"
)


def may_lose(sql):
    words = " ".join(code_of(sql).lower().split())
    return bool(LOSES.search(LATER.sub(" ", words)))


def code_of(sql, is_body=False):
    """Without comments and strings, which neither hide a word nor fake one; but a body's strings may be executed."""
    parts, at = [], 0
    found = PIECE.search(sql)
    while found:
        parts.append(sql[at : found.start()])
        part, at = replaced(sql, found, is_body)
        parts.append(part)
        found = PIECE.search(sql, at)
    return "".join(parts) + sql[at:]


def replaced(sql, found, is_body):
    """What stands there instead, and where it goes on."""
    text, end = found.group(), found.end()
    if text.startswith("--"):
        return " ", end
    if text == "/*":
        return " ", end_of_comment(sql, end)
    if text.startswith('"'):
        return "x", end
    if text.startswith("$"):
        closing = sql.find(text, end)
        closing = len(sql) if closing < 0 else closing
        return " %s " % code_of(sql[end:closing], is_body=True), closing + len(text)
    return " %s " % text.partition("'")[2].rstrip("'") if is_body else " ''", end


def end_of_comment(sql, at):
    """They may stand in each other."""
    depth = 1
    while depth:
        found = COMMENT.search(sql, at)
        if not found:
            return len(sql)
        depth += 1 if found.group() == "/*" else -1
        at = found.end()
    return at
