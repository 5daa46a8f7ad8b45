"""A series as an SVG picture of its own: years across, values up, one line for what one report said at one time."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from archive.counted import counted
from archive.figures.axis import Axis, fit_values, fit_years, write_number
from archive.figures.table import describe_time, shorten
from archive.figures.words import normalise
from archive.render import measure
from archive.text import tidy

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from archive.figures.series import Series
    from archive.figures.statements import Statement

WIDTH, LEFT, RIGHT, TOP, PLOT = 960, 84, 24, 84, 380
ROW = 22  #: height of a line of the legend
NAMED = 10  #: reports with a colour and a line in the legend; the others are grey
DESCRIBED = 50  #: statements in the text for those who do not see the picture
_INSET = 18  #: between the frame and the outermost values
_SIZE = 11  #: of a mark and a little air
_ABSURD = 10**30
_NEAR = 16  #: an arrow needs some room
_CROWD = 30  #: points from which on only the last one of a report has its number beside it
_LIGHT = "1f5fbf", "c0392b", "1e8449", "b9650b", "7d3cb5", "0e7c86", "b0307f", "6b5b1f", "3c4f9e", "7a4a2f"
_DARK = "7fb2ff", "ff8f86", "63d391", "f5b060", "c9a0ff", "58d3dd", "ff8fd0", "d8c66a", "a3b4ff", "dba98a"
_STYLE = (
    'text{font:13px system-ui,-apple-system,"Segoe UI","Noto Sans","Noto Sans CJK SC","Noto Sans SC","PingFang SC",'
    '"Microsoft YaHei","Source Han Sans SC",sans-serif;fill:#222}'
    ".back{fill:#fff}.head{font-size:19px;font-weight:600}.soft,.tick{fill:#5a5f66}.tick,.value{font-size:12px}"
    ".grid{stroke:#e3e5e8;stroke-width:1}.ground{stroke:#9aa0a6;stroke-width:1}"
    ".line{fill:none;stroke:currentColor;stroke-width:2}.old{stroke-dasharray:5 4;stroke-width:1.5;opacity:.55}"
    ".moved{stroke:currentColor;stroke-width:1.5;fill:none}.tip{fill:currentColor}"
    ".fact{fill:currentColor;stroke:currentColor;stroke-width:2}.forecast{fill:#fff;stroke:currentColor;stroke-width:2}"
    ".past{opacity:.5}.value{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}"
    ".key{color:#444}.rest{color:#8a8f95;opacity:.4}"
)
_NIGHT = (
    "text{fill:#e6e6e6}.back,.forecast{fill:#16181c}.soft,.tick{fill:#a5abb3}.grid{stroke:#2c3036}"
    ".ground{stroke:#6b7178}.value{stroke:#16181c}.key{color:#ccc}.rest{color:#7d838a}"
)


@dataclass(frozen=True, slots=True)
class _Point:
    statement: Statement
    x: float
    y: float
    report: int  #: its place in the legend

    @property
    def colour(self) -> str:
        return f"c{self.report}" if self.report < NAMED else "rest"


def draw_series(series: Series) -> str:
    """A whole document without script or reference: same series, same bytes; a sentence where nothing can be drawn."""
    shown = [one for one in series.statements if can_be_drawn(one)]
    if not shown:
        return _draw_nothing(series)
    counts = Counter(one.key for one in shown)
    newest = {one.key: one.said_at for one in sorted(shown, key=lambda one: one.said_at)}
    keys = sorted(sorted(counts, key=lambda key: (newest[key], key), reverse=True), key=lambda key: -counts[key])
    values = fit_values([one.value for one in shown], series.unit or "")
    years = fit_years([one.year for one in shown if one.year is not None])
    points = _place(shown, keys, years, values)
    legend = list(_draw_legend(keys, points, len(series.statements) - len(shown), TOP + PLOT + 62))
    height = TOP + PLOT + 62 + ROW * len(legend) + 8
    title = shorten(tidy(series.query), 90)
    count = f"{counted(len(shown), 'figure')} extracted from {counted(len(keys), 'report')}"
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"',
            'role="img" aria-labelledby="series-title series-description">',
            f'<title id="series-title">{_write(f"{title}: {series.unit}, {series.role}")}</title>',
            f'<desc id="series-description">{_write(_describe(series, count))}</desc>',
            f"<style>{_STYLE}{_colour(_LIGHT)}@media (prefers-color-scheme:dark){{{_NIGHT}{_colour(_DARK)}}}</style>",
            f'<rect class="back" width="{WIDTH}" height="{height}"/>',
            f'<text class="head" x="24" y="34">{_write(title)}</text>',
            f'<text class="soft" x="24" y="58">{_write(f"{values.label} · {series.role} · {count}")}</text>',
            *_draw_axes(years, values),
            *_draw_lines(points),
            *_draw_moves(points),
            *(_draw_point(point) for point in points),
            *_draw_values(points, values),
            *legend,
            "</svg>\n",
        )
    )


def _draw_nothing(series: Series) -> str:
    title = _write(shorten(tidy(series.query), 90))
    reason = "No extracted figure with a year: there is nothing to draw."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} 90" width="{WIDTH}" height="90" role="img">\n'
        f"<title>{title}</title><desc>{reason}</desc>"
        f"<style>{_STYLE}{_colour(_LIGHT)}@media (prefers-color-scheme:dark){{{_NIGHT}{_colour(_DARK)}}}</style>"
        f'<rect class="back" width="{WIDTH}" height="90"/><text class="head" x="24" y="34">{title}</text>'
        f'<text class="soft" x="24" y="62">{reason}</text>\n</svg>\n'
    )


def can_be_drawn(statement: Statement) -> bool:
    """It has a year, and no number that somebody made up of a thousand digits."""
    return statement.year is not None and abs(statement.value) < _ABSURD


def _colour(palette: Sequence[str]) -> str:
    return "".join(f".c{number}{{color:#{colour}}}" for number, colour in enumerate(palette))


def _write(text: str) -> str:
    """Titles are anybody's text: tidied, then escaped."""
    return escape(tidy(text))


