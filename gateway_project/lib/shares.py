"""A `worker` command's limits, shared by its processes: each may have its part in the air."""

_sharers = 1


def share_among(processes: int) -> None:
    """This process is one of so many. Called as it starts, before anything is drained."""
    global _sharers
    _sharers = processes


def part_of(limit: int) -> int:
    """Of what all of them together may have, what this process may; one at least."""
    return max(1, limit // _sharers)
