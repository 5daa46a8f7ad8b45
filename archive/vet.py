"""The bounds a night must keep before anything of it is published.

"A violated bound is a signal to explain, not an instruction to fit the envelope." Hard bounds reject the run, soft
ones leave an issue. Every figure comes from what *this* run fetched, against the last complete walk. The least
counts beside the shares keep a listing of a handful of reports from being rejected for one edit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from archive.counted import counted

MIN_ENTRIES_SHARE = 0.80  #: of the last complete walk; withdrawals come singly, a broken pager takes a third
MIN_ENTRIES_LOST = 5
MIN_REPLACED = 20  #: entries; a list of the latest reports may well be all new after a while
MAX_CHANGED_SHARE = 0.20  #: of the known reports; a publisher edits a few, a broken parser "edits" all
MIN_CHANGED = 10
MAX_LANGUAGE_FALL = 0.20  #: share of entries with that language, in points
MIN_LANGUAGE_LOST = 5
MAX_UNTITLED_SHARE = 0.02
MIN_UNTITLED = 3
MIN_LENGTH_RATIO = 2.5  #: English / Chinese characters; healthy on the real page: 3.55 to 4.45
MAX_RATIO_FALL = 0.30  #: for a publisher whose healthy ratio is below that
MIN_RATIO_ENTRIES = 5
MAX_ENTRIES_GROWTH = 2.0
#: alerts at once that are read; more would flood: of one rule where messages are planned, and see is_mass_change
MAX_DUE = 50
#: of the known reports: where more than this is news at once, the site was moved or misread more often than busy. A
#: first look by a person costs less than a false alarm; from MAX_CHANGED_SHARE on nothing of it is published at all
MAX_MASS_SHARE = 0.10
MIN_MASS_CHANGE = 10


@dataclass(frozen=True, slots=True)
class ListingFigures:
    """What one listing showed tonight, and at its last complete walk (None: there was none)."""

    listing: str
    page_1_was_read: bool  #: False where it could not be fetched: that proves nothing
    complete: bool
    entries: int
    untitled: int
    zh: int  #: entries with a Chinese summary
    en: int
    ratio: float | None  #: median of English/Chinese length over the entries with both
    ratio_entries: int
    entries_before: int | None
    zh_share_before: float | None
    en_share_before: float | None
    ratio_before: float | None
    familiar: int  #: entries of reports that the archive knew before tonight, by their keys or at least their summaries
    empty_before: bool = False  #: the last run that counts found it empty, which a person has accepted
    known: int | None = None  #: entries that ``zh``, ``en`` and their shares are about; None: all of them


@dataclass(frozen=True, slots=True)
class Gate:
    """One bound, as observed: ``hard`` and not ``passed`` rejects the run."""

    name: str
    listing: str | None
    observed: float
    threshold: float
    passed: bool
    hard: bool
    message: str  #: what it means; "" where it is kept

    def to_json(self) -> dict[str, object]:
        """For the run ledger; of a thousand listings six thousand bounds are kept a night, and need no words."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "message" or not self.passed}


def vet_listing(figures: ListingFigures) -> list[Gate]:
    """All gates of one listing that can be told from what is known."""
    gates = [_vet_presence(figures)] if figures.page_1_was_read else []
    gates += _vet_count(figures)
    gates += _vet_language(figures, "Chinese", figures.zh, figures.zh_share_before)
    gates += _vet_language(figures, "English", figures.en, figures.en_share_before)
    gates += _vet_titles(figures)
    gates += _vet_ratio(figures)
    return [_keep_silent(gate) for gate in gates]


def vet_changes(changed: int, known: int) -> list[Gate]:
    """The run as a whole: a parser or a site that "edited" a fifth of all reports overnight did not."""
    if not known:
        return []
    share = changed / known
    gates = [
        Gate(
            "changed-share",
            None,
            round(share, 4),
            MAX_CHANGED_SHARE,
            share <= MAX_CHANGED_SHARE or changed < MIN_CHANGED,
            hard=True,
            message=f"{changed} of {known} known reports read differently tonight: the pages were redesigned, or "
            "somebody edited them all",
        )
    ]
    return [_keep_silent(gate) for gate in gates]


def _keep_silent(gate: Gate) -> Gate:
    return replace(gate, message="") if gate.passed else gate