def _place(shown: Sequence[Statement], keys: Sequence[str], years: Axis, values: Axis) -> list[_Point]:
    """Points that would lie on one another stand side by side; the named reports come last, on top."""
    width = WIDTH - LEFT - RIGHT - 2 * _INSET
    room = int(width / (years.high - years.low) / 2 / _SIZE)
    steps = sorted(range(-room, room + 1), key=abs)
    points: list[_Point] = []
    for one in sorted(shown, key=lambda each: (each.year, -keys.index(each.key))):
        assert one.year is not None
        x = LEFT + _INSET + years.place(one.year) * width
        y = TOP + PLOT - values.place(values.convert(one.value)) * PLOT
        taken = [point.x for point in points if point.statement.year == one.year and abs(point.y - y) < _SIZE]
        step = next((step for step in steps if all(abs(x + step * _SIZE - other) >= _SIZE for other in taken)), 0)
        points.append(_Point(one, x + step * _SIZE, y, keys.index(one.key)))
    return points


def _draw_axes(years: Axis, values: Axis) -> Iterator[str]:
    right, foot = WIDTH - RIGHT, TOP + PLOT
    for tick in values.ticks:
        y = foot - values.place(tick) * PLOT
        kind = "ground" if tick == 0 or (tick == values.low and values.low > 0) else "grid"
        yield f'<line class="{kind}" x1="{LEFT}" y1="{y:.1f}" x2="{right}" y2="{y:.1f}"/>'
        yield f'<text class="tick" x="{LEFT - 10}" y="{y + 4:.1f}" text-anchor="end">{write_number(tick)}</text>'
    for tick in years.ticks:
        x = LEFT + _INSET + years.place(tick) * (right - LEFT - 2 * _INSET)
        yield f'<line class="ground" x1="{x:.1f}" y1="{foot}" x2="{x:.1f}" y2="{foot + 5}"/>'
        yield f'<text class="tick" x="{x:.1f}" y="{foot + 22}" text-anchor="middle">{tick:.0f}</text>'


def _draw_lines(points: Iterable[_Point]) -> Iterator[str]:
    """Of each report one line a time of saying: what stood there then, the last one whole, earlier ones dashed."""
    reports: dict[str, list[_Point]] = defaultdict(list)
    for point in points:
        reports[point.statement.key].append(point)
    for key in sorted(reports, key=lambda key: -reports[key][0].report):
        said = sorted({point.statement.said_at for point in reports[key]})
        for at in said:
            standing = [
                point
                for point in reports[key]
                if point.statement.said_at <= at and (point.statement.until is None or at < point.statement.until)
            ]
            old = " old" if at != said[-1] or any(point.statement.until for point in standing) else ""
            for line in _part(standing):
                path = " ".join(f"{point.x:.1f},{point.y:.1f}" for point in line)
                yield f'<polyline class="line{old} {line[0].colour}" points="{path}"/>'


def _part(standing: Sequence[_Point]) -> Iterator[list[_Point]]:
    """One line, or where a year has several values one for each measure."""
    by_measure: dict[str, list[_Point]] = defaultdict(list)
    twice = len({point.statement.year for point in standing}) < len(standing)
    for point in standing:
        by_measure[normalise(point.statement.measure) if twice else ""].append(point)
    for line in by_measure.values():
        if len({point.statement.year for point in line}) == len(line) > 1:
            yield sorted(line, key=lambda point: point.statement.year or 0)


def _find_moves(points: Sequence[_Point]) -> Iterator[tuple[_Point, _Point]]:
    """A revised value and what took its place, where there is room for an arrow between them."""
    for point in points:
        one, revision = point.statement, point.statement.revision
        if revision is None:
            continue
        sought = (one.key, one.year, revision.value)
        for other in points:
            said = other.statement
            if (said.key, said.year, said.value) == sought and abs(other.y - point.y) > _NEAR:
                yield point, other
                break


