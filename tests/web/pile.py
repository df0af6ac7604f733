"""A pile on somebody's desk: projects that all wait for the same review, and entries that wait for a check."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import text

from api.demo_papers import one_page_pdf
from tests.web.conftest import NOW, City
from workflow.actions import documents, projects, stages
from workflow.files import Files
from workflow.state import ReplyData
from workflow.store import Store

STREETS = [
    "东街",
    "西苑",
    "南湖",
    "北关",
    "桥头",
    "河西",
    "新华",
    "建设",
    "广场",
    "翠园",
    "长青",
    "和平",
    "光明",
    "胜利",
    "前进",
]


@contextmanager
def behind(city: City) -> Iterator[Store]:
    """The store of the city while nothing is served."""
    store = Store(f"sqlite:///{city.data / 'shenpi.db'}")
    store.start()
    yield store
    store.close()


def reviews(city: City, amount: int) -> list[str]:
    """So many projects of 刘畅 whose 谋划入库 waits for 李国栋; their references."""
    with behind(city) as store:
        return [_submitted(store, city, number) for number in range(amount)]


def replaced(city: City, store: Store, ref: str, title: str = "需求测算（修订）") -> None:
    """刘畅 replaces the paper of that project."""
    upload(store, city, ref, title)


def entries(city: City, amount: int) -> list[str]:
    """So many projects with one entry each, taken over by 刘畅, that wait for 李国栋 to check them."""
    with behind(city) as store:
        found = []
        for number in range(amount):
            ref = _registered(store, city, f"taken-{number}", number, taking_over=True)
            given = ReplyData(
                "reserve_entry",
                NOW.date(),
                f"澴发改储〔2026〕{number + 1}号",
                "区发展和改革局",
                kept_at="档案柜",
            )
            store.act(
                projects.take_over_stage, ref=ref, stage="planning", replies=[given],
                actor=city.people["liuchang"], now=NOW,
            )  # fmt: skip
            found.append(ref)
        return found


def upload(store: Store, city: City, ref: str, title: str) -> None:
    """刘畅 hands in 需求测算."""
    file = Files(city.data / "documents").receive([one_page_pdf(title)], f"{title}.pdf", limit=1_000_000)
    store.act(
        documents.upload_document, ref=ref, document="demand_study", file=file,
        actor=city.people["liuchang"], now=NOW,
    )  # fmt: skip


def _submitted(store: Store, city: City, number: int) -> str:
    ref = _registered(store, city, f"pile-{number}", number)
    upload(store, city, ref, "需求测算")
    store.act(stages.submit_stage, ref=ref, stage="planning", actor=city.people["liuchang"], now=NOW)
    return ref


def _registered(store: Store, city: City, ref: str, number: int, *, taking_over: bool = False) -> str:
    clerk = city.people["liuchang"]
    street = STREETS[number % len(STREETS)] + (str(number // len(STREETS)) if number >= len(STREETS) else "")
    store.act(
        projects.register_project, ref=ref, title=f"{street}社区综合养老服务中心改造", clerk=clerk,
        digest=_of(store, "SELECT digest FROM definition WHERE type = 'centre-conversion'"),
        organisation=_of(store, "SELECT id FROM organisation WHERE name = '养老服务科'"),
        facts={"total_investment": "286.00", "floor_area": "880"}, taking_over=taking_over,
        actor=clerk, now=NOW,
    )  # fmt: skip
    return ref


def _of(store: Store, sql: str) -> str:
    found: str = store.read(lambda connection: connection.execute(text(sql)).scalar_one())
    return found
