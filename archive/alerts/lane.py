"""One channel in one round: what is left for it, and what is in the air."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections import deque

    from archive.alerts.couriers import Courier, Worker
    from archive.alerts.model import Delivery, Outcome
    from archive.alerts.notices import Cache
    from archive.alerts.rules import Channel


@dataclass(slots=True, eq=False)
class Lane:
    channel: Channel
    messages: deque[Delivery]
    cache: Cache = field(default_factory=dict)
    courier: Courier | None = None
    worker: Worker | None = None
    in_air: Delivery | None = None
    deadline: float = 0.0
    failures: int = 0

    @property
    def outcome(self) -> Outcome | None:
        return self.worker.outcome if self.worker and self.in_air else None
