"""What a run's figures say about its goals."""

import pytest

from benchmarks.playing import Played
from benchmarks.results import document, rows
from benchmarks.tables import markdown
from benchmarks.trial import Goal, Scenario


def played(*goals, missing=(), **rounds):
    scenario = Scenario(name="accept", title="Accept", trials=(), goals=goals)
    figures = {name: [{"rate": rate} for rate in rates] for name, rates in rounds.items()}
    return Played(scenario=scenario, rounds=figures, missing=dict(missing))


def test_a_goal_compares_the_medians_of_two_trials():
    (row,) = rows([played(Goal(name="fast", least=3), ours=[290, 300, 900], usual=[99, 100, 101])])

    assert (row.ours, row.reference, row.ratio) == (300, 100, 3)
    assert row.met is True
    assert row.goal == ">= 3 x"


@pytest.mark.parametrize(("most", "met"), [(50, True), (49, False)])
def test_a_goal_without_another_trial_is_about_the_figure_itself(most, met):
    (row,) = rows([played(Goal(name="soon", than=None, most=most), ours=[50])])

    assert (row.reference, row.ratio) == (None, None)
    assert row.met is met


def test_a_goal_beside_a_peer_that_is_not_there_was_not_run():
    goal = Goal(name="beside a peer", than="kannel", least=1)
    (row,) = rows([played(goal, ours=[10], missing=[("kannel", "not installed")])])

    assert row.met is None
    assert row.note == "not run: not installed"


def test_a_row_without_a_bound_is_only_told():
    run = [played(Goal(name="told"), ours=[20], usual=[10])]

    table = markdown(document("a machine", run, rounds=1, seconds=2.0))

    assert rows(run)[0].met is None
    assert "| told | messages/s | 20 | 10 | 2.00 |  |  |" in table
    assert "Goals met: 0, not met: 0, not run: 0." in table


def test_the_table_counts_what_was_met_missed_and_not_run():
    goals = (
        Goal(name="met", least=1),
        Goal(name="missed", least=3),
        Goal(name="not run", than="kannel", least=1),
    )
    run = [played(*goals, ours=[20], usual=[10], missing=[("kannel", "not installed")])]

    table = markdown(document("a machine", run, rounds=1, seconds=2.0))

    assert "Goals met: 1, not met: 1, not run: 1." in table
    assert "| missed | messages/s | 20 | 10 | 2.00 | >= 3 x | no |" in table
    assert "- not run: not run: not installed" in table


@pytest.mark.parametrize(
    ("goal", "note"),
    [
        (Goal(name="missed", least=3, why="it is young"), "missed by 33%: it is young"),
        (Goal(name="missed", than=None, most=16, note="beside"), "missed by 25%: beside"),
        (Goal(name="met", least=2, why="it is young", note="beside"), "beside"),
        (Goal(name="told", why="it is young"), ""),
    ],
)
def test_a_goal_that_is_missed_tells_by_how_much_and_why(goal, note):
    (row,) = rows([played(goal, ours=[20], usual=[10])])

    assert row.note == note
