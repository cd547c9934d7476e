"""What holds for every provider adapter, tried on all that are registered."""

import json
from pathlib import Path
from uuid import uuid4

import pytest
import time_machine
from django import forms
from django.core.exceptions import ValidationError

from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.base import (
    BlockingProvider,
    Findings,
    GatewayMisconfigured,
    GatewayUnavailable,
    HttpAnswer,
    HttpProvider,
    InstantProvider,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
    SendResult,
    StatusUpdate,
    WebhookRefused,
    WebhookRequest,
)
from gateways.providers.groups import resting_value
from gateways.providers.registry import provider_classes, secret_fields, validate_config
from tests.gateways.providers.canaries import CANARY, EMAIL, MESSAGE_ID, PHONE, WEBHOOK_URL
from tests.gateways.providers.examples import ACCOUNTS, CONFIGS, account, first_message
from tests.gateways.providers.webhooks import (
    NEW_WORD,
    RECORDED,
    RECORDED_AT,
    SIGNERS,
    first_samples,
    forgeries,
    posted,
    recorded,
    tampered,
    with_a_new_word,
)

SLUGS = list(provider_classes())
HTTP = [slug for slug, cls in provider_classes().items() if issubclass(cls, HttpProvider)]
WITH_WEBHOOKS = [slug for slug, cls in provider_classes().items() if cls.sends_webhooks()]

WITH_JSON_WEBHOOKS = sorted({sample.slug for sample in recorded() if sample.kind == "payload"})

ONLY_BY_ANSWER = {
    "esputnik": {Status.ACCEPTED, Status.REJECTED},
    "mailjet": {Status.ACCEPTED},
    "mailtrap": {Status.ACCEPTED},
    "postal": {Status.REJECTED},
    "postmark": {Status.ACCEPTED},
    "webex_connect": {Status.REJECTED},
}
"""What these have no word for in their webhooks: it is learnt when a message is sent."""

SIGNS_NO_BODY = {"mailgun"}
"""Mailgun's signature is of a time and a token beside the event: see its own test."""

every_provider = pytest.mark.parametrize("slug", SLUGS)
every_http_provider = pytest.mark.parametrize("slug", HTTP)
every_provider_with_webhooks = pytest.mark.parametrize("slug", WITH_WEBHOOKS)
every_provider_with_json_webhooks = pytest.mark.parametrize("slug", WITH_JSON_WEBHOOKS)
every_provider_that_signs = pytest.mark.parametrize("slug", list(SIGNERS))


def looking_up(slug: str) -> HttpProvider:
    """The example account, set up to be asked by our ids where it can be."""
    return account(slug, **getattr(ACCOUNTS[slug], "LOOKUP", {}))


LOOKUPS = [
    (slug, channel)
    for slug in HTTP
    for channel in provider_classes()[slug].channels
    if looking_up(slug).lookup_size(channel)
]
every_lookup = pytest.mark.parametrize(("slug", "channel"), LOOKUPS)


def answered(slug: str, **answer: object) -> list[SendResult | ProviderError]:
    return account(slug).results([first_message(slug)], HttpAnswer(**answer))


@every_provider
def test_it_declares_what_it_is(slug):
    cls = provider_classes()[slug]

    assert cls.slug == slug
    assert cls.title
    assert cls.channels
    assert all(isinstance(channel, Channel) for channel in cls.channels)
    assert isinstance(cls.reports, frozenset)
    assert all(isinstance(status, Status) for status in cls.reports)
    assert issubclass(cls.Config, forms.Form)
    assert cls.batch_size >= 1
    assert cls.concurrency >= 1
    assert issubclass(cls, HttpProvider | BlockingProvider | InstantProvider)


@every_provider
def test_what_it_says_of_its_channels_and_signatures_is_so(slug):
    cls = provider_classes()[slug]

    assert set(cls.not_reported) <= set(cls.channels)
    assert all(statuses <= cls.reports for statuses in cls.not_reported.values())
    assert bool(cls.proof) == (slug in SIGNERS)


@every_provider
def test_it_says_what_it_needs_and_how_it_is_set_up(slug):
    cls = provider_classes()[slug]

    assert cls.needs.endswith(".")
    assert len(cls.needs) <= 100
    assert "\n" not in cls.needs
    assert len(cls.instructions) >= 2
    assert all(step.endswith((".", "}.")) and len(step) <= 300 for step in cls.instructions)


