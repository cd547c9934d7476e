"""Gateways and users made up by hypothesis, for what must hold for all of them."""

from hypothesis import strategies as st

from gateway_project.lib.vocabulary import Channel
from tests.gateways.plain import gateway

OURS, FOREIGN = 1, 2

values = st.sampled_from(["DE", " de", "AT", "eu", "", None, True, 1, 1.0, ["DE", None]])
properties = st.dictionaries(st.sampled_from(["country", "market"]), values)
filters = st.dictionaries(
    st.sampled_from(["country", "market"]),
    st.lists(st.sampled_from(["DE", "de ", "AT", "EU", "true", "1"]), max_size=3).map(tuple),
)
houses = st.lists(
    st.builds(
        gateway,
        st.integers(1, 99),
        channel=st.sampled_from([Channel.SMS, Channel.EMAIL]),
        brand_id=st.sampled_from([None, OURS, FOREIGN]),
        filters=filters,
        is_active=st.booleans(),
        is_paused=st.booleans(),
    ),
    unique_by=lambda row: row.id,
    max_size=8,
)
brands = st.sampled_from([None, OURS])
