"""How long things take: half of them, and all but the slowest twentieth."""

from dataclasses import dataclass

from gateway_project.back_office.dashboard.reading import Figures
from messages_app.counting.histogram import percentile
from messages_app.models import Measure

ROWS = (
    ("Accept", "Smartico's request to our answer", Measure.ACCEPT_LATENCY),
    ("Send", "our answer to the provider's", Measure.SEND_LATENCY),
    ("Callback", "a status learnt to Smartico's acknowledgement", Measure.CALLBACK_LATENCY),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    title: str
    meaning: str
    count: int
    half: str
    most: str


def latencies(figures: Figures) -> list[Latency]:
    found = []
    for title, meaning, measure in ROWS:
        bins = figures.bins(measure)
        half, most = percentile(bins, 0.5), percentile(bins, 0.95)
        found.append(
            Latency(
                title=title,
                meaning=meaning,
                count=bins.total(),
                half=in_words(half),
                most=in_words(most),
            )
        )
    return found


UNITS = ((86_400.0, "d"), (3_600.0, "h"), (60.0, "min"), (1.0, "s"))


def in_words(seconds: float | None) -> str:
    """Two digits are as much as a histogram knows: 3.4 ms, 120 ms, 1.5 s, 12 min."""
    if seconds is None:
        return "-"
    for length, unit in UNITS:
        if seconds >= length:
            return f"{_short(seconds / length)} {unit}"
    return f"{_short(seconds * 1_000)} ms"


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= 10 else f"{number:.1f}".removesuffix(".0")
