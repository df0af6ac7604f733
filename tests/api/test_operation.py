"""Operation: numbers for a monitor, logs for a machine, and an end within seconds whenever it is asked for."""

from __future__ import annotations

import json
import logging
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from api.commands.installation import reading
from api.logs import Lines
from api.settings import load
from tests.api.office import Office, open_office
from tests.api.test_command_line import ROOT, environment, shenpi, wait_for
from tests.databases import Databases
from tests.serving import free_port
from workflow.queries.audit import chain_entries

TOKEN = "a token that only the monitor knows"


def numbers(text: str) -> dict[str, float]:
    """Name with label -> value; every line must be one that Prometheus reads."""
    lines = [line for line in text.splitlines() if not line.startswith("# ")]
    assert all(re.fullmatch(r'[a-z_]+(\{[a-z]+="[\w-]+"\})? [0-9.e+-]+', line) for line in lines), lines
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}


def test_the_machine_itself_reads_how_the_service_fares(office: Office) -> None:
    before = numbers(office.client.get("/metrics").text)
    project = office.project()
    clerk = office.seat("谭丽")
    answer = clerk.post(f"/api/projects/{project.ref}/stages/approval/submissions", json={"turn": 1})
    assert answer.status_code == 409, answer.text
    office.pass_time(hours=1)

    after = office.client.get("/metrics")

    assert after.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = numbers(after.text)
    assert found["shenpi_events_total"] > before["shenpi_events_total"]
    assert found['shenpi_beat_age_seconds{beat="sweep"}'] == 3600
    assert sum(number for name, number in found.items() if name.startswith("shenpi_refusals_total")) == 1
    assert "shenpi_backup_age_seconds" not in found
    assert "谭丽" not in after.text


def test_somebody_elsewhere_needs_the_token(bureaus: Databases, tmp_path: Path) -> None:
    with open_office(bureaus, tmp_path, metrics_token=TOKEN, allowed_hosts=["shenpi.local"]) as office:
        here = {"Host": "shenpi.local"}

        def status(**headers: str) -> int:
            return office.client.get("/metrics", headers={**here, **headers}).status_code

        assert status() == 404
        assert status(Authorization="Bearer wrong") == 404
        assert status(Authorization=f"Bearer {TOKEN}") == 200
        assert office.client.get("/metrics").status_code == 200


def test_a_log_line_is_one_line_of_json() -> None:
    error = ValueError("两行\n名称")
    record = logging.LogRecord(
        "shenpi", logging.ERROR, "", 1, "坏了 %s", ("a\nb",), (ValueError, error, None)
    )

    line = Lines().format(record)

    assert "\n" not in line
    told = json.loads(line)
    assert (told["level"], told["logger"], told["message"]) == ("ERROR", "shenpi", "坏了 a\nb")
    assert "ValueError" in told["traceback"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to send")
@pytest.mark.parametrize("wait", ["at once", "while it is built", "while it serves"])
def test_a_demo_ends_when_it_is_told_to(tmp_path: Path, wait: str) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "demo", "--port", str(port)],
        cwd=ROOT,
        env={**environment(), "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    assert process.stdout is not None
    assert "正在准备" in process.stdout.readline()
    if wait != "at once":
        while not (list(tmp_path.glob("*/documents/??")) or process.poll() is not None):
            pass
    if wait == "while it serves":
        wait_for(f"http://127.0.0.1:{port}", process)

    process.send_signal(signal.SIGTERM)

    assert process.wait(20) == 0
    process.stdout.close()
    assert list(tmp_path.glob("shenpi-demo-*")) == []


def _administered(data: Path) -> str:
    """The last sentence of the administration's record there."""
    with reading(load(data)) as store:
        return store.read(chain_entries, project=0)[-1].text


def test_backup_and_restore_from_the_command_line(tmp_path: Path) -> None:
    data, kept = tmp_path / "data", tmp_path / "kept"
    shenpi("setup", "--organisation", "云河县民政局", "--name", "顾明", "--staff-number", "S1", data=data)
    exported = tmp_path / "house.zip"

    said = [
        shenpi("backup", kept, data=data),
        shenpi("restore", kept, data=tmp_path / "other"),
        shenpi("doctor", data=tmp_path / "other"),
        shenpi("export", exported, data=data),
        shenpi("import", exported, data=tmp_path / "third"),
        shenpi("audit", "verify", data=tmp_path / "third"),
    ]

    assert [each.returncode for each in said] == [0] * 6, [each.stdout + each.stderr for each in said]
    assert "已重新读出核对" in said[0].stdout
    told = [_administered(place) for place in (data, tmp_path / "third")]
    assert told[0] == told[1]
    assert "系统导出了全部数据，记录" in told[0]
    assert "（文件house.zip）。" in told[0]
    again = shenpi("import", exported, data=tmp_path / "third")
    assert (again.returncode, "这里已有数据" in again.stderr) == (1, True)
