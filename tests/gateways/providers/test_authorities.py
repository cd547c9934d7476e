"""Whom the adapters trust: the house's authority where an account names one, and then no other.

The servers are real ones behind TLS; mail servers and mailboxes are tried in their own tests.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gateways.providers.base import GatewayMisconfigured, HttpProvider, ProviderError
from gateways.providers.fields import CertificateField
from gateways.providers.registry import build, provider_classes
from tests.gateways.providers.examples import account, at, first_message
from tests.gateways.providers.exchanges import Exchange, exchanges
from tests.peers import Answer, http_peer
from tests.raw_peers import certificate_of_an_authority

FIRST = {each.slug: each for each in reversed(exchanges())}
"""One exchange of each provider behind HTTP."""
HERE, ELSEWHERE = "localhost", "elsewhere.example"

every_exchange = pytest.mark.parametrize("recorded", FIRST.values(), ids=list(FIRST))
Issued = Callable[..., tuple[Path, str]]


@pytest.fixture(scope="module")
def issued(tmp_path_factory) -> Issued:
    """A server's certificate and the authority that signed it, both new."""

    def issue(host: str = HERE, days: int = 2) -> tuple[Path, str]:
        return certificate_of_an_authority(tmp_path_factory.mktemp("house"), host, days=days)

    return issue


def refused(recorded: Exchange, certificate: Path, **changes: str) -> GatewayMisconfigured:
    with pytest.raises(GatewayMisconfigured) as refusal:
        recorded.performed(certificate, **changes)
    return refusal.value


@every_exchange
def test_the_authority_of_the_house_is_trusted(recorded, issued):
    certificate, authority = issued()

    _, asked = recorded.performed(certificate, authority=authority)

    assert asked.method == recorded.request["method"]


@every_exchange
def test_without_it_nothing_is_sent(recorded, issued):
    certificate, _ = issued()

    assert "signed by an unknown authority" in refused(recorded, certificate).detail


@every_exchange
def test_the_authority_of_somebody_else_does_not_count(recorded, issued):
    certificate, _ = issued()
    _, stranger = issued()

    assert "certificate" in refused(recorded, certificate, authority=stranger).detail


@every_exchange
def test_where_one_is_named_the_system_s_are_not_trusted_any_more(recorded, issued, monkeypatch):
    certificate, system_s = issued()
    _, house_s = issued()
    bundle = certificate.with_name("bundle.pem")
    bundle.write_text(system_s)
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))

    assert "certificate" in refused(recorded, certificate, authority=house_s).detail


@every_exchange
@pytest.mark.parametrize(
    ("host", "days", "words"),
    [(HERE, -1, "has expired"), (ELSEWHERE, 2, "is for another host")],
    ids=["expired", "another-host"],
)
def test_a_certificate_that_is_no_good_is_refused_all_the_same(recorded, issued, host, days, words):
    certificate, authority = issued(host, days)

    problem = refused(recorded, certificate, authority=authority)

    assert words in problem.detail
    assert HERE not in problem.detail
    assert ELSEWHERE not in problem.detail


@every_exchange
def test_a_connection_is_checked_under_the_same_authority(recorded, issued):
    certificate, authority = issued()

    with http_peer(lambda asked: Answer(500, "{}"), certificate) as peer:
        provider = build(recorded.slug, at(recorded.slug, peer.url) | {"authority": authority})
        with suppress(ProviderError):
            provider.check_connection()
        provider.close()

    assert peer.asked


@pytest.mark.parametrize(
    "slug", [s for s, cls in provider_classes().items() if issubclass(cls, HttpProvider)]
)
def test_every_call_of_an_account_names_its_authority(slug, issued):
    _, authority = issued()

    call = account(slug, authority=authority).call([first_message(slug)])

    assert call.authority == authority
    assert authority not in repr(call)


def test_every_provider_that_calls_a_server_can_be_told_of_an_authority():
    told = {
        slug
        for slug, cls in provider_classes().items()
        if isinstance(cls.Config.base_fields.get("authority"), CertificateField)
    }

    assert told == {*FIRST, "smtp"}
