"""URLs changed in one place."""

import pytest

from gateway_project.operations.drill import urls


@pytest.mark.parametrize(
    ("url", "elsewhere"),
    [
        ("postgres://me:p%40ss@db:5433/name?sslmode=prefer", "me:p%40ss@127.0.0.1:7/name?sslmode"),
        ("redis://cache/3", "redis://127.0.0.1:7/3"),
        ("amqp://guest:guest@[::1]:5672//", "amqp://guest:guest@127.0.0.1:7//"),
    ],
)
def test_only_the_address_is_another(url, elsewhere):
    assert elsewhere in urls.with_address(url, "127.0.0.1", 7)


def test_a_schema_and_a_name_stand_beside_what_was_asked_for_already():
    url = "postgres://me@db/name?sslmode=require&options=-c%20jit%3Doff"
    schema = urls.named(urls.in_schema(url, "drill_1"), "drill_1_crew")
    assert "sslmode=require" in schema
    assert "options=-c%20jit%3Doff%20-c%20search_path%3Ddrill_1" in schema
    assert "application_name=drill_1_crew" in schema


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("postgres://me@db/name", ("db", 5432)),
        ("postgres://me@db:6000/name", ("db", 6000)),
        ("postgres:///name", None),
        ("postgres://%2Fvar%2Frun/name", None),
        ("rediss://db:6379/0", None),
        ("amqps://db//", None),
    ],
)
def test_a_wire_leads_to_an_address_that_can_be_dialled_unencrypted(url, address):
    assert urls.address_of(url, 5432) == address
