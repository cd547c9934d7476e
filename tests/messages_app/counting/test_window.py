"""Which stretch of time is counted next."""

from datetime import UTC, datetime, timedelta

from messages_app.counting.window import Window, brief_window, final_until, floor, next_window
from messages_app.models import Span

NOW = datetime(2026, 5, 4, 10, 30, 20, tzinfo=UTC)


def at(hour, minute=0):
    return datetime(2026, 5, 4, hour, minute, tzinfo=UTC)


def test_lately_it_is_counted_by_minutes_up_to_the_present_one():
    window = next_window(at(10, 28), NOW)
    assert window == Window(since=at(10, 28), until=at(10, 31), span=Span.MINUTE)


def test_what_is_two_minutes_old_is_final():
    assert final_until(next_window(at(10, 25), NOW), NOW) == at(10, 28)


def test_a_while_ago_it_is_counted_in_pieces():
    window = next_window(at(9, 10), NOW)
    assert (window.until, final_until(window, NOW)) == (at(9, 40), at(9, 40))


def test_long_ago_it_is_counted_by_full_hours():
    window = next_window(at(3, 17), NOW)
    assert window == Window(since=at(3), until=at(4), span=Span.HOUR)


def test_a_clock_that_was_set_back_counts_the_present():
    window = next_window(at(11, 45), NOW)
    assert window == Window(since=at(10, 30), until=at(10, 31), span=Span.MINUTE)
    assert final_until(window, NOW) == at(10, 30)


def test_between_two_minutes_what_has_come_since_is_counted():
    counted_at = NOW - timedelta(seconds=10)
    window = brief_window(at(10, 28), counted_at, NOW)
    assert window == Window(since=at(10, 30), until=at(10, 31), span=Span.MINUTE)


def test_once_a_minute_all_is_counted_that_is_not_final():
    assert brief_window(at(10, 27), NOW, NOW) is None


def test_with_a_clock_that_was_set_back_all_is_counted():
    assert brief_window(at(11, 45), NOW, NOW) is None


def test_catching_up_leaves_nothing_out_and_comes_to_an_end():
    until, ends = at(0, 7), []
    while not ends or ends[-1] != until:
        ends.append(until)
        window = next_window(until, NOW)
        assert window.since <= until
        until = final_until(window, NOW)
    assert until == at(10, 28)


def test_the_start_of_a_span_is_utc():
    assert floor(NOW, Span.DAY) == at(0)
    assert floor(NOW.astimezone() + timedelta(0), Span.HOUR) == at(10)
