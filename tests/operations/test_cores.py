"""Control groups as files, as the kernel shows them."""

import os

import pytest

from gateway_project.operations.cores import usable_cores

HERE = len(os.sched_getaffinity(0))


@pytest.fixture
def limited(tmp_path, monkeypatch):
    """The cores in a group with these limits, by the name of the folder."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))

    def limited(group, **limits):
        own = tmp_path / "own"
        own.write_text(f"1:name=other:/x\n0::/{group}\n")
        for name, limit in limits.items():
            folder = tmp_path / "groups" / name.replace("_", "/").strip("/")
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cpu.max").write_text(limit)
        return usable_cores(own, tmp_path / "groups")

    return limited


@pytest.mark.parametrize(
    ("limit", "cores"),
    [
        ("max 100000\n", 64),
        ("200000 100000\n", 2),
        ("150000 100000\n", 2),
        ("25000 100000\n", 1),
        ("nonsense\n", 64),
        ("100000 0\n", 64),
    ],
)
def test_a_container_has_the_cores_whose_time_it_is_given(limited, limit, cores):
    assert limited("", _=limit) == cores


def test_the_narrowest_group_around_it_counts(limited):
    limits = {"a": "300000 100000", "a_b": "max 100000", "a_b_c": "800000 100000"}
    assert limited("a/b/c", **limits) == 3


def test_it_may_be_kept_to_some_cores(limited, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {1, 5})
    assert limited("", _="400000 100000") == 2


def test_without_such_groups_it_has_all(tmp_path):
    assert usable_cores(tmp_path / "nothing", tmp_path / "nowhere") == HERE


def test_it_is_known_of_this_process():
    assert 1 <= usable_cores() <= HERE
