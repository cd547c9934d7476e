from typing import Any

import pytest
import yaml

from gateways.config_file.checking import checked
from gateways.config_file.problems import ConfigFileRefused
from gateways.config_file.reading import read
from tests.gateways.config_file.conftest import HOUSE, SECRETS

CANARY = "canary-secret"
GATEWAY: dict[str, Any] = {"slug": "g", "channel": "sms", "provider": "sandbox"}


def problems(document: Any) -> list[str]:
    with pytest.raises(ConfigFileRefused) as caught:
        checked(document)
    return [str(problem) for problem in caught.value.problems]


def of_label(**changes: Any) -> list[str]:
    return problems({"labels": [{"slug": "amazing", **changes}]})


def of_gateway(**changes: Any) -> list[str]:
    return of_label(gateways=[{**GATEWAY, **changes}])


def test_the_whole_house_is_accepted():
    [label] = checked(read(HOUSE, SECRETS))
    assert label["callback_hosts"] == ["api.smartico.ai", "*.smartico.ai", "http://127.0.0.1:9000"]
    assert label["callback_statuses"] == ["accepted", "delivered"]
    assert label["callback_rate_per_second"] == 200
    assert label["suppress_on"] == ["complained", "unsubscribed"]
    assert label["allowed_ips"] == ["203.0.113.0/24", "2001:db8::1/128"]
    assert label["preview_domains"] == ["amazing.co"]
    assert label["user_ids"] == {"strip_prefix": "am:"}
    assert label["directory"] is None
    assert label["gateways"][0]["filters"] == {
        "country": ["DE", "NO", "ÅLAND"],
        "market": ["1", "true"],
    }
    assert label["templates"][0]["fields"][1]["choices"] == ["BUY", "SELL", "NO", "007"]
    assert label["gateways"][1]["name"] == "own-house"


def test_no_secret_is_in_the_repr_of_a_checked_file():
    shown = repr(checked(read(HOUSE, SECRETS)))
    assert not [secret for secret in SECRETS.values() if secret in shown]


