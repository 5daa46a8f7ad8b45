"""Arrows point one way: crawler → archive; and a query starts without what it does not need."""

import subprocess
import sys

import pytest


def loaded(code):
    script = f"import sys\n{code}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    return set(
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout.split()
    )


def test_archive_never_loads_scrapy():
    every = (
        "import pkgutil, importlib, archive\n"
        "for module in pkgutil.walk_packages(archive.__path__, 'archive.'):\n"
        "    if not module.name.endswith('__main__'): importlib.import_module(module.name)"
    )
    assert loaded(every).isdisjoint({"scrapy", "twisted", "crawler", "itemadapter", "itemloaders"})


@pytest.mark.parametrize("module", ["archive.cli", "archive.query", "archive.render", "archive.store"])
def test_queries_load_neither_the_parser_nor_the_migrations(module):
    assert loaded(f"import {module}").isdisjoint(
        {"scrapy", "twisted", "parsel", "lxml", "warcio", "sqlite_utils", "msgspec"}
    )
