"""How much of what a reader finds is found, and how much of what is found is right; see fixtures/figures/."""

import json
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from archive.figures.align import find_disagreements
from archive.figures.extract import extract_figures

TRUTH = Path(__file__).parent / "fixtures" / "figures"
PRECISION, RECALL = 0.95, 0.90


def load(name):
    return [json.loads(line) for line in (TRUTH / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def name_class(unit):
    """Counted and physical units are one class here: the truth has other names for some of them."""
    return unit if re.fullmatch("[A-Z]{3}|%|pp|times", unit) else "count"


def count(figures):
    return Counter((Decimal(value), name_class(unit)) for value, unit in figures)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", ["first", "second"])
def test_value_and_unit(name, language):
    right = found = there = 0
    for each in load(f"{name}-{language}"):
        said = count((figure.value, figure.unit) for figure in extract_figures(each["text"], language))
        truth = count((figure["value"], figure["unit"]) for figure in each["figures"])
        right, found, there = right + (said & truth).total(), found + said.total(), there + truth.total()
    assert there > 150
    assert right / found >= PRECISION
    assert right / there >= RECALL


@pytest.mark.parametrize("name", ["first", "second"])
def test_disagreements(name):
    false = 0
    for pair in load(f"{name}-pairs"):
        zh, en = extract_figures(pair["zh"], "zh"), extract_figures(pair["en"], "en")
        kinds = {found.kind for found in find_disagreements(pair["zh"], pair["en"], zh, en)}
        if pair["disagreements"]:
            assert {each["kind"] for each in pair["disagreements"]} <= kinds, pair["zh"]
        else:
            false += bool(kinds)
    assert false <= 1