def test_a_label_needs_no_more_than_a_slug():
    [label] = checked({"labels": [{"slug": "amazing", "gateways": None}]})
    assert (label["name"], label["gateways"], label["keys"]) == ("amazing", [], [])
    assert len(label["callback_statuses"]) == 8
    assert label["callback_rate_per_second"] is None
    assert len(label["suppress_on"]) == 3


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (None, "labels: This field is required."),
        ({}, "labels: This field is required."),
        ({"labels": None}, "labels: This field is required."),
        ({"labels": []}, "labels: This list may not be empty."),
        ({"labels": {"slug": "a"}}, 'labels: Expected a list of items but got type "dict".'),
        ([], "the file: Invalid data. Expected a dictionary, but got list."),
        ({"labels": [None]}, "labels[0]: This field may not be null."),
        ({"labels": ["x"]}, "labels[0]: Invalid data. Expected a dictionary, but got str."),
        ({"labels": [{}]}, "labels[0].slug: This field is required."),
        ({"label": 1, "labels": [{"slug": "a"}]}, "label: there is no such key"),
    ],
)
def test_a_file_without_proper_labels_is_refused(document, told):
    assert problems(document) == [told]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"slug": "not a slug"}, "slug"),
        ({"unknown": 1}, "unknown"),
        ({"callback": {"apikey": "x"}}, "callback.apikey"),
        ({"callback": {"hosts": ["https://"]}}, "callback.hosts[0]"),
        ({"callback": {"hosts": ["ok.example", "ftp://x.example"]}}, "callback.hosts[1]"),
        ({"callback": {"hosts": ["a.example/path"]}}, "callback.hosts[0]"),
        ({"callback": {"statuses": ["delivered", "sent"]}}, "callback.statuses[1]"),
        ({"opt_outs": {"suppress_on": ["platform"]}}, "opt_outs.suppress_on[0]"),
        ({"opt_outs": {"webhook": {"url": "http://x.example/"}}}, "opt_outs.webhook.url"),
        ({"opt_outs": {"webhook": {"url": "https://10.0.0.1/"}}}, "opt_outs.webhook.url"),
        ({"opt_outs": {"webhook": {"url": "https://x.example/"}}}, "opt_outs.webhook.secrets"),
        ({"opt_outs": {"webhook": {"secrets": ["whsec_!"]}}}, "opt_outs.webhook.secrets[0]"),
        ({"opt_outs": {"webhook": {"secrets": ["whsec_"]}}}, "opt_outs.webhook.secrets[0]"),
        ({"opt_outs": {"webhook": {"secrets": ["YQ=="] * 3}}}, "opt_outs.webhook.secrets"),
        (
            {"opt_outs": {"smartico": {"is_on": True, "url": "https://x.example/"}}},
            "opt_outs.smartico.token",
        ),
        ({"callback": {"url": "https://other.example/"}}, "callback.url"),
        ({"callback": "x"}, "callback"),
        ({"allowed_ips": ["300.0.0.1"]}, "allowed_ips[0]"),
        ({"allowed_ips": ["10.0.0.1/8"]}, "allowed_ips[0]"),
        ({"allowed_ips": "10.0.0.1"}, "allowed_ips"),
        ({"preview_domains": ["@amazing.co"]}, "preview_domains[0]"),
        ({"preview_domains": ["localhost"]}, "preview_domains[0]"),
        ({"filter_properties": ["a", "b", "c"]}, "filter_properties"),
        ({"filter_properties": ["a", "a"]}, "filter_properties[1]"),
        ({"extension_policy": "ignore"}, "extension_policy"),
        ({"user_ids": "prefix"}, "user_ids"),
        ({"user_ids": {"strip_prefix": "a", "x": 1}}, "user_ids.x"),
        ({"directory": {"kind": "http"}}, "directory.url"),
        ({"directory": {"kind": "ldap"}}, "directory.kind"),
        ({"directory": {"kind": "stored", "url": "x"}}, "directory.url"),
        ({"directory": {"url": "x"}}, "directory.url"),
        ({"retention": {"bodies_days": 0}}, "retention.bodies_days"),
        ({"retention": {"bodies": 1}}, "retention.bodies"),
        ({"receipts": {"hours": 0}}, "receipts.hours"),
        ({"receipts": {"hours": 721}}, "receipts.hours"),
        ({"receipts": {"report": "perhaps"}}, "receipts.report"),
        ({"required_headers": {"X-A": ["x"]}}, "required_headers.X-A"),
        ({"alerts": {"emails": ["nobody"]}}, "alerts.emails[0]"),
        ({"is_paused": "perhaps"}, "is_paused"),
        ({"keys": [{"kind": "smartico"}]}, "keys[0].secret"),
        ({"keys": [{"kind": "smartico", "secret": ""}]}, "keys[0].secret"),
        ({"keys": [{"kind": "admin", "secret": "x"}]}, "keys[0].kind"),
        ({"keys": [{"kind": "status", "secret": "x", "brand": "z"}]}, "keys[0].brand"),
        ({"brands": [{"slug": "a"}, {"slug": "a"}]}, "brands[1].slug"),
        ({"templates": [{"slug": "a"}, {"slug": "a"}]}, "templates[1].slug"),
        ({"gateways": [GATEWAY, GATEWAY]}, "gateways[1].slug"),
    ],
)
def test_a_mistake_in_a_label_is_told_with_its_place(changes, place):
    [problem] = of_label(**changes)
    assert problem.startswith(f"labels[0].{place}: ")


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"provider": "pigeon"}, "provider"),
        ({"channel": "fax"}, "channel"),
        ({"provider": "smtp", "channel": "sms"}, "channel"),
        ({"brand": "z"}, "brand"),
        ({"filters": {"country": ["DE"]}}, "filters.country"),
        ({"filters": {"country": []}}, "filters.country"),
        ({"filters": {"country": ["DE", None]}}, "filters.country[1]"),
        ({"filters": {"country": "DE"}}, "filters.country"),
        ({"config": {"url": "x"}}, "config.url"),
        ({"config": "x"}, "config"),
        ({"from": {"name": "x"}}, "from.name"),
        ({"from": {"allowed": "x"}}, "from.allowed"),
        ({"rate_per_second": 0}, "rate_per_second"),
        ({"blast_guard": {"times": 0.5}}, "blast_guard.times"),
        ({"blast_guard": {"times": float("nan")}}, "blast_guard.times"),
        ({"blast_guard": {"least": 0}}, "blast_guard.least"),
        ({"blast_guard": {"failure_share": 50}}, "blast_guard.failure_share"),
        ({"blast_guard": {"most": 9}}, "blast_guard.most"),
        ({"expires_after": "soon"}, "expires_after"),
        ({"on_unknown": "panic"}, "on_unknown"),
        ({"unknown_sender": "pass"}, "unknown_sender"),
        (
            {"provider": "smtp", "channel": "email", "config": {"host": "h.example", "port": "x"}},
            "config.port",
        ),
    ],
)
def test_a_mistake_in_a_gateway_is_told_with_its_place(changes, place):
    [problem] = of_gateway(**changes)
    assert problem.startswith(f"labels[0].gateways[0].{place}: ")


