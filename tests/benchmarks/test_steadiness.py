"""The rate after the start."""

from benchmarks.steadiness import STARTING_SECONDS, steady_rate


def test_the_rate_is_that_of_the_steps_after_the_start():
    starting = [0, 0.1, 3, STARTING_SECONDS - 0.01]
    steady = [STARTING_SECONDS + after for after in (0, 0.25, 0.5, 1)]
    assert steady_rate(starting + steady) == 3
