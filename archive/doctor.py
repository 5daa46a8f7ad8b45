"""What ails an installation: each check is one question to the facts of :mod:`archive.examine`, with what to do.

No check looks at a clock, a file or the environment: all of that is in the facts, the time included.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from archive.counted import counted, name_few
from archive.errors import StorageError, UsageError
from archive.examine import LOCK, SQLITE_EXTRA
from archive.moments import SKEW, parse_time
from archive.night import CONTINUE_WITHIN
from archive.store import MIN_FREE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archive.examine import Facts, Place
    from archive.vitals import Database, History, Queue

Level = Literal["ok", "warning", "error"]
Release = tuple[int, ...]

WAL_RESET_SINCE: Release = (3, 7, 0)
WAL_RESET_FIXED: Release = (3, 51, 3)
WAL_RESET_BACKPORTS: tuple[Release, ...] = ((3, 44, 6), (3, 50, 7))  #: of that branch, from this release on
SHOWN_FILES = 3  #: by name; of more the number
LOW_BYTES = 256 * 1024 * 1024  #: some hundred nights of a listing of 77 pages
LOW_INODES = 1000
LARGE_WAL_BYTES = 64 * 1024 * 1024
OLD_NIGHT = timedelta(hours=36)  #: of a nightly schedule, one night and a half
OLD_LOCK = CONTINUE_WITHIN  #: a night ends itself after five hours
OPEN_TO_ALL = 0o002
OPEN_TO_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Finding:
    check: str
    level: Level
    found: str
    advice: str = ""
    exit_code: int = 0  #: of an error

    def to_json(self) -> dict[str, str]:
        return {"check": self.check, "level": self.level, "found": self.found, "advice": self.advice}


def _broken_storage(check: str, found: str, advice: str) -> Finding:
    return Finding(check, "error", found, advice, StorageError.exit_code)


def _broken_setup(check: str, found: str, advice: str) -> Finding:
    return Finding(check, "error", found, advice, UsageError.exit_code)


def diagnose(facts: Facts) -> list[Finding]:
    """Every check that the facts allow."""
    findings = [check_packages(facts.unmet), check_sqlite(facts.sqlite, facts.driver, has_extra=facts.has_extra)]
    findings += [check_zones(facts.missing_zones), *check_config(facts.config_problem, facts.config_name)]
    if facts.config_problem is None:
        findings += [*check_secrets(facts.secret_problems), check_name(facts.is_anonymous)]
    if not facts.places:
        return [*findings, check_absence(facts.root, facts.obstacle)]
    is_locked = facts.locks.get(LOCK) is not None
    findings += [check_mount(facts.root)] if facts.is_read_only else check_places(facts.places, facts.uid)
    findings += check_disk(facts.free_bytes, facts.free_inodes)
    findings += [check_lock(name, holder, facts.now) for name, holder in facts.locks.items()]
    for database in facts.vitals.databases:
        findings += check_database(database)
    if facts.vitals.history is not None:
        findings += check_history(facts.vitals.history, facts.now, is_locked=is_locked)
    if facts.vitals.queue is not None:
        findings.append(check_queue(facts.vitals.queue))
    findings.append(check_clock(facts.now, facts.vitals.last_written))
    if facts.vitals.last_answer is not None:
        findings.append(check_skew(*facts.vitals.last_answer))
    findings.append(check_open_files(facts.open_files, is_locked=is_locked))
    if facts.upgrade_copies:
        found = f"kept from before an upgrade: {', '.join(facts.upgrade_copies)}"
        findings.append(Finding("upgrade", "ok", found, "Delete them when a few nights have gone well."))
    return findings


def choose_exit_code(findings: list[Finding]) -> int:
    """7 where nothing can be stored, else 2 where the installation or configuration is wrong, else 0."""
    return max((finding.exit_code for finding in findings), default=0)


def check_packages(unmet: tuple[str, ...]) -> Finding:
    if unmet:
        advice = "Install baogao again (`pip install --upgrade baogao`), into an environment of its own."
        return _broken_setup("packages", f"not as required: {', '.join(unmet)}", advice)
    return Finding("packages", "ok", "all as required")


def has_wal_reset_bug(release: Release) -> bool:
    """Two connections that commit and checkpoint in the same instant may corrupt the file (sqlite.org/wal.html)."""
    if any(release[:2] == fixed[:2] and release >= fixed for fixed in WAL_RESET_BACKPORTS):
        return False
    return WAL_RESET_SINCE <= release < WAL_RESET_FIXED


def check_sqlite(release: Release, driver: str, *, has_extra: bool) -> Finding:
    found = f"SQLite {'.'.join(map(str, release))} ({driver})"
    if not has_wal_reset_bug(release):
        return Finding("sqlite", "ok", found)
    cure = f'`pip install "baogao[{SQLITE_EXTRA}]"` brings' if has_extra else "use a Python with"
    if has_extra and driver != "sqlite3":  # an older one is there, perhaps by the other package of this name
        cure = f"`pip uninstall pysqlite3 pysqlite3-binary`, then {cure}"
    advice = (
        f"Very seldom, two programs that write at the same instant damage the file; {cure} SQLite 3.51.3 or newer. "
        "Until then let nothing but baogao write to archive.db: its lock admits one writer."
    )
    return Finding("sqlite", "warning", f"{found} has the WAL-reset bug of 3.7.0 to 3.51.2", advice)


def check_zones(missing: tuple[str, ...]) -> Finding:
    if missing:
        return _broken_setup("time zones", f"unknown: {', '.join(missing)}", "`pip install tzdata` brings them.")
    return Finding("time zones", "ok", "known")


def check_config(problem: str | None, name: str) -> list[Finding]:
    if problem is not None:
        return [_broken_setup("configuration", problem, "Mend it; `baogao init` writes a file that explains each key.")]
    return [Finding("configuration", "ok", name)]


def check_secrets(problems: tuple[str, ...]) -> list[Finding]:
    advice = "Until then this channel waits. Set it where the night runs; here it may only be missing from this shell."
    return [_broken_setup("secret", problem, advice) for problem in problems]


def check_name(is_anonymous: bool) -> Finding:  # noqa: FBT001 - the fact itself
    if is_anonymous:
        advice = "Set crawl.user_agent with an address, so that a site can write to you before it blocks you."
        return Finding("user agent", "warning", "names no contact", advice)
    return Finding("user agent", "ok", "names you")


def check_absence(root: str, obstacle: str | None) -> Finding:
    if obstacle is not None:
        advice = "Make it by hand for the user who runs baogao, or name another one with --data."
        return _broken_storage("archive", f"none at {root}, and none can be made: {obstacle}", advice)
    return Finding("archive", "warning", f"none yet at {root}", "`baogao crawl` makes it.")


def check_mount(root: str) -> Finding:
    advice = "Mount it writable; after an error of the disk the system itself makes it so: look at `dmesg`."
    return _broken_storage("permissions", f"{root} is on a read-only file system", advice)


def check_places(places: tuple[Place, ...], uid: int) -> list[Finding]:
    findings = []
    for place in places:
        owner = f"{place.name}: uid {place.uid}, mode {place.mode:04o}"
        if place.is_wrong:
            advice = "Move it away; what belongs there comes from a backup, or the next night makes it."
            kind = "a directory, and no file" if place.name.endswith(".db") else "no directory"
            findings.append(_broken_storage("permissions", f"{place.name} is {kind}", advice))
        elif not place.may_read or not place.may_write:
            lacks = "write" if place.may_read else "read"
            advice = f"Run as uid {place.uid}, or give uid {uid} {lacks} permission there."
            findings.append(_broken_storage("permissions", f"{owner}, and uid {uid} may not {lacks} it", advice))
        elif place.is_private and place.mode & OPEN_TO_OTHERS:
            findings.append(
                Finding("permissions", "warning", owner, f"Run `chmod 600` on {place.name}: it is private.")
            )
        elif place.mode & OPEN_TO_ALL:
            findings.append(Finding("permissions", "warning", owner, f"Everybody may write: `chmod o-w` {place.name}."))
        elif place.uid != uid:
            advice = f"Always run baogao as the same user: what uid {uid} writes, uid {place.uid} may not be able to."
            findings.append(Finding("permissions", "warning", f"{owner}, but this is uid {uid}", advice))
    return findings or [Finding("permissions", "ok", f"uid {uid} may read and write all of it")]


def check_disk(free_bytes: int, free_inodes: int | None) -> Iterator[Finding]:
    """``free_inodes``: None where the file system has no bound."""
    found = f"{free_bytes / 1024 / 1024:,.0f} MiB free"
    if free_bytes < MIN_FREE_BYTES:
        yield _broken_storage("disk", found, "Make room: no night can begin.")
    elif free_bytes < LOW_BYTES:
        yield Finding("disk", "warning", found, "Make room soon: a night is refused below 8 MiB.")
    else:
        yield Finding("disk", "ok", found)
    if free_inodes is not None and free_inodes < LOW_INODES:
        advice = "Delete small files elsewhere on this file system: bytes are free, but no new file can be made."
        yield Finding("disk", "warning", f"{free_inodes} inodes free", advice)


def check_lock(name: str, holder: dict[str, str] | None, now: str) -> Finding:
    if holder is None:
        return Finding(name, "ok", "free")
    found = f"held by {holder['command']} (pid {holder['pid']} on {holder['host']}, since {holder['since']})"
    if (age := _age(now, holder["since"])) and age > OLD_LOCK:
        return Finding(name, "warning", found, "It should have ended by now: look at that process.")
    return Finding(name, "ok", found)


def check_database(database: Database) -> Iterator[Finding]:
    if database.problem is not None:
        yield Finding(database.name, "error", database.problem, database.advice, database.exit_code)
    else:
        yield Finding(database.name, "ok", f"{database.size / 1024 / 1024:,.1f} MiB, sound (quick_check)")
    if database.wal_size > LARGE_WAL_BYTES:
        advice = "A program that reads for hours keeps it from shrinking: end it, and the next night takes it in."
        found = f"its -wal has {database.wal_size / 1024 / 1024:,.0f} MiB"
        yield Finding(database.name, "warning", found, advice)


def check_history(history: History, now: str, *, is_locked: bool) -> Iterator[Finding]:
    yield _check_last_good(history, now)
    if history.open_run is not None:
        found = f"run {history.open_run[0]}, begun {history.open_run[1]}, is not settled"
        if is_locked:
            yield Finding("open run", "ok", f"{found}: it is under way")
        else:
            advice = "`baogao crawl` goes on with it or settles it; `baogao settle` only settles it."
            yield Finding("open run", "warning", f"{found}, and nothing works on it", advice)
    if history.missing_files:
        found = f"missing, though archive.db knows them: {name_few(history.missing_files, SHOWN_FILES)}"
        advice = "Restore them from a backup; `baogao verify` says what was read from them."
        yield _broken_storage("WARC files", found, advice)
    if history.unindexed_files:
        found = f"{history.unindexed_files} not read into archive.db"
        level: Level = "ok" if is_locked else "warning"
        yield Finding("WARC files", level, found, "" if is_locked else "`baogao settle` reads them.")
    if history.unindexed_versions:
        versions = counted(history.unindexed_versions, "version")
        found = f"{versions} not in the search index, or without figures yet"
        level = "ok" if is_locked else "warning"
        yield Finding("search index", level, found, "" if is_locked else "`baogao settle` adds them.")


def _check_last_good(history: History, now: str) -> Finding:
    if history.last_good is None:
        advice = "`baogao runs` says how the nights ended." if history.nights else "`baogao crawl` plays the first one."
        return Finding("nights", "warning", f"{history.nights} so far, none of them complete", advice)
    run, finished_at = history.last_good
    found = (
        f"{history.nights} from {history.first_night} to {history.last_night}; last complete: run {run}, {finished_at}"
    )
    age = _age(now, finished_at)
    if age is not None and age > OLD_NIGHT:
        advice = "Is it still scheduled? `baogao runs` says how the nights since then ended."
        return Finding("nights", "warning", f"{found}, {_tell(age)} ago", advice)
    return Finding("nights", "ok", found)


def check_queue(queue: Queue) -> Finding:
    told = [f"{count} {state} (oldest: {oldest})" for state, count, oldest in queue.states]
    if not told:
        return Finding("alerts", "ok", "nothing waits")
    if {state for state, _, _ in queue.states} == {"pending"}:
        return Finding("alerts", "ok", f"{told[0]}: `baogao notify` sends what is due")
    advice = "`baogao alerts list` shows them; then `baogao alerts release`, `retry` or `drop`."
    return Finding("alerts", "warning", ", ".join(told), advice)


def check_clock(now: str, last_written: str | None) -> Finding:
    """``last_written``: the latest time that anything here was written, as far as it is known."""
    ahead = _age(last_written, now) if last_written else None
    if ahead is not None and ahead > SKEW:
        advice = "Set the clock (NTP): times of nights and reports would go backwards."
        return _broken_setup("clock", f"{now} is {_tell(ahead)} before the archive's last word, {last_written}", advice)
    return Finding("clock", "ok", now)


def check_skew(ours: str, theirs: str) -> Finding:
    """The time of the last archived answer by this machine's clock, and by the server's."""
    skew = _age(ours, theirs)
    if skew is not None and abs(skew) > SKEW:
        side = "ahead of" if skew > timedelta(0) else "behind"
        advice = "One of the two is wrong: look at `timedatectl`, if it is yours."
        return Finding(
            "site clock", "warning", f"ours was {_tell(abs(skew))} {side} the site's at the last answer", advice
        )
    return Finding("site clock", "ok", "agreed with ours at the last answer")


def check_open_files(open_files: tuple[str, ...], *, is_locked: bool) -> Finding:
    if not open_files:
        return Finding("open files", "ok", "none")
    found = name_few(open_files, SHOWN_FILES)
    if is_locked:
        return Finding("open files", "ok", f"{found}: being written")
    return Finding(
        "open files", "warning", f"{found}: left by a crash", "The next `baogao crawl` or `settle` closes it."
    )


def _age(now: str, then: str) -> timedelta | None:
    try:
        return parse_time(now) - parse_time(then)
    except ValueError:  # written by something else
        return None


def _tell(age: timedelta) -> str:
    hours = age.total_seconds() / 3600
    if hours >= 48:  # noqa: PLR2004 - two days
        return f"{age.days} days"
    return f"{hours:.0f} hours" if hours >= 2 else f"{age.total_seconds() / 60:.0f} minutes"  # noqa: PLR2004