@pytest.mark.parametrize(
    ("field", "place"),
    [
        ({"type": "text"}, "name"),
        ({"name": "a", "type": "number"}, "type"),
        ({"name": "a", "type": "text", "choices": ["x"]}, "choices"),
        ({"name": "a", "type": "choice"}, "choices"),
        ({"name": "a", "type": "choice", "choices": ["x", "x"]}, "choices"),
        ({"name": "title"}, "name"),
    ],
)
def test_a_mistake_in_a_template_is_told_with_its_place(field, place):
    [problem] = of_label(templates=[{"slug": "t", "fields": [{"name": "title"}, field]}])
    assert problem.startswith(f"labels[0].templates[0].fields[1].{place}: ")


def test_all_mistakes_are_told_at_once():
    label = {"slug": "a", "is_paused": 7, "brands": [{}], "gateways": [{"x": 1}]}
    told = problems({"labels": [label, {"nme": "x"}]})
    assert [problem.partition(": ")[0] for problem in told] == [
        "labels[0].is_paused",
        "labels[0].brands[0].slug",
        "labels[0].gateways[0].x",
        "labels[0].gateways[0].slug",
        "labels[0].gateways[0].channel",
        "labels[0].gateways[0].provider",
        "labels[1].nme",
        "labels[1].slug",
    ]


def test_a_secret_that_stands_in_two_labels_is_told_by_both_places_and_not_repeated():
    keys = [{"kind": "smartico", "secret": CANARY}]
    told = problems({"labels": [{"slug": "a", "keys": keys}, {"slug": "b", "keys": keys}]})
    assert told == ["labels[1].keys[0].secret: is the same secret as labels[0].keys[0].secret"]


def test_one_secret_may_serve_two_kinds():
    keys = [{"kind": kind, "secret": CANARY} for kind in ("smartico", "platform")]
    assert checked({"labels": [{"slug": "a", "keys": keys}]})


def _with_canary(value: Any) -> list[Any]:
    """The document again and again, each time with the canary in another place."""
    if isinstance(value, dict):
        return [
            {**value, key: changed}
            for key, inner in value.items()
            for changed in _with_canary(inner)
        ]
    if isinstance(value, list):
        return [CANARY] + [
            [*value[:position], changed, *value[position + 1 :]]
            for position, inner in enumerate(value)
            for changed in _with_canary(inner)
        ]
    return [CANARY, {CANARY: 1}, [CANARY]]


def test_no_mistake_repeats_what_was_written():
    document = read(HOUSE, SECRETS)
    refused = 0
    for changed in _with_canary(document):
        try:
            checked(changed)
        except ConfigFileRefused as error:
            refused += 1
            texts = [problem.text for problem in error.problems]
            assert CANARY not in " ".join(texts), yaml.safe_dump(changed)
    assert refused > 100


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"from": {"default": "Best offers!"}}, "from.default: is no sender id"),
        ({"from": {"allowed": ["Amazing", "Best offers!"]}}, "from.allowed: entry 2 is no sender"),
        ({"channel": "email", "from": {"allowed": ["a@b@c"]}}, "from.allowed: entry 1 is not one"),
        ({"channel": "email", "reply_to": {"default": "nobody"}}, "reply_to.default: is not one"),
    ],
)
def test_a_sender_with_which_nothing_can_leave_is_refused(changes, told):
    [problem] = of_gateway(**changes)
    assert told in problem


def test_whole_domains_and_mailboxes_are_senders_of_mails():
    senders = {"default": "Amazing <a@amazing.co>", "allowed": ["amazing.co", "b@amazing.co"]}
    gateway = {**GATEWAY, "channel": "email", "from": senders, "reply_to": senders}
    [label] = checked({"labels": [{"slug": "amazing", "gateways": [gateway]}]})
    assert label["gateways"][0]["from_allowed"] == senders["allowed"]
