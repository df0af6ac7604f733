"""Our own OpenAPI document against the running application: machine-made requests, and no answer it does not promise.

The short run is part of the suite; `SHENPI_FUZZ=300` makes it that many examples a route.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable

from api.answers import document
from tests import papers
from tests.api.interface import Document
from tests.api.office import HERE, Office, open_office
from tests.databases import Copies

EXAMPLES = int(os.environ.get("SHENPI_FUZZ", "4"))
ENDING = {("delete", "/api/session"), ("put", "/api/session/password")}
"""They end the session that everything else rests on; stories of their own try them."""


class Bench:
    """An office with one project under way, and somebody who may do nearly everything."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.ref = office.project(total="386.00", building="300.00", reserve="86.00", indoor=True).ref
        clerk = office.seat("谭丽")
        file = {"file": ("建议书.pdf", papers.pdf())}
        clerk.post(f"/api/projects/{self.ref}/documents/proposal/versions", files=file)
        self.people = ["顾明", "谭丽", "马德兴"]
        self.seats = {name: office.seat(name) for name in self.people}
        self.document = Document(document(office.app))

    def fault(self, name: str, case: Any) -> str:
        """What is wrong with the answer to that request, if anything is."""
        if "ref" in (case.path_parameters or {}):
            case.path_parameters["ref"] = self.ref
        sent = requests.Request(**case.as_transport_kwargs(base_url=HERE)).prepare()
        headers = {key: str(value) for key, value in sent.headers.items() if key.lower() != "connection"}
        try:
            answer = self.seats[name].ask(str(sent.method), str(sent.url), headers, content=sent.body or b"")
        except UnicodeEncodeError:
            return ""  # the client itself cannot send it
        lies = self.document.lies(answer)
        return (
            f"{answer.status_code} {lies} to {sent.url} {sent.body!r:.300}: {answer.text:.300}"
            if lies
            else ""
        )


@pytest.fixture(scope="module")
def bench(bureaus: Copies, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with open_office(bureaus, tmp_path_factory.mktemp("fuzz")) as office:
        yield Bench(office)


def operations(schema: Any) -> list[Any]:
    return [found.ok() for found in schema.get_all_operations()]


def test_machine_made_requests_find_no_answer_that_is_not_promised(bench: Bench) -> None:
    schema = schemathesis.openapi.from_dict(document(bench.office.app))
    found: dict[str, str] = {}
    for operation in operations(schema):
        if (operation.method, operation.path) not in ENDING:
            found |= faults(bench, operation)

    still = {name: seat.get("/api/session").status_code for name, seat in bench.seats.items()}
    assert set(still.values()) == {200}, still
    assert not found, "\n".join(f"{where}: {what}" for where, what in found.items())


def faults(bench: Bench, operation: Any) -> dict[str, str]:
    """What the operation answered that it should not: by route, its status, and what was sent."""
    found: dict[str, str] = {}
    for mode in schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE:

        @settings(
            max_examples=EXAMPLES, database=None, derandomize=True, deadline=None, phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Any) -> None:
            for name in bench.people:
                if what := bench.fault(name, case):
                    found[f"{operation.method} {operation.path} as {name}"] = what

        with suppress(Unsatisfiable):  # a route that takes nothing cannot be asked wrongly
            run()
    return found