@every_provider
def test_every_field_of_its_form_is_in_one_group(slug):
    form = provider_classes()[slug].Config
    grouped = [name for group in form.groups for name in group.fields]

    assert sorted(grouped) == sorted(form.base_fields)
    titles = [group.title for group in form.groups]
    assert all(titles)
    assert len(set(titles)) == len(titles)
    assert all(
        set(group.channels) <= set(provider_classes()[slug].channels) for group in form.groups
    )


@every_provider
def test_every_field_of_its_form_says_what_it_is(slug):
    fields = provider_classes()[slug].Config.base_fields.items()

    assert [name for name, field in fields if not field.help_text] == []


@every_provider
def test_what_has_to_be_filled_in_is_in_a_group_that_is_seen_on_every_channel(slug):
    form = provider_classes()[slug].Config
    hidden = [group for group in form.groups if group.is_rare or group.channels]
    needed = [
        name
        for group in hidden
        for name in group.fields
        if form.base_fields[name].required and resting_value(form.base_fields[name]) is None
    ]

    assert needed == []


@every_provider
def test_its_example_configuration_is_kept_as_it_is(slug):
    assert validate_config(provider_classes()[slug], CONFIGS[slug]) == CONFIGS[slug]


@every_provider
def test_its_configuration_survives_being_stored_as_json(slug):
    kept = validate_config(provider_classes()[slug], CONFIGS[slug])

    assert json.loads(json.dumps(kept)) == kept


@every_provider
def test_what_is_wrong_with_a_configuration_is_said_without_repeating_it(slug):
    cls = provider_classes()[slug]
    wrong = dict.fromkeys(cls.Config.base_fields, f"{CANARY}\x00é") | {"no_such_key": CANARY}

    with pytest.raises(ValidationError) as refused:
        validate_config(cls, wrong)

    assert "no_such_key" in refused.value.message_dict
    assert CANARY not in str(refused.value.message_dict)


@every_provider
def test_its_secrets_are_declared_as_such(slug):
    holding = {name for name, value in CONFIGS[slug].items() if CANARY in str(value)}

    assert holding <= secret_fields(provider_classes()[slug])


@every_provider
def test_it_shows_no_secret_of_its_own(slug):
    assert CANARY not in repr(account(slug))
    assert WEBHOOK_URL not in repr(account(slug))


@every_provider
def test_content_within_its_limits_is_no_problem(slug):
    provider = account(slug)

    for channel in provider.channels:
        assert (
            provider.content_problem(channel, "Best offer ever", "<p>Best offer ever</p>") is None
        )


@every_provider
def test_content_over_its_limits_is_refused_with_the_limit_and_not_the_content(slug):
    provider = account(slug)
    for channel, limit in provider.text_limit.items():
        assert provider.content_problem(channel, "x" * limit, "") is None
        assert str(limit) in provider.content_problem(channel, "x" * (limit + 1), "")
    if provider.html_limit:
        assert str(provider.html_limit) in provider.content_problem(
            Channel.EMAIL, "", "é" * provider.html_limit
        )


@every_provider
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_probe_of_the_webhook_url_is_answered_200(slug, method):
    assert account(slug).answer_probe(WebhookRequest(method=method, url=WEBHOOK_URL)).status == 200


@every_provider
def test_closing_twice_harms_nobody(slug):
    provider = account(slug)

    provider.close()
    provider.close()


# ---- Providers behind HTTP


@every_http_provider
def test_a_call_goes_to_the_configured_host_and_shows_nothing(slug):
    call = account(slug).call([first_message(slug)])

    configured = CONFIGS[slug].get("base_url") or CONFIGS[slug]["url"]
    assert call.url.startswith(configured)
    for hidden in (CANARY, EMAIL, PHONE, PHONE[1:], "Best offer ever"):
        assert hidden not in repr(call)


@every_http_provider
def test_a_call_carries_our_id(slug):
    call = account(slug).call([first_message(slug)])

    assert MESSAGE_ID.encode() in call.body or MESSAGE_ID in call.headers.values()


