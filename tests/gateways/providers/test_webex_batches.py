"""Several destinations in one call to Webex Connect, and the ways it might answer for them."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from gateway_project.lib.http import http_client
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import (
    BatchRefused,
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    SendResult,
)
from tests.gateways.providers.examples import account, message
from tests.peers import Answer, http_peer

NOW = datetime(2026, 9, 8, 8, 0, tzinfo=UTC)
IDS = [f"01981f7a-0000-7000-8000-00000000000{n}" for n in range(3)]
NUMBERS = [f"+49151123456{n}" for n in range(3)]
TOGETHER = [
    message(Channel.SMS, id=own_id, recipient=Personal(number))
    for own_id, number in zip(IDS, NUMBERS, strict=True)
]


def outcomes(status: int, body: object):
    with http_peer(lambda asked: Answer(status=status, body=body)) as peer:
        provider = account("webex_connect", base_url=peer.url, batch=1000)
        answer = http_client().perform(provider.call(TOGETHER))
    return provider.results(TOGETHER, answer)


def key(**changes):
    return account("webex_connect", batch=1000).batch_key(message(Channel.SMS, **changes))


def test_one_goes_at_a_time_unless_the_account_says_otherwise():
    assert account("webex_connect").batch_size == 1
    assert account("webex_connect", batch=1000).batch_size == 1000


def test_each_destination_has_its_own_id_and_the_call_none():
    with http_peer(lambda asked: Answer(status=201, body={"messageId": "m-1"})) as peer:
        provider = account("webex_connect", base_url=peer.url, batch=1000)
        http_client().perform(provider.call(TOGETHER))

    (asked,) = peer.asked
    assert asked.json["to"] == [
        {"msisdn": [number.removeprefix("+")], "correlationId": own_id}
        for own_id, number in zip(IDS, NUMBERS, strict=True)
    ]
    assert "callbackData" not in asked.json


@time_machine.travel(NOW, tick=False)
def test_what_leaves_together_ends_with_the_first():
    ends = [NOW + timedelta(seconds=left) for left in (50, 40, 55)]
    messages = [message(Channel.SMS, id=IDS[n], expires_at=ends[n]) for n in range(3)]
    with http_peer(lambda asked: Answer(status=201, body={"messageId": "m-1"})) as peer:
        http_client().perform(account("webex_connect", base_url=peer.url).call(messages))

    assert peer.asked[0].json["validity"] == 40


def test_equal_bodies_leave_together():
    assert key(id=IDS[0], recipient=Personal(NUMBERS[0])) == key(
        id=IDS[1], recipient=Personal(NUMBERS[1])
    )


@pytest.mark.parametrize(
    "changes",
    [{"text": "Other"}, {"sender": "Other"}, {"expires_at": NOW}, {"text": "$(x)"}],
)
def test_others_do_not(changes):
    assert key() != key(**changes)


def test_what_cannot_leave_keeps_nobody_from_leaving():
    assert key(text="$(x)", id=IDS[0]) != key(text="$(x)", id=IDS[1])


def test_variables_of_a_template_are_each_destination_s_own():
    config = {"template_id": "t", "substitutions": {"name": "{{ properties.name }}"}, "batch": 9}
    provider = account("webex_connect", **config)
    ann, bob = (message(Channel.SMS, properties={"name": name}) for name in ("Ann", "Bob"))

    assert provider.batch_key(ann) == provider.batch_key(bob)


def test_a_single_object_counts_for_all_and_its_id_for_none():
    results = outcomes(201, {"messageId": "m-1", "status": "queued"})

    assert [type(result) for result in results] == [SendResult] * 3
    assert {result.provider_id for result in results} == {None}


def test_a_list_is_read_by_the_ids_in_it():
    told = [
        {"correlationId": IDS[2], "messageId": "m-2"},
        {"correlationId": IDS[0], "code": "7004", "message": "Invalid parameter - msisdn"},
    ]
    first, second, third = outcomes(201, told)

    assert (type(first), first.detail) == (MessageRejected, "7004 Invalid parameter - msisdn")
    assert type(second) is OutcomeUnknown
    assert third == SendResult(provider_id="m-2")


def test_or_by_place_where_it_names_none():
    results = outcomes(201, [{"messageId": f"m-{n}"} for n in range(3)])

    assert [result.provider_id for result in results] == ["m-0", "m-1", "m-2"]


@pytest.mark.parametrize("told", [[{"messageId": "m-0"}], [1, "x", None], [], {"results": []}])
def test_a_list_that_cannot_be_assigned_leaves_the_outcome_unknown(told):
    assert [type(result) for result in outcomes(201, told)] == [OutcomeUnknown] * 3


def test_an_entry_with_the_transaction_limit_is_sent_later():
    told = [{"correlationId": own_id, "code": "7020", "message": "(rate)"} for own_id in IDS]

    assert [type(result) for result in outcomes(200, told)] == [GatewayUnavailable] * 3


@pytest.mark.parametrize("status", [200, 201])
def test_a_refusal_in_a_call_that_was_taken_may_be_of_one_alone(status):
    results = outcomes(status, {"code": "7004", "message": "Invalid parameter - msisdn"})

    assert [type(result) for result in results] == [OutcomeUnknown] * 3


def test_a_call_that_is_refused_does_not_say_for_whom():
    results = outcomes(400, {"code": "7004", "message": "Invalid parameter - msisdn"})

    assert [type(result) for result in results] == [BatchRefused] * 3
    assert all("7004" in result.detail for result in results)


def test_an_account_at_fault_is_so_for_all():
    results = outcomes(401, "")

    assert [type(result) for result in results] == [GatewayMisconfigured] * 3
