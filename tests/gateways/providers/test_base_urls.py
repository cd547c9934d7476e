import pytest
from django.core.exceptions import ValidationError

from gateways.providers.base_urls import BaseUrlField
from gateways.providers.registry import provider_class, validate_config
from tests.gateways.providers.examples import CONFIGS
from tests.gateways.providers.exchanges import exchanges

NAMES = ("base_url", "api_url")
POSTED = [
    (each.slug, name, each.request["path"])
    for each in exchanges()
    for name in NAMES
    if name in provider_class(each.slug).Config.base_fields
]
"""Every path that a message is posted to below a URL of the configuration."""
EXAMPLE = BaseUrlField(adds=("v2/messages", r"v\d+\.\d+/\d+/messages"))


@pytest.mark.parametrize(("slug", "name", "path"), POSTED)
def test_the_url_of_a_call_is_refused_in_place_of_the_one_below_which_it_stands(slug, name, path):
    base = CONFIGS[slug].get(name, "https://api.example/v3").rstrip("/")

    validate_config(provider_class(slug), CONFIGS[slug] | {name: base})
    with pytest.raises(ValidationError) as refused:
        validate_config(provider_class(slug), CONFIGS[slug] | {name: base + path})

    (problem,) = refused.value.message_dict[name]
    assert "the gateway adds that part of the call itself" in problem


@pytest.mark.parametrize("path", ["/v2", "/v2/", "/eu/v2/messages", "/v25.0", "/v25.0/1/messages/"])
def test_a_part_of_the_call_at_its_end_is_refused(path):
    with pytest.raises(ValidationError, match="Leave the end of its path out"):
        EXAMPLE.clean("https://api.example" + path)


@pytest.mark.parametrize("path", ["", "/", "/eu", "/v2/eu", "/messages", "/v3", "/av2"])
def test_any_other_path_is_taken(path):
    assert EXAMPLE.clean("https://api.example" + path)


def test_a_query_is_refused_since_paths_are_put_behind_it():
    with pytest.raises(ValidationError, match="without a query"):
        EXAMPLE.clean("https://api.example?tenant=amazing")
