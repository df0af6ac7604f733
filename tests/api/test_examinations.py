"""自检 and 校验 take their time: of one kind and subject one runs at a time, whoever begins it."""

from __future__ import annotations

from functools import partial

from api.examinations import begin
from tests.stories.test_races import ROUNDS, at_once
from tests.world import World


def test_of_several_who_begin_at_once_exactly_one_does(world: World) -> None:
    """Two administrators at two processes press 自检 in the same instant; the examination runs once."""
    for subject in range(ROUNDS):
        asked = [
            partial(world.do, begin, name, kind="doctor", subject=subject) for name in ("顾明", "蒋慧") * 2
        ]
        answers = at_once(asked)

        assert len([each for each in answers if each]) == 1, answers


def test_examinations_of_different_subjects_do_not_wait_for_each_other(world: World) -> None:
    """One verifies the first project, another the second."""
    answers = at_once([partial(world.do, begin, "蒋慧", kind="audit", subject=each) for each in (1, 2)])

    assert all(answers)
