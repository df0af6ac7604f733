"""What a page offers is what the server accepts: a grey button's reasons are the refusal's reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from tests.web.conftest import NOW, City
from workflow import queries
from workflow.actions import clocks, decisions, entries, orders, outside, projects, stages
from workflow.actions.people import delegate
from workflow.clock import Limit, Unit, local_day
from workflow.errors import NotFound, WorkflowError
from workflow.queries.views import Offer, StageFile
from workflow.state import Accepted, Concluded, Filed, Fix
from workflow.store import Store

TODAY: date = local_day(NOW)
WHY = {"reason_given": "理由"}


@pytest.fixture
def store(city: City) -> Iterator[Store]:
    made = Store(city.url)
    made.start()
    yield made
    made.close()


ACTIONS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "submit": (stages.submit_stage, {}),
    "withdraw": (stages.withdraw_stage, {}),
    "reapply": (stages.reapply_stage, WHY),
    "decide-approved": (decisions.decide, {"outcome": "approved", "opinion": "意见"}),
    "decide-returned": (
        decisions.decide,
        {"outcome": "returned", "opinion": "意见", "fixes": (Fix("修改"),)},
    ),
    "decide-refused": (decisions.decide, {"outcome": "refused", "opinion": "意见"}),
    "record-filed": (outside.record_outside, {"what": Filed(TODAY)}),
    "record-accepted": (outside.record_outside, {"what": Accepted(TODAY)}),
    "record-concluded": (outside.record_outside, {"what": Concluded(TODAY, "refused", "意见")}),
    "letter": (outside.draft_letter, {"text": "函"}),
    "hand-over": (stages.hand_over_step, WHY),
    "pass-gate": (stages.pass_soft_gate, WHY),
    "extend": (clocks.extend_clock, {**WHY, "by": Limit(3, Unit.WORKDAYS)}),
    "pause": (clocks.pause_clock, WHY),
    "resume": (clocks.resume_clock, WHY),
    "explanation": (clocks.file_explanation, {"text": "说明"}),
    "supervise": (orders.issue_order, {"wanted": "请说明原因"}),
    "withdraw-order": (orders.withdraw_order, WHY),
}
"""The action behind an offer, with everything filled in that it asks for."""


def command(it: StageFile, offer: Offer) -> tuple[Callable[..., Any], dict[str, Any]] | None:
    found = ACTIONS.get(offer.action)
    if found is None or (offer.action == "hand-over" and not it.colleagues):
        return None
    action, arguments = found
    particular: dict[str, dict[str, Any]] = {
        "hand-over": {"to": it.colleagues[0].id if it.colleagues else 0},
        "pass-gate": {"requirement": offer.target},
    }
    step = {"step": it.step} if offer.action.startswith("decide") else {}
    return action, {**arguments, **step, **particular.get(offer.action, {})}


PERSONAL = {"reply-not-given", "reply-without-evidence"}
"""What only the typed replies decide."""


def test_every_offer_is_what_the_server_does(store: Store, city: City) -> None:
    """Each person, project and stage; what is refused leaves no trace, what is accepted is not acted out."""
    tried = 0
    for person in city.people.values():
        for ref in city.projects.values():
            try:
                view = store.read(queries.project, ref=ref, person=person, day=TODAY)
            except NotFound:
                continue
            for stage in view.stages:
                it = store.read(queries.stage_file, ref=ref, stage=stage.key, person=person, day=TODAY)
                for offer in it.offers:
                    tried += _compare(store, it, offer, person)

    assert tried > 500


class Undone(Exception):
    """The server would have done it."""


def _compare(store: Store, it: StageFile, offer: Offer, person: int) -> int:
    found = command(it, offer)
    if found is None:
        return 0
    action, arguments = found

    def attempt(tx: Any, **given: Any) -> None:
        action(tx, **given)
        raise Undone

    try:
        store.act(attempt, ref=it.ref, stage=it.stage.key, actor=person, now=NOW, **arguments)
    except Undone:
        reasons: set[str] = set()
    except WorkflowError as error:
        reasons = {each.code for each in error.reasons} - PERSONAL
    assert {each.code for each in offer.reasons} == reasons, (it.stage.title, offer, person)
    return 1


def test_checking_an_entry_is_offered_to_its_checkers_only(store: Store, city: City) -> None:
    ref, people = city.projects["D"], city.people
    store.act(
        outside.record_outside,
        ref=ref,
        stage="land_filing",
        what=Concluded(TODAY - timedelta(days=3), "refused", "不符"),
        actor=people["tanli"],
        now=NOW,
    )

    for person in ("tanli", "yangfan", "luoxiuying", "jianghui"):
        view = store.read(queries.project, ref=ref, person=people[person], day=TODAY)
        offer = view.entries[0].confirm

        def attempt(tx: Any, **given: Any) -> None:
            entries.confirm_entry(tx, **given)
            raise Undone

        number = view.entries[0].number
        with pytest.raises(Undone if offer.allowed else WorkflowError):
            store.act(attempt, ref=ref, number=number, actor=people[person], now=NOW)
        assert offer.allowed == (person == "yangfan")


def test_moves_of_a_project_are_offered_to_whom_the_server_lets(store: Store, city: City) -> None:
    for person in city.people.values():
        for ref in city.projects.values():
            try:
                view = store.read(queries.project, ref=ref, person=person, day=TODAY)
            except NotFound:
                continue
            for offer in view.offers:
                if not offer.action.startswith("move-"):
                    continue

                def attempt(tx: Any, **given: Any) -> None:
                    projects.move_project(tx, **given)
                    raise Undone

                trigger = offer.action.removeprefix("move-")
                with pytest.raises(Undone if offer.allowed else WorkflowError):
                    store.act(
                        attempt, ref=ref, trigger=trigger, actor=person, now=NOW, unfinished=True, **WHY
                    )


def test_no_page_knows_of_what_is_out_of_sight(store: Store, city: City) -> None:
    """Lists, work lists, notices and choices of the county say nothing of the district."""
    county = city.people["tanli"]
    read = store.read
    seen = [
        read(queries.projects, person=county, day=TODAY),
        read(queries.worklist, person=county, day=TODAY),
        read(queries.notices, person=county, day=TODAY),
        read(queries.incidents, person=county, day=TODAY),
        read(queries.choices, person=county, day=TODAY).clerks,
        read(queries.choices, person=county, day=TODAY).units,
    ]

    words = repr(seen)
    for foreign in ("大院社区", "骨灰堂", "殡仪馆", "李国栋", "刘畅", "澴阳区", city.projects["E"]):
        assert foreign not in words
    assert "特困人员" in words


def test_a_delegate_finds_the_principals_work_marked_as_theirs(store: Store, city: City) -> None:
    people = city.people
    store.act(
        delegate,
        principal=people["liguodong"],
        agent=people["chenwenjuan"],
        starts_on=TODAY,
        ends_on=TODAY,
        reason_given="外出培训",
        actor=people["liguodong"],
        now=NOW,
    )

    work = store.read(queries.worklist, person=people["chenwenjuan"], day=TODAY)
    tomorrow = store.read(queries.worklist, person=people["chenwenjuan"], day=TODAY + timedelta(days=1))

    assert [(item.stage_title, item.for_whom) for item in work.mine] == [("概算审核", "李国栋")]
    assert tomorrow.mine == ()
