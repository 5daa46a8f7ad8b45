"""A database as SQL, line by line: Python's own way, which the extra's connections lack; it opens nothing itself."""

from sqlite3.dump import _iterdump as dump_lines

__all__ = ["dump_lines"]
