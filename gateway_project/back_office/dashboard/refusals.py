"""What the send APIs refused, by error_code. A refused message has no row: this is all there is."""

from dataclasses import dataclass

from gateway_project.back_office.dashboard.reading import Figures
from gateway_project.lib.protocol import ErrorCode
from messages_app.models import Measure

TEXTS = {int(code): code.text for code in ErrorCode}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    code: int
    text: str
    count: int


def refusals(figures: Figures) -> list[Refusal]:
    """The most frequent first."""
    counts = figures.bins(Measure.REFUSED)
    return [
        Refusal(code=code, text=TEXTS.get(code, "Unknown"), count=count)
        for code, count in counts.most_common()
    ]
