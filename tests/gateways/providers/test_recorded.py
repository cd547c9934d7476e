"""The recorded webhooks: none of the words that an adapter knows is without one."""

from collections.abc import Iterable

import pytest
from django.utils.module_loading import import_string

from gateways.providers import (
    esputnik_activities,
    infobip_reports,
    meta_reports,
    twilio,
    vonage,
    webex_receipts,
)
from gateways.providers.anymail.family import AnymailProvider
from gateways.providers.registry import provider_class, provider_classes
from tests.gateways.providers.webhooks import recorded

WORDS: dict[str, Iterable[str]] = {
    "esputnik": (*esputnik_activities.ACTIVITIES, *esputnik_activities.NOTHING_TO_REPORT),
    "infobip": infobip_reports.GROUPS,
    "meta_whatsapp": meta_reports.WORDS,
    "twilio": twilio.WORDS,
    "vonage": vonage.WORDS,
    "webex_connect": webex_receipts.WORDS,
}
"""The tables of our own."""
TABLES = ("event_types", "event_record_types")
"""Where django-anymail's views have theirs."""
OF_INBOUND_MAIL = {"inbound", "Inbound"}
BY_ANYMAIL = [
    slug
    for slug, cls in provider_classes().items()
    if issubclass(cls, AnymailProvider) and cls.service.view
]


def plain(text: str) -> str:
    """Letters alone: words are told apart by nothing else, however they are written or quoted."""
    return "".join(filter(str.isalpha, text)).lower()


def told_by(slug: str) -> str:
    """All that its webhooks say, a line for each piece of text."""
    samples = [sample for sample in recorded() if sample.slug == slug]
    bodies = "\n".join(sample.text for sample in samples)
    for quote in ('\\"', '"', "&", "="):
        bodies = bodies.replace(quote, "\n")
    return "\n".join(map(plain, bodies.splitlines()))


def unheard(slug: str, words: Iterable[str]) -> set[str]:
    lines = set(told_by(slug).splitlines())
    return {word for word in words if word and plain(word) not in lines}


@pytest.mark.parametrize("slug", WORDS)
def test_every_word_of_a_table_was_heard(slug):
    assert unheard(slug, WORDS[slug]) == set()


@pytest.mark.parametrize("slug", BY_ANYMAIL)
def test_every_word_that_anymail_knows_was_heard(slug):
    service = provider_class(slug).service
    view = import_string(f"anymail.webhooks.{service.module}.{service.view}")
    words = {word for table in TABLES for word in getattr(view, table, {})}
    conditions = (each for told in service.told.values() for each in told)
    words |= {word for each in conditions for named in each.values() for word in named}

    assert unheard(slug, words - OF_INBOUND_MAIL - {True}) == set()


@pytest.mark.parametrize("sample", recorded(), ids=lambda sample: sample.name)
def test_a_recording_names_the_document_that_it_follows(sample):
    assert sample.source
    assert set(sample.channels) & set(provider_class(sample.slug).channels)
