import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from messages_app.finding import messages_known_as
from messages_app.models import SendAttempt
from messages_app.repeats import uid_key
from tests.factories import MessageFactory


@pytest.fixture
def message(db):
    message = MessageFactory(uid="uid-of-smartico")
    SendAttempt.objects.create(
        message=message,
        gateway=message.gateway,
        number=1,
        outcome="sent",
        provider_id="id-of-the-provider",
        started_at=timezone.now(),
        finished_at=timezone.now(),
    )
    return message


def found(text, *messages):
    return messages_known_as(text, [message.label_id for message in messages])


def test_a_message_is_found_by_every_id_it_is_known_by(message):
    for text in (str(message.pk), message.pk.hex, "uid-of-smartico", "id-of-the-provider"):
        assert found(text, message) == [message]


def test_ids_are_compared_exactly(message):
    for text in ("UID-OF-SMARTICO", "uid", "id-of", "", "00000000-0000-0000-0000-000000000000"):
        assert found(text, message) == []


def test_several_messages_of_one_uid_are_all_found_the_newest_first(message):
    viber = MessageFactory(label=message.label, channel="viber", uid="uid-of-smartico")
    assert found("uid-of-smartico", message) == [viber, message]


def test_previews_are_found_by_their_uid_however_often_it_came(message):
    same = {"label": message.label, "uid": "uid-of-smartico", "activity_type": "preview"}
    previews = [MessageFactory(**same, repeat_key=f"preview-{number}") for number in range(2)]
    assert found("uid-of-smartico", message) == [*reversed(previews), message]


def test_nothing_is_found_by_no_id_at_all(message):
    MessageFactory(label=message.label, uid="")
    SendAttempt.objects.update(provider_id="")
    assert found("", message) == []


def test_a_message_known_in_two_ways_is_found_once(message):
    message.uid = "id-of-the-provider"
    message.repeat_key = uid_key(message.uid)
    message.save()
    assert found("id-of-the-provider", message) == [message]


def test_messages_of_other_labels_are_not_found(message):
    other = MessageFactory()
    for text in (str(message.pk), "uid-of-smartico", "id-of-the-provider"):
        assert found(text, other) == []
        assert messages_known_as(text, []) == []


def test_every_lookup_is_a_probe_of_an_index(message):
    with CaptureQueriesContext(connection) as queries:
        found("id-of-the-provider", message)
    for query in queries.captured_queries:
        plan = _plan(query["sql"])
        assert "Seq Scan on messages_app" not in plan
        assert "SCAN messages_app" not in plan


def test_a_providers_id_is_looked_up_in_its_own_index(message):
    _fill(message)
    with CaptureQueriesContext(connection) as queries:
        found("id-of-the-provider", message)
    (asked,) = [
        query["sql"]
        for query in queries.captured_queries
        if 'FROM "messages_app_sendattempt"' in query["sql"]
    ]
    assert "attempt_by_provider_id" in _plan(asked)


def _fill(message) -> None:
    """As many tries at the gateway as tell its index from that of the provider's ids."""
    now = timezone.now()
    SendAttempt.objects.bulk_create(
        SendAttempt(
            message=message,
            gateway=message.gateway,
            number=number,
            outcome="sent",
            provider_id=f"another-{number}",
            started_at=now,
            finished_at=now,
        )
        for number in range(2, 1_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messages_app_sendattempt")


def _plan(sql: str) -> str:
    is_sqlite = connection.vendor == "sqlite"
    with connection.cursor() as cursor:
        if not is_sqlite:  # a small table is read whole
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if is_sqlite else ''}{sql}")
        return "\n".join(str(row) for row in cursor.fetchall())