@every_http_provider
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, GatewayMisconfigured),
        (307, GatewayMisconfigured),
        (400, MessageRejected),
        (401, GatewayMisconfigured),
        (403, GatewayMisconfigured),
        (422, MessageRejected),
        (429, GatewayUnavailable),
        (500, GatewayUnavailable),
        (502, GatewayUnavailable),
        (503, GatewayUnavailable),
        (504, OutcomeUnknown),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>Sorry</html>", b"{}", b"[1", b"\xff\xfe\x00"])
def test_an_answer_that_is_no_2xx_means_what_its_status_says(slug, status, expected, body):
    (result,) = answered(slug, status=status, body=body)

    assert type(result) is expected
    assert str(status) in result.detail


@every_http_provider
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("header", "expected"),
    [("7", 7.0), ("315360000", 3600.0), ("soon", None), ("", None)],
)
def test_the_wait_that_is_asked_for_is_obeyed_up_to_an_hour(slug, status, header, expected):
    (result,) = answered(slug, status=status, headers={"retry-after": header})

    assert result.retry_after == expected


@every_http_provider
@pytest.mark.parametrize(
    "body",
    [
        b"<html><body>Sign in</body></html>",
        b'{"error_code": ',
        b"",
        b"[]",
        b"{}",
        b'"ok"',
        b"\xff\xfe{\x00}\x00",
        b"[" * 100_000,
    ],
)
def test_a_2xx_that_says_neither_yes_nor_no_leaves_the_outcome_unknown(slug, body):
    (result,) = answered(slug, status=200, body=body)

    assert type(result) is OutcomeUnknown


@every_http_provider
def test_a_cut_answer_is_not_taken_for_a_yes(slug):
    (result,) = answered(slug, status=200, body=b'{"messageId": "a', is_cut=True)

    assert type(result) is OutcomeUnknown


@every_http_provider
@pytest.mark.parametrize("status", [200, 400, 500])
def test_the_provider_s_words_are_kept_out_of_the_exception_s_own_text(slug, status):
    (result,) = answered(slug, status=status, body=f"no such number {PHONE}".encode())

    assert PHONE in result.detail
    assert PHONE not in str(result)
    assert PHONE not in repr(result)


# ---- Providers that take a message here and now


@pytest.mark.parametrize(
    "slug", [s for s in SLUGS if issubclass(provider_classes()[s], InstantProvider)]
)
def test_a_repeat_of_a_message_is_the_same_message_where_that_is_promised(slug):
    provider = account(slug)

    first, second = provider.send(first_message(slug)), provider.send(first_message(slug))

    assert provider.idempotent
    assert first == second


# ---- Webhooks


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug not in WITH_WEBHOOKS])
def test_a_provider_without_webhooks_refuses_them(slug):
    with pytest.raises(WebhookRefused):
        account(slug).verify_webhook(posted(slug, b"{}"))


@every_provider_with_webhooks
def test_a_webhook_as_the_provider_sends_it_is_let_in(slug):
    account(slug).verify_webhook(posted(slug, b"{}"))


@every_provider_that_signs
def test_a_webhook_as_it_is_signed_is_let_in(slug):
    account(slug).verify_webhook(first_samples()[slug].posted())


@every_provider_that_signs
def test_a_webhook_without_signature_is_refused_where_the_provider_signs(slug):
    for forged in forgeries(first_samples()[slug], ""):
        with pytest.raises(WebhookRefused) as refused:
            account(slug).verify_webhook(forged)
        assert CANARY not in str(refused.value)


@pytest.mark.parametrize("slug", [slug for slug in SIGNERS if slug not in SIGNS_NO_BODY])
def test_a_webhook_whose_content_was_changed_is_refused(slug):
    with pytest.raises(WebhookRefused):
        account(slug).verify_webhook(tampered(first_samples()[slug]))


@every_provider_that_signs
@pytest.mark.parametrize("signature", ["=", "é" * 64, "0" * 64, "z" * 128, "0" * 65_536])
def test_a_signature_of_any_other_kind_is_refused(slug, signature):
    for forged in forgeries(first_samples()[slug], signature):
        with pytest.raises(WebhookRefused):
            account(slug).verify_webhook(forged)


@time_machine.travel(RECORDED_AT, tick=False)
@pytest.mark.parametrize("sample", recorded(), ids=lambda sample: sample.name)
def test_a_recorded_webhook_is_read_as_expected(sample):
    updates = account(sample.slug).parse_webhook(sample.posted())

    assert [sample.comparable(update) for update in updates] == sample.expected


