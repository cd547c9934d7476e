"""Who is calling: the caller's address behind a number of trusted proxies."""

from ipaddress import ip_address

import pytest

from gateways.callers import client_address


def seen(remote, forwarded, proxies):
    environ = {"REMOTE_ADDR": remote}
    if forwarded is not None:
        environ["HTTP_X_FORWARDED_FOR"] = forwarded
    return client_address(environ, proxies)


@pytest.mark.parametrize(
    ("remote", "forwarded", "proxies", "caller"),
    [
        ("8.8.8.8", None, 0, "8.8.8.8"),
        ("8.8.8.8", "203.0.113.1", 0, "8.8.8.8"),
        ("10.0.0.1", "203.0.113.1", 1, "203.0.113.1"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.1", 1, "203.0.113.1"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.1, 10.0.0.2", 2, "203.0.113.1"),
        ("10.0.0.1", "203.0.113.1", 2, "203.0.113.1"),
        ("10.0.0.1", " , ,203.0.113.1", 1, "203.0.113.1"),
        ("10.0.0.1", None, 1, "10.0.0.1"),
        ("10.0.0.1", "203.0.113.1:4711", 1, "203.0.113.1"),
        ("10.0.0.1", "[2001:db8::1]:4711", 1, "2001:db8::1"),
        ("10.0.0.1", "2001:db8::1", 1, "2001:db8::1"),
        ("::ffff:203.0.113.1", None, 0, "203.0.113.1"),
    ],
)
def test_only_what_the_outermost_trusted_proxy_saw_counts(remote, forwarded, proxies, caller):
    assert seen(remote, forwarded, proxies) == ip_address(caller)


@pytest.mark.parametrize("hop", ["", "unknown", "203.0.113", "_hidden", "1.2.3.4.5"])
def test_what_is_no_address_is_nobodys(hop):
    assert seen(hop, None, 0) is None
