"""The commands that keep an archive: a backup made and proved, one restored, and what is broken mended."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archive.cli.context import Context, NamedPath, clock, print_json, say, with_globals
from archive.counted import counted
from archive.errors import StorageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from archive.keeping.backup import Backup
    from archive.keeping.manifest import Kept, Manifest
    from archive.keeping.trial import Trial
    from archive.repair import Repairs


@click.command()
@click.argument("dest", required=False, metavar="[DEST]", type=NamedPath(path_type=Path, readable=False))
@click.option(
    "--test", "is_trial", is_flag=True, help="Restore DEST's backup into a temporary directory, and verify it."
)
@with_globals()
def backup(context: Context, dest: Path | None, *, is_trial: bool) -> None:
    """Copy the archive into DEST, which keeps one backup and is brought up to date; a crawl may write meanwhile.

    Databases, WARC files and the configuration file in use, each with its SHA-256; no secret. --test proves the backup
    in DEST, without DEST one that it makes and throws away (in $TMPDIR); exit code 7 where it can't be trusted, or
    where a WARC file of the archive is damaged: what is whole is copied, and never replaced by what is not.

    Example: baogao backup /mnt/backup/baogao
    """
    from archive.cli.serve import end_on_signals

    with end_on_signals():
        if not is_trial:
            if dest is None:
                raise UsageError("Name the directory that keeps the backup: baogao backup DEST.")
            done = _back_up(context, dest)
            _print_backup(context, dest, done)
            if done.damaged:
                sys.exit(StorageError.exit_code)
        elif dest is not None:
            _finish_trial(context, str(dest), _try(dest))
        else:
            with tempfile.TemporaryDirectory(prefix="baogao-backup-") as scratch:
                place = Path(scratch) / "backup"
                _back_up(context, place)
                _finish_trial(context, "a backup made for this test", _try(place))


@click.command()
@click.argument("source", metavar="SRC", type=NamedPath(path_type=Path, readable=False))
@click.argument("target", metavar="DIR", type=NamedPath(path_type=Path, readable=False))
@with_globals()
def restore(context: Context, source: Path, target: Path) -> None:
    """Make the data directory DIR, absent or empty, from the backup in SRC; every SHA-256 is checked.

    Example: baogao restore /mnt/backup/baogao ./data
    """
    from archive.cli.serve import end_on_signals
    from archive.keeping.restore import restore as restore_archive

    with end_on_signals():
        manifest = restore_archive(source, target)
    steps = list(_advise(manifest, target))
    if context.as_json:
        print_json({"directory": str(target)} | _describe(manifest) | {"next": steps})
        return
    _echo(f"{target} holds the archive as {_date(manifest)}: {_count(manifest.files)}, every SHA-256 right.")
    for step in steps:
        _echo(f"- {step}")


@click.command()
@click.option("--dry-run", "is_dry", is_flag=True, help="Only say what would be done; change nothing.")
@with_globals()
def repair(context: Context, *, is_dry: bool) -> None:
    """Mend what can be mended without losing anything; exit code 7 where something stays broken.

    Torn WARC files are closed, the search index and the figures made again, a damaged archive.db read again from the
    WARC files. Nothing is deleted: what is replaced goes to state/repaired-TIME in the data directory.

    Example: baogao repair --dry-run
    """
    from archive import progress
    from archive.captures import todays_reader
    from archive.crawl import stop_on_signals
    from archive.repair import repair as repair_archive

    data = context.data
    if not data.root.is_dir():
        raise UsageError(f"There is no archive at {data.root}: name its directory with --data.")
    try:
        with stop_on_signals("what was mended stays so; `baogao repair` goes on from there"):
            repairs = repair_archive(
                data, todays_reader(), now=clock(), say=say, dry=is_dry, progress=progress.advance_in_percent
            )
    finally:
        progress.erase()
    _finish_repair(context, repairs, is_dry=is_dry)


def _finish_repair(context: Context, repairs: Repairs, *, is_dry: bool) -> None:
    if context.as_json:
        kept = str(repairs.kept) if repairs.kept else None
        print_json({"dry_run": is_dry, "done": repairs.done, "broken": repairs.broken, "kept": kept})
    else:
        for line in (*repairs.done, *repairs.broken):
            _echo(line)
        if not repairs.done and not repairs.broken:
            _echo("nothing to repair.")
        elif repairs.broken:
            _echo(f"{'this would stay' if is_dry else 'this stays'} broken: see above.")
        else:
            _echo("nothing was changed." if is_dry else "the archive is sound.")
    if repairs.broken:
        sys.exit(StorageError.exit_code)


def _back_up(context: Context, place: Path) -> Backup:
    from archive.keeping.backup import back_up

    return back_up(context.data, place, at=clock(), config=context.find_config())


def _try(place: Path) -> Trial:
    from archive.captures import todays_reader
    from archive.keeping.trial import try_backup

    return try_backup(place, todays_reader())


def _print_backup(context: Context, dest: Path, done: Backup) -> None:
    if context.as_json:
        sums = {name: _sum(kept) for name, kept in (("copied", done.copied), ("skipped", done.skipped))}
        odd = {"left_out": done.left_out, "rotten": done.rotten, "damaged": done.damaged}
        print_json({"backup": str(dest)} | _describe(done.manifest) | sums | odd)
        return
    _echo(
        f"{dest} holds the archive as {_date(done.manifest)}: {_count(done.manifest.files)}; copied "
        f"{_count(done.copied)}, there already {_count(done.skipped)}."
    )
    if done.rotten:
        _echo(f"damaged there since it was copied, and copied anew: {', '.join(done.rotten)}; look at that disk.")
    for line in done.damaged:
        _echo(line)
    if done.left_out:
        _echo(f"a night in progress is not in it ({', '.join(done.left_out)}): the next backup has it.")


def _finish_trial(context: Context, name: str, trial: Trial) -> None:
    """Print what was found and leave with 7 where anything is wrong."""
    report, problems = trial.verification, trial.problems
    if context.as_json:
        counts = {count: getattr(report, count) for count in ("records", "captures", "versions")}
        print_json(
            {"backup": name}
            | _describe(trial.manifest)
            | counts
            | {"compared": trial.is_compared, "problems": problems, "notices": report.notices}
        )
    else:
        for line in (*problems, *report.notices):
            _echo(line)
        compared = "says what it said then" if trial.is_compared else "was not compared (another release made it)"
        _echo(
            f"{name}, made {trial.manifest.made_at}: {_count(trial.manifest.files)} restored, the archive as "
            f"{_date(trial.manifest)}, {counted(report.records, 'WARC record')}, "
            f"{counted(report.captures, 'capture')}, "
            f"{counted(report.versions, 'version')}"
            + (f": {counted(len(problems), 'problem')}." if problems else f"; it {compared}.")
        )
    if problems:
        sys.exit(StorageError.exit_code)


def _describe(manifest: Manifest) -> dict[str, Any]:
    return {
        "made_at": manifest.made_at,
        "last_run": manifest.last_run,
        "last_run_finished_at": manifest.last_run_finished_at,
        "open_run": manifest.open_run,
        **_sum(manifest.files),
        "content": {table: dumped.rows for table, dumped in sorted(manifest.content.items())},
    }


def _sum(files: Iterable[Kept]) -> dict[str, int]:
    sizes = [kept.bytes for kept in files]
    return {"files": len(sizes), "bytes": sum(sizes)}


def _count(files: Iterable[Kept]) -> str:
    summed = _sum(files)
    return f"{counted(summed['files'], 'file')} of {summed['bytes']:,} bytes"


def _date(manifest: Manifest) -> str:
    if not manifest.last_run:
        return "before its first settled run"
    return f"of run {manifest.last_run} ({manifest.last_run_finished_at})"


def _advise(manifest: Manifest, target: Path) -> Iterable[str]:
    """What to do next, in the order to do it."""
    yield f"`baogao --data {target} verify` reads it all once more."
    if manifest.open_run is not None:
        yield f"run {manifest.open_run} was captured in part: `baogao settle` settles it, or the next crawl goes on."
    if manifest.find("baogao.toml"):
        yield "baogao.toml lies in it: move it to where you run baogao; its secrets were never in the backup."
    if manifest.find("alerts.db"):
        yield (
            "the next `baogao notify` or `crawl` sends what alerts.db did not know as sent when the backup was made, "
            "under the ids it had: receivers drop what they have; `baogao alerts list` shows it first."
        )


def _echo(text: str) -> None:
    from archive.printable import spell_out

    click.echo(spell_out(text))
