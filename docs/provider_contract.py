"""docs/provider-contract.md, made of the tests: what is tried on which provider, and what is not.

A test counts for those providers that it is run with. `python -m docs.provider_table` writes the
page anew.
"""

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("provider-contract.md")
CONTRACT = "tests.gateways.providers.test_contract"
ENGINE = "tests.callbacks.test_every_provider"
EXCHANGES = "tests.gateways.providers.test_exchanges"
AUTHORITIES = "tests.gateways.providers.test_authorities"
ANYMAIL = "tests.gateways.providers.test_anymail"
TIMEOUTS = "tests.gateways.providers.test_timeouts"
SMTP = "tests.gateways.providers.test_smtp"
MAILBOXES = "tests.callbacks.test_mailboxes"
BOUNCES = "tests.gateways.providers.test_bounces"
BEGINNING = """# What every provider is tried on

One line for each provider, one column for each thing that must hold for all. A **yes** stands where
a test of the contract is run with that provider: this page is made from the tests' own parameters.
A number leads to what stands below the table: a test of the provider's own, or the reason why there
is nothing to try.

"""
HEAD = "provider"
UNSIGNED, CHANGED = "unsigned webhook refused", "changed webhook refused"
STRANGE_URL = "wrong URL token refused"
AGAIN = "event that comes again applied once"
WORD = "unknown word to the inbox"
REPORT = "address in a report scrubbed"
RECORDED = "every status recorded"
REQUEST = "whole request at a real server"
REFUSAL = "401, 400, 429, 5xx; address and secret in a refusal scrubbed"
NOT_WRITTEN, WRITTEN = "not written", "written, and no answer"
REPEATED = "repeated only where idempotent"
SECRETS = "secrets in no repr"
AUTHORITY = "authority of the house"

ITEMS: Mapping[str, tuple[str, ...]] = {
    UNSIGNED: (
        f"{CONTRACT}.test_a_webhook_without_signature_is_refused_where_the_provider_signs",
        f"{CONTRACT}.test_a_signature_of_any_other_kind_is_refused",
    ),
    CHANGED: (f"{CONTRACT}.test_a_webhook_whose_content_was_changed_is_refused",),
    STRANGE_URL: (f"{ENGINE}.test_a_wrong_token_leads_nowhere_whatever_is_posted_to_it",),
    AGAIN: (f"{ENGINE}.test_a_webhook_that_comes_again_is_applied_once",),
    WORD: (f"{ENGINE}.test_a_word_that_nobody_knows_stands_in_the_inbox",),
    REPORT: (f"{ENGINE}.test_an_address_in_what_a_report_says_is_scrubbed",),
    RECORDED: (f"{CONTRACT}.test_every_status_that_it_reports_is_among_its_recorded_webhooks",),
    REQUEST: (f"{EXCHANGES}.test_a_message_arrives_as_its_file_has_it_and_the_answer_is_believed",),
    REFUSAL: (f"{ENGINE}.test_a_refusal_is_obeyed_and_its_words_are_scrubbed",),
    NOT_WRITTEN: (
        f"{TIMEOUTS}.test_a_connection_that_is_not_made_in_time_was_sent_nothing",
        f"{ENGINE}.test_a_server_that_cannot_be_reached_was_sent_nothing",
    ),
    WRITTEN: (f"{TIMEOUTS}.test_what_is_not_answered_in_time_may_have_been_taken",),
    REPEATED: (f"{ENGINE}.test_a_server_that_hangs_up_after_reading_may_have_taken_it",),
    SECRETS: (f"{CONTRACT}.test_it_shows_no_secret_of_its_own",),
    AUTHORITY: (f"{AUTHORITIES}.test_the_authority_of_the_house_is_trusted",),
}
"""What holds for all, and the tests that are run with each provider it can be tried on."""

SIGNATURES = (UNSIGNED, CHANGED)
WEBHOOKS = (*SIGNATURES, AGAIN, WORD, REPORT, RECORDED)
CALLS = (REQUEST, REFUSAL, NOT_WRITTEN, WRITTEN, REPEATED, AUTHORITY)
NO_SIGNATURE = (
    "It signs nothing: the token in the URL is the credential, and a password if it shows one."
)
NO_WEBHOOKS = "It sends no webhooks."
NO_WORDS = "Its reports hold an id and a status, and no text."
NO_CALLS = "It stands inside this process: nothing is called, and nothing can be lost on the way."
MAIL_SERVER = "A mail server is called: "
BOUNCE = "Bounces come as mails: "
HANG_UP = "TestMailServer.test_whether_the_body_was_written_decides_what_a_hang_up_means"
REPLIES = "TestMailServer.test_a_refusal_is_obeyed_and_its_words_are_scrubbed"

