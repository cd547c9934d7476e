"""How many processor cores this process may use: fewer than there are, in a container say."""

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

OWN_GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")
UNIFIED = "0::/"
"""How the line of a control group of version 2 begins, which all hosts of today have."""
NO_LIMIT = "max"


def usable_cores(own_group: Path = OWN_GROUP, groups: Path = GROUPS) -> int:
    """Those it may be scheduled on, or as many as its control group and those around it are given
    the time of (cgroups(7), `cpu.max`: microseconds in so many), a part of one counted as one."""
    allowed = [max(math.ceil(cores), 1) for cores in _allowed_times(own_group, groups)]
    return min([len(os.sched_getaffinity(0)), *allowed])


def _allowed_times(own_group: Path, groups: Path) -> Iterator[float]:
    for folder in _folders(own_group, groups):
        try:
            quota, period = (folder / "cpu.max").read_text().split()
            if quota != NO_LIMIT:
                yield int(quota) / int(period)
        except (OSError, ValueError, ZeroDivisionError):
            continue  # the outermost has none, and a host may have no such groups


def _folders(own_group: Path, groups: Path) -> Iterator[Path]:
    """Of the group and of all around it. A container sees its own as the outermost."""
    try:
        lines = own_group.read_text().splitlines()
    except OSError:
        lines = []
    name = next((line.removeprefix(UNIFIED) for line in lines if line.startswith(UNIFIED)), "")
    own = PurePosixPath(name)
    for group in (own, *own.parents):
        yield groups / group
