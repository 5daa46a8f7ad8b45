"""The figures of a summary: numbers with their unit, year, role and measure; Chinese and English compared.

Derived data: a pure function of the stored text, so that it can be made again at any time. :data:`VERSION` rises with
every change of what is extracted or compared, and the figures of an archive are then made again, silently.
"""

from __future__ import annotations

VERSION = 3
