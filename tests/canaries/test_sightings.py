"""The look itself: it misses no canary in disguise, and takes nothing else for one."""

import json

import pytest

from tests.canaries.birds import API_KEY, BIRDS, EMAIL, PHONE, address, telephone
from tests.canaries.sightings import Sighting, sightings
from tests.disguises import ANY, OF_A_NUMBER, OF_AN_ADDRESS


def names(text: str) -> set[str]:
    return {sighting.bird for sighting in sightings(text, "a test")}


@pytest.mark.parametrize("disguise", ANY | OF_AN_ADDRESS)
def test_an_address_is_seen_in_every_disguise(disguise):
    worn = (ANY | OF_AN_ADDRESS)[disguise](address(7))
    assert names(f"sent to {worn} in vain") == {EMAIL.name}


@pytest.mark.parametrize("disguise", ANY | OF_A_NUMBER)
def test_a_number_is_seen_in_every_disguise(disguise):
    worn = (ANY | OF_A_NUMBER)[disguise](telephone(7))
    assert names(f"sent to {worn} in vain") == {PHONE.name}


@pytest.mark.parametrize("bird", BIRDS, ids=lambda bird: bird.name)
def test_each_canary_is_told_by_its_name_and_what_it_wore(bird):
    found = sightings(json.dumps({"a": bird.spelled}), "a test")
    assert found == {Sighting(bird.name, "a test", "nothing")}
    assert bird.spelled not in str(found)


def test_a_canary_is_left_alone_where_it_is_at_home():
    assert sightings(API_KEY.spelled, "callbacks") == set()
    assert names(API_KEY.spelled) == {API_KEY.name}


def test_nothing_else_is_taken_for_a_canary():
    told = "w***@x***.example and +49 *** *** 07, id 0199e7c5-1234-7890-8123-450000000000"
    assert names(f"{told} {told.encode().hex()}") == set()
