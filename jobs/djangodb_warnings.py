"""What is no reason to stop, and yet should be read."""

from djangodb_answer import ANSWER, one_line, publish, say


def warn(text):
    text = one_line(text)
    say("warning: %s" % text)
    publish(warnings=ANSWER.get("warnings", []) + [text])
