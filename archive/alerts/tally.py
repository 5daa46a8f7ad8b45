"""What one round of sending came to, for a person and for a program."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from archive.counted import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

_SHOWN = 5  #: channels in the sentence
PARKED = "parked: no channel or recipient of that name in baogao.toml"


@dataclass(frozen=True, slots=True)
class Backlog:
    """Messages of one channel that were tried, or could not be, and will be tried again."""

    channel: str
    messages: int
    next_attempt_at: str
    error: str
    is_due: bool = False  #: it need not wait: what failed was here, and is tried whenever we send


@dataclass(frozen=True, slots=True)
class Tally:
    sent: int
    dead: int  #: given up in this round
    parked: int  #: their channel or recipient is not in the configuration any more
    dead_in_all: int  #: until somebody retries or drops them
    held: int = 0  #: until somebody releases or drops them
    backlog: tuple[Backlog, ...] = ()

    @property
    def waiting(self) -> int:
        return sum(each.messages for each in self.backlog)

    @property
    def undelivered(self) -> bool:
        """What is held for a person, and a digest that still gathers, do not count."""
        return bool(self.backlog or self.dead_in_all)

    @property
    def sentence(self) -> str:
        """Empty where there is nothing to say."""
        text = "; ".join(self._list_parts())
        return f"{text}." if text else ""

    def _list_parts(self) -> Iterator[str]:
        if self.sent:
            yield f"{counted(self.sent, 'message')} sent"
        for each in self.backlog[:_SHOWN]:
            verb = "waits" if each.messages == 1 else "wait"
            when = "with the next `baogao notify`" if each.is_due else f"at {each.next_attempt_at}"
            why = each.error.rstrip(".") or "the last attempt was cut short"
            yield f"{counted(each.messages, 'message')} {verb} for {each.channel} ({why}), next try {when}"
        if len(self.backlog) > _SHOWN:
            yield f"{len(self.backlog) - _SHOWN} more channels wait"
        if self.parked:
            yield f"{counted(self.parked, 'message')} {PARKED}"
        if self.dead_in_all:
            fresh = f", {self.dead} of them new" if 0 < self.dead < self.dead_in_all else ""
            yield f"{counted(self.dead_in_all, 'message')} dead{fresh}: `baogao alerts list`"
        if self.held:
            yield f"{self.held} held until a person decides: `baogao alerts list`"

    def to_json(self) -> dict[str, Any]:
        return {
            "sent": self.sent,
            "waiting": self.waiting,
            "dead": self.dead,
            "dead_in_all": self.dead_in_all,
            "held": self.held,
            "parked": self.parked,
            "undelivered": self.undelivered,
            "backlog": [
                {name: value for name, value in asdict(each).items() if name != "is_due"} for each in self.backlog
            ],
        }
