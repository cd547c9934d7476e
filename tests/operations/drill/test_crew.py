"""The crew: who is started again."""

from gateway_project.operations.drill.crew import Crew


class Member:
    """A process that nothing runs in."""

    has_ended = False

    def kill(self) -> None:
        self.has_ended = True


class Cradle:
    """Bears members, and remembers of which command."""

    def __init__(self) -> None:
        self.born: list[tuple[str, Member]] = []

    def bear(self, command: str) -> Member:
        self.born.append((command, Member()))
        return self.born[-1][1]


def test_who_ended_by_itself_is_started_again_and_nobody_else():
    workers, servants = Cradle(), Cradle()
    crew = Crew(workers, servants)
    crew.start_all(["worker-1", "worker-2"])
    assert crew.revive() == []
    crew.kill("worker-1")
    (_, web), _ = servants.born
    web.has_ended = True
    assert crew.revive() == ["web"]
    assert [command for command, _ in servants.born] == ["serve", "scheduler", "serve"]
    assert len(workers.born) == 2
    assert crew.ended() == crew.revive() == []
