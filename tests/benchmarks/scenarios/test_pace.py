"""How many left in any second."""

from datetime import UTC, datetime, timedelta

from benchmarks.scenarios.pace import most_in_a_second

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def test_the_second_begins_anywhere_and_ends_before_its_end():
    moments = [NOON + timedelta(seconds=after) for after in (0, 0.9, 1.0, 1.5, 1.8, 1.95, 3)]

    assert most_in_a_second(moments) == 4
