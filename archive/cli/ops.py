"""The command that prints what a scheduler needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archive.cli.context import Context, NamedPath, print_json, say, with_globals

if TYPE_CHECKING:
    from archive.ops.daily import Daily
    from archive.ops.installation import Installation


@click.command()
@click.argument("system", type=click.Choice(["systemd", "cron", "kubernetes"]))
@click.option(
    "--at", default="02:30 Asia/Shanghai", show_default=True, metavar='"HH:MM ZONE"', help="When the night begins."
)
@click.option("--image", metavar="NAME", help="For kubernetes: the image.  [baogao:VERSION]")
@click.option(
    "-o",
    "--output",
    type=NamedPath(path_type=Path),
    metavar="DIR",
    help="Write the files; replaces none that differs.",
)
@with_globals()
def schedule(context: Context, system: str, at: str, image: str | None, output: Path | None) -> None:
    """Print ready units: a night once a day, and `notify` every hour, with the paths of this installation.

    Example: baogao --data /srv/baogao schedule systemd --at "02:30 Asia/Shanghai"
    """
    from archive.ops.daily import read_daily
    from archive.ops.installation import find_installation
    from archive.ops.units import save

    daily = read_daily(at)
    context.load_config()  # what would fail every night fails now
    installation = find_installation(context.data.root, context.find_config())
    files = _write(system, daily, installation, image)
    closed = installation.find_closed()
    if closed and system != "kubernetes":
        say(
            f"baogao: {installation.user}, whom the archive belongs to, may not enter {closed}, where a part of this "
            "installation lies: install baogao where everybody may, as in /opt/baogao, and run this again from there."
        )
    if output is not None:
        save(files, output)
    if context.as_json:
        print_json({"system": system, "at": at, "directory": str(output) if output else None, "files": files})
    elif output is not None:
        for name in files:
            say(str(output / name))
    else:
        mark = "# ──── {} ────\n" if len(files) > 1 else ""
        click.echo("\n".join(mark.format(name) + content for name, content in files.items()), nl=False)


def _write(system: str, daily: Daily, installation: Installation, image: str | None) -> dict[str, str]:
    from datetime import datetime
    from importlib.metadata import version

    from archive.ops.daily import convert, find_machine_zone
    from archive.ops.units import write_cron, write_kubernetes, write_systemd

    if system == "systemd":
        return write_systemd(installation, daily)
    if system == "cron":
        zone = find_machine_zone()
        return write_cron(installation, daily, convert(daily, zone, today=datetime.now(zone).date()))
    return write_kubernetes(installation, daily, image=image or f"baogao:{version('baogao')}")
