"""The runbook knows every code that the program can say, names no other, and its commands exist."""

import ast
import re
import shlex
from pathlib import Path

import pytest

import archive.errors
from archive.cli import baogao
from archive.runbook import EXIT_CODES, ISSUES, render_runbook
from archive.vet import ListingFigures, vet_changes, vet_listing

ROOT = Path(__file__).parent.parent
SOURCES = sorted(ROOT.glob("archive/**/*.py"))


def called(node):
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


class Codes(ast.NodeVisitor):
    """The issue codes that one module adds; what can't be told is kept too, so that nothing escapes."""

    def __init__(self, tree):
        self.found, self.unclear = set(), []
        self.assigned = {}
        self.inside = []
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.assigned.setdefault(target.id, []).append(node.value)
        self.visit(tree)

    def visit_FunctionDef(self, node):
        self.inside.append(node)
        self.generic_visit(node)
        self.inside.pop()

    def visit_Call(self, node):
        if called(node).endswith("add_issue"):
            level = [n for n, arg in enumerate(node.args) if self.is_level(arg)]
            self.take(node.args[level[0] + 1 if level else 1])
        self.generic_visit(node)

    @staticmethod
    def is_level(arg):
        return getattr(arg, "id", getattr(arg, "value", None)) in {"warning", "error", "level"}

    def take(self, arg):
        if isinstance(arg, ast.Constant):
            self.found.add(arg.value)
        elif isinstance(arg, ast.IfExp):
            self.take(arg.body)
            self.take(arg.orelse)
        elif isinstance(arg, ast.Name) and arg.id in self.assigned:
            for value in self.assigned[arg.id]:
                self.take(value)
        elif isinstance(arg, ast.Attribute) and ast.unparse(arg) == "gate.name":
            pass  # of archive.vet, which is asked itself
        elif not (self.inside and self.inside[-1].name.endswith("add_issue")):  # hands on what it was given
            self.unclear.append(ast.unparse(arg))


def find_issue_codes():
    found = set()
    for path in SOURCES:
        codes = Codes(ast.parse(path.read_text(encoding="utf-8")))
        assert not codes.unclear, f"{path}: which issue code is {codes.unclear}?"
        found |= codes.found
    return found


def find_gates():
    """Of a listing for which all bounds can be told."""
    figures = ListingFigures(
        *("x", *[True] * 2, 100, 0, 100, 100, 3.5, 100),
        *(100, 1.0, 1.0, 3.5),  # at the last complete walk
        familiar=100,
    )
    return {gate.name for gate in (*vet_listing(figures), *vet_changes(1, 100))}


def test_the_gates_found_are_all_there_are():
    tree = ast.parse((ROOT / "archive/vet.py").read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and called(node) == "Gate"]
    assert len(find_gates()) == len(calls) + 1  # the bound of a language holds for two


def test_every_issue_has_its_line_and_no_other():
    told = [entry.code for entry in ISSUES]
    assert len(told) == len(set(told))
    assert set(told) == find_issue_codes() | find_gates()


def test_issues_are_added_in_two_places_alone():
    """A pruned night's are written again as they were (replay.py)."""
    adding = {path.name for path in SOURCES if re.search(r"INTO\s+(?:temp\.)?issues\b", path.read_text())}
    assert adding == {"ledger.py", "outbox.py", "replay.py"}


def test_every_exit_code_has_its_line():
    raised = {error.exit_code for error in vars(archive.errors).values() if isinstance(error, type)}
    told = [int(entry.code) for entry in EXIT_CODES]
    assert told == sorted({0, 5, 9, 130, 143} | raised)


def test_the_page_is_what_the_table_says():
    page = (ROOT / "RUNBOOK.md").read_text(encoding="utf-8")
    assert page == render_runbook(), "run `python -m archive.runbook > RUNBOOK.md`"


def test_every_line_says_everything():
    for entry in (*EXIT_CODES, *ISSUES):
        assert all((entry.code, entry.means, entry.look, entry.do)), entry
        assert "|" not in entry.means + entry.look + entry.do, entry


def list_commands():
    return sorted(set(re.findall(r"`(baogao [^`]*)`", render_runbook())))


PLACEHOLDERS = {"RUN": "3", "N": "3", "ID": "3", "URL": "https://example.org/tag/x", "CHANNEL": "mail"}


@pytest.mark.parametrize("line", list_commands())
def test_commands_exist(line):
    words = [PLACEHOLDERS.get(word, word) for word in shlex.split(line)[1:]]
    command, name = baogao, "baogao"
    while words and hasattr(command, "commands"):
        name, *words = words
        assert name in command.commands, line
        command = command.commands[name]
    command.make_context(name, words)


def test_commands_are_found():
    assert len(list_commands()) > 10
