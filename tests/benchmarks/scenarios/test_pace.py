"""How many left in any second."""

from benchmarks.scenarios.pace import most_in_a_second


def test_the_second_begins_anywhere_and_ends_before_its_end():
    assert most_in_a_second([0.5, 0.9, 1.2, 1.4, 1.5, 2.5]) == 4
