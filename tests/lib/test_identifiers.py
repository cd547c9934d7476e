"""Ids: made to grow, and read out of what strangers send."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway_project.lib.identifiers import first_id, new_id, read_id


def test_ids_grow():
    ids = [new_id() for _ in range(100)]
    assert ids == sorted(set(ids))


def test_an_id_is_read_back():
    one = new_id()
    assert read_id(str(one)) == one


@pytest.mark.parametrize("text", [None, "", "nc-1", "0" * 31, "g" * 32])
def test_what_is_no_id_is_none(text):
    assert read_id(text) is None


def test_a_time_is_a_range_of_ids():
    before = datetime.now(UTC)
    made = new_id()
    after = datetime.now(UTC) + timedelta(milliseconds=1)
    assert first_id(before) <= made < first_id(after)
