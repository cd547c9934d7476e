"""The rate after the start."""

import pytest

from benchmarks.loading import Invalid
from benchmarks.steadiness import STARTING_SECONDS, steady_rate


def test_the_rate_is_that_of_the_steps_after_the_start():
    starting = [0, 0.1, 3, STARTING_SECONDS - 0.01]
    steady = [STARTING_SECONDS + after for after in (0, 0.25, 0.5, 1)]
    assert steady_rate(starting + steady) == 3


@pytest.mark.parametrize("moments", [[0.0], [0.0, 1.0], [0.0, 1.0, STARTING_SECONDS]])
def test_of_what_is_over_before_all_have_started_there_is_none(moments):
    with pytest.raises(Invalid, match="larger backlog"):
        steady_rate(moments)