@every_provider_with_webhooks
def test_every_status_that_it_reports_is_among_its_recorded_webhooks(slug):
    """On each of its channels; but for what only the answer to a send tells, or a link of ours."""
    cls = provider_classes()[slug]
    by_our_link = {Status.UNSUBSCRIBED} if "list_unsubscribe" in cls.Config.base_fields else set()

    for channel in cls.channels:
        told = {
            Status(item["status"])
            for sample in recorded()
            for item in sample.expected
            if sample.slug == slug and channel in sample.channels and item["status"]
        }
        assert told <= cls.reports_on(channel), channel
        untold = cls.reports_on(channel) - told
        assert untold <= ONLY_BY_ANSWER.get(slug, set()) | by_our_link, channel


@every_provider
def test_an_account_promises_no_more_than_its_class(slug):
    provider = account(slug)

    for channel in provider.channels:
        always = {Status.ACCEPTED, Status.REJECTED} & provider.reports_on(channel)
        assert always <= provider.reported(channel) <= provider.reports_on(channel)


@every_provider_with_webhooks
def test_a_word_that_nobody_knows_goes_to_the_inbox(slug):
    """But where what stands around it says enough: a new kind of bounce is one all the same."""
    meanings = []
    for sample, body in with_a_new_word(slug):
        updates = account(slug).parse_webhook(sample.posted(body))
        meanings.append([each.status for each in updates if each.word == NEW_WORD])

    assert [None] in meanings


@every_provider_with_json_webhooks
@pytest.mark.parametrize("body", [b"", b"<xml/>", b'{"a": ', b"\xff\xfe\x00", b"[" * 100_000])
def test_a_webhook_that_cannot_be_read_is_a_value_error(slug, body):
    with pytest.raises(ValueError):  # noqa: PT011 (any: its text is not answered)
        account(slug).parse_webhook(posted(slug, body))


@every_provider_with_json_webhooks
@pytest.mark.parametrize("broken", [1, "text", [], {}, {"status": ["delivered"]}, True])
def test_a_broken_item_of_a_list_does_not_hide_the_good_ones(slug, broken):
    """Wherever the list stands: around the reports, or in a member of the one object."""
    sample = next(sample for sample in recorded() if sample.slug == slug)
    among = with_one_more(json.loads(sample.body), broken)

    first, *others = account(slug).parse_webhook(sample.posted(json.dumps(among).encode()))

    assert first.status is None
    assert [sample.comparable(update) for update in others] == sample.expected


def with_one_more(told: object, item: object) -> object:
    """What is told, with that item before the others."""
    if isinstance(told, dict):
        lists = {name: value for name, value in told.items() if isinstance(value, list)}
        if lists:
            return told | {name: [item, *value] for name, value in lists.items()}
    return [item, *(told if isinstance(told, list) else [told])]


@every_provider_with_webhooks
def test_no_address_in_a_webhook_shows_in_the_repr_of_what_was_read(slug):
    for sample in recorded():
        if sample.slug == slug:
            updates = account(slug).parse_webhook(sample.posted())
            assert all(isinstance(update, StatusUpdate) for update in updates)
            assert PHONE[1:] not in repr(updates)
            assert EMAIL not in repr(updates)


def test_every_folder_of_recorded_webhooks_belongs_to_a_provider():
    assert {folder.name for folder in Path(RECORDED).iterdir()} <= set(SLUGS)


@every_http_provider
def test_who_may_be_asked_by_our_ids_says_so(slug):
    provider = looking_up(slug)
    is_asked = slug in {asked for asked, _ in LOOKUPS}

    assert is_asked == (type(provider).lookup_size is not HttpProvider.lookup_size)
    assert is_asked or not provider.may_look_up


@every_lookup
def test_it_is_asked_by_our_ids_and_told_nothing_else(slug, channel):
    provider = looking_up(slug)
    ids = [str(uuid4()) for _ in range(provider.lookup_size(channel))]

    call = provider.lookup_call(channel, ids)

    assert (call.method, call.body) == ("GET", b"")
    assert all(each in call.url for each in ids)
    assert len(call.url) < 2_100


@every_lookup
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
def test_an_answer_that_is_none_says_nothing_of_a_message(slug, channel, status):
    provider = looking_up(slug)
    try:
        found = provider.found([MESSAGE_ID], HttpAnswer(status=status, headers={}, body=b"no"))
    except ProviderError:
        return
    assert found == Findings()


@every_lookup
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"null", b'{"results": []}', b"<p>"])
def test_an_answer_that_names_no_message_says_nothing_of_one(slug, channel, body):
    provider = looking_up(slug)
    try:
        found = provider.found([MESSAGE_ID], HttpAnswer(status=200, headers={}, body=body))
    except ProviderError:
        return
    assert found == Findings()