def _draw_moves(points: Sequence[_Point]) -> Iterator[str]:
    for point, other in _find_moves(points):
        up = -1 if other.y < point.y else 1
        tip = other.y - up * 8
        yield (
            f'<g class="{point.colour}"><path class="moved" d="M{point.x:.1f},{point.y + up * 7:.1f}'
            f'L{other.x:.1f},{tip - up * 5:.1f}"/><path class="tip" d="M{other.x:.1f},{tip:.1f}l-4,{-up * 7}h8z"/></g>'
        )


def _draw_point(point: _Point) -> str:
    one = point.statement
    kind = f"{'forecast' if one.forecast else 'fact'}{' past' if one.until else ''}"
    said = f"{one.year} {'forecast' if one.forecast else 'fact'}: {one.raw} · {one.title} · {describe_time(one)}"
    mark = _draw_mark(point.report, point.x, point.y, kind)
    return f'<g class="{point.colour}"><title>{_write(said)}</title>{mark}</g>'


def _draw_mark(report: int, x: float, y: float, kind: str) -> str:
    """Four shapes beside ten colours, for those who do not tell the colours apart."""
    shape = report % 4 if report < NAMED else 0
    if shape == 0:
        return f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="5"/>'
    if shape == 1:
        return f'<rect class="{kind}" x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"/>'
    path = "l6,6 -6,6 -6,-6z" if shape == 2 else "l6,10.5h-12z"  # noqa: PLR2004 - diamond, triangle
    return f'<path class="{kind}" d="M{x:.1f},{y - (6 if shape == 2 else 7):.1f}{path}"/>'  # noqa: PLR2004


def _draw_values(points: Sequence[_Point], values: Axis) -> Iterator[str]:
    """The number beside a point where there is room for it; what still stands first."""
    boxes = [(point.x - 7, point.y - 7, point.x + 7, point.y + 7) for point in points]
    boxes += [
        (point.x - 5, min(point.y, other.y), point.x + 5, max(point.y, other.y)) for point, other in _find_moves(points)
    ]
    chosen = list(points)
    if len(points) > _CROWD:
        last = {point.statement.key: point for point in points if point.report < NAMED and not point.statement.until}
        chosen = list(last.values())
    for point in sorted(chosen, key=lambda each: (each.statement.until is not None, each.x, each.y)):
        text = write_number(values.convert(point.statement.value))
        half = 3.6 * len(text) + 2
        for x, y in ((point.x, point.y - 12), (point.x, point.y + 21), *_beside(point, half)):
            box = (x - half, y - 11, x + half, y + 3)
            inside = box[0] > LEFT and box[2] < WIDTH - 4 and box[3] < TOP + PLOT
            if inside and not any(_overlap(box, other) for other in boxes):
                boxes.append(box)
                past = " past" if point.statement.until else ""
                yield f'<text class="value{past}" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{text}</text>'
                break


def _beside(point: _Point, half: float) -> tuple[tuple[float, float], ...]:
    return (point.x + half + 9, point.y + 4), (point.x - half - 9, point.y + 4)


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _draw_legend(keys: Sequence[str], points: Sequence[_Point], undrawn: int, y: float) -> Iterator[str]:
    """What the marks mean, then a line a report: its title and when it said so."""
    marks = [
        f'{_draw_mark(0, 30, y - 4, "fact")}<text class="soft" x="44" y="{y}">stated as fact</text>',
        f'{_draw_mark(0, 160, y - 4, "forecast")}<text class="soft" x="174" y="{y}">forecast</text>',
    ]
    if any(point.statement.until for point in points):
        marks.append(
            f'<line class="line old" x1="258" y1="{y - 4}" x2="284" y2="{y - 4}"/><text class="soft" x="292" y="{y}">'
            "as an earlier version said it; an arrow leads to the revised value</text>"
        )
    yield f'<g class="key">{"".join(marks)}</g>'
    for report, key in enumerate(keys[:NAMED]):
        y += ROW
        own = [point.statement for point in points if point.statement.key == key]
        dates = ", ".join(sorted({one.said_at[:10] for one in own})[:4])
        title = shorten(tidy(own[-1].title), 118 - measure(f"{key}{dates}"))
        yield (
            f'<g class="c{report}">{_draw_mark(report, 30, y - 4, "fact")}<text x="44" y="{y}">{_write(title)} '
            f'<tspan class="soft">{_write(f"{key} · {dates}")}</tspan></text></g>'
        )
    left_out = [f"{len(keys) - NAMED} more reports in grey"] if len(keys) > NAMED else []
    if undrawn:
        left_out.append(f"{counted(undrawn, 'figure')} not drawn, which have no year")
    if left_out:
        yield f'<text class="soft" x="44" y="{y + ROW}">{"; ".join(left_out)}</text>'


def _describe(series: Series, count: str) -> str:
    """The picture in words."""
    said = [
        f"{one.year}, {'forecast' if one.forecast else 'fact'}: {one.raw} ({one.title}, {describe_time(one)})"
        for one in series.statements
        if can_be_drawn(one)
    ]
    more = f" And {len(said) - DESCRIBED} more." if len(said) > DESCRIBED else ""
    return f"{count}. {'; '.join(said[:DESCRIBED])}.{more}"
