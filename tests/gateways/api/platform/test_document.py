"""The OpenAPI document of the platform API: whole, valid, and with invented data only."""

import json
import re

import pytest
from django.urls import get_resolver, resolve
from drf_spectacular.validation import validate_schema

from gateways.api.platform.document import document
from tests.factories import LabelFactory
from tests.platform_caller import error, get, platform_key

PATH = "/platform/v1/openapi.json"
METHODS = {"get", "post", "put", "patch", "delete"}
EMAIL = re.compile(r"[\w.*]+@[\w.*]+")
NUMBER = re.compile(r"\+[0-9][0-9 *]{5,}")


@pytest.fixture(scope="module")
def told():
    return json.loads(json.dumps(document()))


def operations(told):
    return {
        (path, method): operation
        for path, members in told["paths"].items()
        for method, operation in members.items()
        if method in METHODS
    }


def names_of_pages(patterns):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from names_of_pages(pattern.url_patterns)
        elif (pattern.name or "").startswith("platform-"):
            yield pattern.name


def test_it_is_valid_openapi(told):
    validate_schema(told)
    assert told["openapi"] == "3.1.0"


def test_nothing_in_it_is_guessed(capsys):
    document.cache_clear()
    document()
    assert capsys.readouterr().err == ""


def test_every_page_is_in_it_and_nothing_else(told):
    pages = {path: resolve(path.replace("{ext_user_id}", "u-1")) for path in told["paths"]}
    names = list(names_of_pages(get_resolver().url_patterns))
    assert sorted(found.url_name for found in pages.values()) == sorted(names)
    for path, found in pages.items():
        taken = {name for name in METHODS if hasattr(found.func.view_class, name)}
        assert {method for where, method in operations(told) if where == path} == taken


def test_every_reference_leads_somewhere(told):
    schemas = told["components"]["schemas"]
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(told)))
    assert named == set(schemas)


def test_every_operation_says_what_it_refuses_and_who_may_call(told):
    for (_, method), operation in operations(told).items():
        refused = {"401", "403", "404", "405", "406", "422", "429", "503"}
        if method != "get":
            refused |= {"400", "409", "413", "415"}
            names = {each["name"] for each in operation["parameters"] if each["in"] == "header"}
            assert names == {"Idempotency-Key"}
        assert refused <= set(operation["responses"])
        for status in refused:
            [content] = operation["responses"][status]["content"].values()
            assert content["schema"] == {"$ref": "#/components/schemas/Error"}
        assert operation["security"] == [{"platform_key": []}]
    assert told["components"]["securitySchemes"] == {
        "platform_key": {"type": "http", "scheme": "bearer"}
    }


def test_every_name_of_an_operation_is_its_own(told):
    names = [operation["operationId"] for operation in operations(told).values()]
    assert len(set(names)) == len(names)


def test_its_examples_are_of_nobody(told):
    text = json.dumps(told)
    addresses, numbers = set(EMAIL.findall(text)), set(NUMBER.findall(text))
    assert addresses == {"jo.doe@example.com", "j***@e***.com"}
    assert numbers == {"+15555550100", "+1 *** *** 00"}


@pytest.mark.django_db
def test_it_is_for_who_has_a_key():
    assert error(get(PATH, key=""))[:2] == (401, "not_authorised")
    platform_key(LabelFactory())
    answer = get(PATH)
    assert answer.status_code == 200
    assert answer.json()["paths"].keys() == document()["paths"].keys()
