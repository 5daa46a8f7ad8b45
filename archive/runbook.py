"""What an operator does about every exit code and every issue: the one table, and the page that is made of it.

``python -m archive.runbook > RUNBOOK.md`` writes the page; a test finds each code that the program can say in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Entry:
    code: str
    means: str
    look: str
    do: str


_RUN = "`baogao runs N`"
_SHOW = "`baogao show KEY`"
_PAGES = f"{_RUN}, then the listing in a browser"
_NOTHING = "nothing"
_DROPPED = "`baogao accept RUN` if the site has dropped it"

EXIT_CODES = (
    Entry("0", "settled, or nothing new", "–", _NOTHING),
    Entry("1", "a bug", "the traceback on standard error", "report it; nothing archived is lost; run again"),
    Entry("2", "a wrong option, configuration or URL, or an archive of a newer release", "the message", "what it says"),
    Entry("3", "incomplete: what was seen counts, nothing was taken as gone", f"{_RUN}: how each walk stopped",
          "run again; if it comes back, `baogao check`"),
    Entry("4", "rejected: the listing looks broken or redesigned; nothing was published", _PAGES,
          "`baogao accept RUN` if the site is really so; else wait for a new parser, then `baogao crawl`"),
    Entry("5", "blocked or asked to wait: robots.txt, 401, 403, captcha, login, 429", f"{_RUN}: who refused, and why",
          "wait; raise `delay`, name a contact in `user_agent`; never evade"),
    Entry("6", "another run holds the lock", "`baogao doctor`: which process, since when", "wait for it, or end it"),
    Entry("7", "storage: full, read-only, damaged", "the message; `baogao doctor`, `baogao verify`",
          "make room or mend permissions and run again; if something is damaged, `baogao repair`, or restore a backup"),
    Entry("8", "settled, but alerts stayed undelivered", "`baogao alerts list`",
          "mend the channel; `baogao notify` tries again, `baogao alerts retry ID` what is dead"),
    Entry("9", "the time limit", f"{_RUN}: how far it came", "run again, with more `--time-limit` or fewer listings"),
    Entry("130", "interrupted (SIGINT)", "–", "`baogao crawl` goes on from there"),
    Entry("143", "terminated (SIGTERM)", "who ended it: a shutdown, a limit", "`baogao crawl` goes on from there"),
)  # fmt: skip

ISSUES = (
    Entry("walk-incomplete", "a listing was not walked to its proved end", f"{_RUN}: the reason", "run again"),
    Entry("blocked", "the site does not want to be asked", f"{_RUN}: robots.txt, a status, a captcha",
          "wait; ask less often"),
    Entry("incomplete-streak", "listings were not walked to their end in three runs; one issue for all",
          f"{_RUN} of each; `baogao check`",
          "if a page is always refused: `page_url`, or a new parser; until then nothing of them is taken as withdrawn"),
    Entry("never-complete", "the same, and never before: nothing of them is announced", "`baogao check URL`",
          "is it a listing, and is its pager understood? Set `page_url`, or take it out of baogao.toml"),
    Entry("budget", "the budget ended before every listing was looked at, or within the walk that had all of it",
          f"{_RUN}: the first line of its table, how many listings were walked",
          "a longer `budget`, a shorter `delay` if the site allows it, fewer listings, or a second archive"),
    Entry("rotation-slow", "a listing was looked at in more than 30 runs, and in none of them walked to its end",
          f"{_RUN}: how many walks a night the budget is enough for",
          "the same; until it is walked twice, nothing of it is taken as withdrawn"),
    Entry("silence", "no new report for longer than the listing's own rhythm (99 of 100 gaps, 14 days at least); "
          "said once, until one comes", "the listing in a browser: is there anything newer?",
          "nothing, if the publisher is silent (a holiday, a first New Year); else mend `url` or `page_url`, or report "
          "what is read wrongly"),
    Entry("no-response", "a request got no answer, after all repetitions", "the network, DNS, the site in a browser",
          "run again"),
    Entry(
        "clock",
        "a night began before an earlier one ended, by the clock: it was set back, or was ahead then",
        "`timedatectl`, `baogao doctor`",
        "set the clock (NTP); nothing is lost, the nights are in their order, but their times are wrong",
    ),
    Entry(
        "unread",
        "something in a list looks like an entry and could not be read as one",
        _PAGES,
        "nothing, if it is none; else it wants a better parser: its bytes are kept",
    ),
    Entry("untitled", "an entry without a title was left out", _PAGES, "nothing, if the site shows none either"),
    Entry("entries-present", "a listing was fetched, but shows no entries", _PAGES,
          "`baogao accept RUN` if it is empty; else wait for a new parser"),
    Entry("entries-share", "a fifth of the listing is gone since its last complete walk", _PAGES,
          "`baogao accept RUN` if it really shrank"),
    Entry("entries-growth", "a listing more than doubled in one night", _PAGES, "nothing, if these are reports"),
    Entry("entries-known", "a listing of twenty reports or more shows only such as were never seen before", _PAGES,
          "compare its address with that of earlier nights: another site's tag wants a data directory of its own; "
          "`baogao accept RUN` if the site really moved or renamed all"),
    Entry("chinese-share", "many entries lost their Chinese text", _PAGES, _DROPPED),
    Entry("english-share", "many entries lost their English text", _PAGES, _DROPPED),
    Entry("untitled-share", "too many entries have no title", _PAGES, "most likely a redesign: wait for a new parser"),
    Entry("length-ratio", "English texts are short beside the Chinese: cut off?", f"{_SHOW} of a few",
          "`baogao accept RUN` if the site shows them so"),
    Entry("changed-share", "a fifth of the known reports read differently", f"{_RUN}; a few in a browser",
          "`baogao accept RUN` if they were really edited"),
    Entry("flood", "a mass change: its events are held and nobody is told", "`baogao alerts list`, `baogao changes`",
          "`baogao alerts release ID` (one summary) or `baogao alerts drop ID`"),
    Entry("alert-flood", "more events at once for one rule than anybody reads: held", "`baogao alerts list`",
          "`baogao alerts release ID` or `baogao alerts drop ID`; a narrower `match` for the future"),
    Entry("twin", "a new key with the very summaries of an old report: held", f"{_SHOW} of both",
          "one report: `baogao alias NEW-KEY OLD-KEY`; two: `baogao alerts release ID`"),
    Entry("conflict", "two listings show a report differently: told once, as long as both texts stay",
          "`baogao history KEY`",
          "nothing; if one listing is always behind, give it a higher `rank`"),
    Entry("thinner", "a report lacks a language or summary that it had: the fuller text stays for now",
          "the report in a browser", "nothing: a second complete night decides"),
    Entry("flapping", "a report goes back and forth between texts: told once", "`baogao history KEY`", _NOTHING),
    Entry("reread-failed", "today's parser does not find a report on its old page", f"{_SHOW} and its capture",
          "report it as a bug of the parser; the older reading stays"),
    Entry("lost-by-parser", "the same, tonight: the report is not taken as gone", f"{_SHOW} and its page in a browser",
          "report it as a bug of the parser"),
    Entry("alert-dead", "a message was tried for three days in vain", "`baogao alerts list`: the last answer",
          "mend it, `baogao alerts send-test CHANNEL`, then `baogao alerts retry ID` or `baogao alerts drop ID`"),
    Entry("alert-target-gone", "a target wants no more messages (410, or refused for ever)", "`baogao alerts list`",
          "take it out of baogao.toml, or give its channel the new address; `baogao alerts retry ID` asks it again"),
)  # fmt: skip

HEAD = """\
# Runbook

What `baogao` says, what it means, what to look at and what to do. Made by `python -m archive.runbook`; its table is
what to edit.

First of all: `baogao doctor` (is this installation sound?), `baogao runs` (how did the nights go?), `baogao check`
(what does the site show now?). No night deletes what was archived, so there is time to look.

"""


def render_runbook() -> str:
    parts = [
        HEAD,
        "## Exit codes\n\n" + _render("exit code", EXIT_CODES),
        "\n## Issues\n\n`baogao runs N` lists those of run N. N, RUN and ID are numbers, KEY is that of a report.\n\n",
        _render("issue", ISSUES),
    ]
    return "".join(parts)


def _render(name: str, entries: Iterable[Entry]) -> str:
    lines = [f"| {name} | means | look at | do |", "|---|---|---|---|"]
    lines += [f"| {each.code} | {each.means} | {each.look} | {each.do} |" for each in entries]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(render_runbook(), end="")  # noqa: T201 - the page is what it is asked for