OWN: Mapping[str, Mapping[str, str]] = {
    "mailgun": {
        CHANGED: "It signs a time and a token beside the event, and not the event: "
        f"`{ANYMAIL}.test_of_mailgun_the_time_and_the_token_are_what_is_signed`."
    },
    "custom_im_http": {REPORT: NO_WORDS},
    "sandbox": {
        REPORT: NO_WORDS,
        **dict.fromkeys(CALLS, NO_CALLS),
        REPEATED: "Nothing is called; a repeat is the same message: "
        f"`{CONTRACT}.test_a_repeat_of_a_message_is_the_same_message_where_that_is_promised`.",
    },
    "smtp": {
        AGAIN: f"{BOUNCE}`{MAILBOXES}.test_what_two_readings_bring_is_applied_once`.",
        WORD: f"{BOUNCE}`{BOUNCES}.test_a_word_that_nobody_knows_is_kept_for_a_person`.",
        REPORT: f"{BOUNCE}`{BOUNCES}.test_nothing_of_an_address_shows`.",
        RECORDED: f"{BOUNCE}`{BOUNCES}.test_a_recorded_mail_is_read_as_expected`.",
        REQUEST: f"{MAIL_SERVER}`{SMTP}.test_a_mail_arrives_with_both_its_bodies`.",
        REFUSAL: f"{MAIL_SERVER}`{ENGINE}.{REPLIES}`.",
        **dict.fromkeys((NOT_WRITTEN, WRITTEN, REPEATED), f"{MAIL_SERVER}`{ENGINE}.{HANG_UP}`."),
        AUTHORITY: f"{MAIL_SERVER}`{SMTP}.test_an_authority_of_the_house_is_trusted_and_no_other`.",
    },
}
"""What stands in place of a yes, by provider and column."""


def document() -> str:
    """The whole page as Markdown. Raises ValueError where a cell has neither test nor reason."""
    from gateways.providers.registry import provider_classes

    notes: dict[str, int] = {}
    lines = [(HEAD, *ITEMS), tuple("---" for _ in (HEAD, *ITEMS))]
    for slug, cls in provider_classes().items():
        reasons = (_reason(slug, cls, title) for title in ITEMS)
        lines.append((cls.title, *(_shown(reason, notes) for reason in reasons)))
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    listed = "".join(f"{number}. {note}\n" for note, number in notes.items())
    return f"{BEGINNING}{table}\n{listed}"


def _reason(slug: str, cls: Any, title: str) -> str:
    """Why the provider is not tried in the way of all; "" where it is."""
    is_tried = all(slug in slugs_of(test) for test in ITEMS[title])
    reason = OWN.get(slug, {}).get(title) or _reason_of_class(cls, title)
    if is_tried == bool(reason):
        raise ValueError(f"{slug}, {title}: either a test or a reason is needed")
    return reason


def _reason_of_class(cls: Any, title: str) -> str:
    if title in WEBHOOKS and not cls.sends_webhooks():
        return NO_WEBHOOKS
    return NO_SIGNATURE if title in SIGNATURES and not cls.proof else ""


def _shown(reason: str, notes: dict[str, int]) -> str:
    return str(notes.setdefault(reason, len(notes) + 1)) if reason else "yes"


def named_tests() -> Iterator[Any]:
    """Every test that is named on the page. Raises where one is gone."""
    yield from (_found(test) for tests in ITEMS.values() for test in tests)
    for reasons in OWN.values():
        for reason in reasons.values():
            yield from (_found(each) for each in reason.split("`")[1::2])


def slugs_of(test: str) -> set[str]:
    """The providers that a test is run with, by its parameters."""
    return {slug for mark in _found(test).pytestmark for slug in _slugs_in(mark)}


def _slugs_in(mark: Any) -> Iterator[str]:
    """A parameter is a slug, or something of a provider's."""
    if mark.name != "parametrize":
        return
    names, values = mark.args[:2]
    names = names.split(",") if isinstance(names, str) else names
    for value in values:
        told = dict(zip(names, value, strict=True)) if len(names) > 1 else {names[0]: value}
        found = told.get("slug") or getattr(
            told.get("sample") or told.get("recorded"), "slug", None
        )
        if found:
            yield found


def _found(test: str) -> Any:
    """The function at a path of module, class and name."""
    parts = test.split(".")
    count = next(number for number, part in enumerate(parts) if part.startswith("test_")) + 1
    found: Any = import_module(".".join(parts[:count]))
    for part in parts[count:]:
        found = getattr(found, part)
    return found


def main() -> None:
    FILE.write_text(document())
