"""What is played, in the order of the table."""

from benchmarks.scenarios import accept
from benchmarks.trial import Scenario

SCENARIOS: tuple[Scenario, ...] = (accept.SCENARIO,)
