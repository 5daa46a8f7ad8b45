"""The templates of messages: loaded once, HTML escaped, and an unknown name is an error."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment


def render(name: str, context: Mapping[str, Any]) -> str:
    return _load_templates().get_template(name).render(context)


@functools.cache
def _load_templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape  # noqa: PLC0415 - 90 ms

    return Environment(
        loader=PackageLoader("archive.alerts"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
