"""One word of a command line, quoted for who reads it: systemd, a crontab, or a shell in a comment."""

from __future__ import annotations

import re
import shlex

#: what systemd refuses in the name of a program, however it is quoted
UNNAMABLE = frozenset("\"'\\")


def quote_value(text: str) -> str:
    """For a setting of systemd that takes the rest of the line as one path: specifiers mean something, and its end."""
    return text.replace("%", "%%") + ("/" if text.endswith(("\\", " ")) else "")


def quote_path(text: str) -> str:
    """For a setting of systemd that takes several paths."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text.replace("%", "%%")) + '"'


def quote_argument(text: str) -> str:
    """For ExecStart=, where variables are replaced too."""
    if re.fullmatch(r"[A-Za-z0-9_/.,:=@+-]+", text):
        return text
    return quote_path(text.replace("$", "$$"))


def quote_command(words: tuple[str, ...]) -> str:
    """A whole ExecStart=. The program's name is not searched for variables, and may not hold quotes."""
    program, *arguments = words
    if UNNAMABLE & set(program):
        return " ".join(["/bin/sh", "-c", quote_argument('exec "$0" "$@"'), *map(quote_argument, words)])
    name = program if quote_argument(program) == program else quote_path(program)
    return " ".join([name, *map(quote_argument, arguments)])


def quote_for_crontab(text: str) -> str:
    """A word for the shell that cron calls; cron itself makes a line end of every % without a backslash.

    The backslash stands outside the quotes, where a shell takes it away if cron has left it.
    """
    quoted = shlex.quote(text)
    return quoted.replace("%", "'\\%'" if quoted != text else "\\%")
