"""What is read of a webhook before any adapter looks at what it tells."""

import pytest

from gateways.providers.base import WebhookRequest
from gateways.providers.values import MOST_REPORTS, MOST_VALUES, document_in, few, items

ALL = range(MOST_REPORTS)


@pytest.mark.parametrize("part", [b"0,", b"[]", b"{}", b'{"a":[]},'])
def test_what_holds_far_too_many_values_is_not_parsed(part):
    with pytest.raises(ValueError, match="too many values"):
        document_in(b"[" + part * MOST_VALUES + b"0]")


def test_as_much_as_a_provider_sends_at_most_is_parsed():
    """Three megabytes of statuses, as Meta posts them at most."""
    status = (
        b'{"id": "wamid.HBgNNDkxNTExMjM0NTY3OBUCABEYEjdGQkQ2RDgxQzA2OEE2QUI0RgA=", '
        b'"status": "delivered", "timestamp": "1795244400", "recipient_id": "4915112345678", '
        b'"conversation": {"id": "0123456789abcdef0123456789abcdef", '
        b'"origin": {"type": "marketing"}}, "pricing": {"billable": true, '
        b'"pricing_model": "CBP", "category": "marketing"}, '
        b'"biz_opaque_callback_data": "01981f7a-0000-7000-8000-000000000001"}'
    )
    count = 3 * 1024 * 1024 // len(status)

    found = items(
        WebhookRequest(method="POST", url="", body=b"[" + b",".join([status] * count) + b"]")
    )

    assert len(found) == count


def test_more_reports_than_any_provider_sends_are_not_read_to_their_end():
    rest = iter([*ALL, "one too many", "never read"])

    with pytest.raises(ValueError, match="too many reports"):
        few(rest)

    assert list(rest) == ["never read"]
    assert few(ALL) == [*ALL]
