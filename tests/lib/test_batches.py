"""Batch after batch for a bounded time."""

from gateway_project.lib.batches import for_a_while


def test_it_goes_on_until_a_batch_says_that_there_is_no_more():
    batches = iter([5, 5, 3, 5])
    assert for_a_while(lambda: next(batches), lambda done: done == 5, seconds=60) == 13


def test_when_the_time_is_over_the_rest_is_left_to_the_next_tick():
    batches = iter([5, 5])
    assert for_a_while(lambda: next(batches), lambda done: True, seconds=0) == 5