def is_mass_change(*, changed: int, due: int, known: int) -> bool:
    """True where what a run would announce is to be looked at by a person first.

    ``changed``: withdrawn ones and those that are back too: a listing that shows nine tenths of itself for two nights
    breaks no other bound. ``known``: the reports that were not withdrawn before the run.
    """
    bound = MAX_MASS_SHARE * known
    return due > 0 and ((changed >= MIN_MASS_CHANGE and changed > bound) or (due > MAX_DUE and due > bound))


def _vet_presence(figures: ListingFigures) -> Gate:
    return Gate(
        "entries-present",
        figures.listing,
        figures.entries,
        1,
        passed=figures.entries > 0,
        hard=not figures.empty_before,
        message=f"{figures.listing} was fetched, but shows no entries"
        + (f" where it had {figures.entries_before}" if figures.entries_before else ""),
    )


def _vet_count(figures: ListingFigures) -> list[Gate]:
    before = figures.entries_before
    if not before or not figures.complete:
        return []
    share = figures.entries / before
    return [
        Gate(
            "entries-share",
            figures.listing,
            round(share, 4),
            MIN_ENTRIES_SHARE,
            share >= MIN_ENTRIES_SHARE or before - figures.entries < MIN_ENTRIES_LOST,
            hard=True,
            message=f"{figures.listing} shows {counted(figures.entries, 'entry')} where its last complete walk had "
            f"{before}",
        ),
        Gate(
            "entries-growth",
            figures.listing,
            round(share, 4),
            MAX_ENTRIES_GROWTH,
            share <= MAX_ENTRIES_GROWTH,
            hard=False,
            message=f"{figures.listing} grew from {before} to {figures.entries} entries in one night",
        ),
        *_vet_familiarity(figures, before),
    ]


def _vet_familiarity(figures: ListingFigures, before: int) -> list[Gate]:
    """Another site's listing of that name, or new keys for all: else each report would be gone, and new at once."""
    if min(before, figures.entries) < MIN_REPLACED:
        return []
    return [
        Gate(
            "entries-known",
            figures.listing,
            figures.familiar,
            1,
            passed=figures.familiar > 0,
            hard=True,
            message=f"of the {figures.entries} entries of {figures.listing} the archive knows none, though it had "
            f"{before} before: is it another site's, or did it move?",
        )
    ]


def _vet_language(figures: ListingFigures, language: str, count: int, before: float | None) -> list[Gate]:
    among = figures.entries if figures.known is None else figures.known
    if before is None or not among:
        return []
    share = count / among
    lost = (before - share) * among
    return [
        Gate(
            f"{language.lower()}-share",
            figures.listing,
            round(share, 4),
            round(before - MAX_LANGUAGE_FALL, 4),
            before - share <= MAX_LANGUAGE_FALL or lost < MIN_LANGUAGE_LOST,
            hard=True,
            message=f"only {share:.0%} of the entries of {figures.listing} have {language} text where {before:.0%} had",
        )
    ]


def _vet_titles(figures: ListingFigures) -> list[Gate]:
    if not figures.entries:
        return []
    share = figures.untitled / figures.entries
    return [
        Gate(
            "untitled-share",
            figures.listing,
            round(share, 4),
            MAX_UNTITLED_SHARE,
            share <= MAX_UNTITLED_SHARE or figures.untitled < MIN_UNTITLED,
            hard=True,
            message=f"{figures.untitled} of {figures.entries} entries of {figures.listing} have no title",
        )
    ]


def _vet_ratio(figures: ListingFigures) -> list[Gate]:
    if figures.ratio is None or figures.ratio_entries < MIN_RATIO_ENTRIES:
        return []
    before = figures.ratio_before
    threshold = MIN_LENGTH_RATIO
    if before is not None:  # a terse publisher is measured against itself
        threshold = min(MIN_LENGTH_RATIO, before * (1 - MAX_RATIO_FALL))
    return [
        Gate(
            "length-ratio",
            figures.listing,
            round(figures.ratio, 2),
            round(threshold, 2),
            figures.ratio >= threshold,
            hard=before is not None,  # a first walk has nothing to be measured against
            message=f"the English texts of {figures.listing} are {figures.ratio:.2f} times as long as the Chinese "
            f"({'before: ' + format(before, '.2f') if before is not None else 'healthy: 3.5 to 4.5'}): "
            "English seems cut off",
        )
    ]
