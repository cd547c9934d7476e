"""How many left in any second."""

from benchmarks.scenarios.pace import most_in_a_second


def test_the_second_begins_anywhere_and_ends_before_its_end():
    assert most_in_a_second([0, 0.9, 1.0, 1.5, 1.8, 1.95, 3]) == 4
