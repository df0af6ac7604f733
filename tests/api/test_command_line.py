"""The command line: the calls that people and checks rely on, each in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.serving import free_port
from workflow.errors import reason
from workflow.models import SCHEMA

ROOT = Path(__file__).resolve().parents[2]
DEFINITIONS = ROOT / "definitions"


def shenpi(*arguments: object, data: Path | None = None, typed: str = "") -> subprocess.CompletedProcess[str]:
    """Call it as people do; without `data` the usual place is an empty one."""
    place = ["--data", str(data)] if data else []
    return subprocess.run(
        [sys.executable, "-m", "api.cli", *map(str, arguments), *place],
        cwd=ROOT,
        env=environment(),
        input=typed,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SHENPI_")}
    return {**kept, "PYTHONUTF8": "1", "SHENPI_DATA": str(ROOT / "nowhere")}


@contextmanager
def running(*arguments: object) -> Iterator[subprocess.Popen[str]]:
    """A service that runs for a while, and ends as it is told to."""
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli", *map(str, arguments)],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


def wait_for(address: str, process: subprocess.Popen[str]) -> None:
    for _ in range(300):
        try:
            with urlopen(f"{address}/api/health") as answer:
                assert answer.status == 200
                return
        except OSError:
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.1)
    raise AssertionError("the service does not answer")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """An installation with its first administrator."""
    data = tmp_path / "data"
    done = shenpi(
        "setup", "--organisation", "云河县民政局", "--name", "顾明", "--staff-number", "S1", data=data
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return data


def test_help_names_every_command() -> None:
    done = shenpi("--help")

    assert done.returncode == 0
    for command in (
        "demo",
        "serve",
        "setup",
        "check",
        "publish",
        "show",
        "due",
        "calendar",
        "audit",
        "doctor",
    ):
        assert f"  {command} " in done.stdout


@pytest.mark.parametrize(
    "arguments", [[], ["nonsense"], ["due"], ["due", "--from", "tomorrow", "--workdays", "3"]]
)
def test_a_call_that_is_not_understood_ends_with_2(arguments: list[str]) -> None:
    assert shenpi(*arguments).returncode == 2


# due


@pytest.mark.parametrize(
    ("arguments", "day"),
    [
        (["--from", "2026-09-18", "--workdays", 20], "2026-10-22"),
        (["--from", "2026-09-18", "--workdays", 20, "--pause", "2026-09-21..2026-09-29"], "2026-10-29"),
        (["--from", "2026-09-18", "--workdays", 20, "--extend", 10], "2026-11-05"),
        (["--from", "2026-09-18", "--days", 30], "2026-10-19"),
        (["--from", "2024-02-29", "--years", 1], "2025-02-28"),
        (["--from", "2026-01-31", "--months", 1], "2026-02-28"),
    ],
)
def test_due_prints_the_day_as_its_last_line(arguments: list[object], day: str) -> None:
    done = shenpi("due", *arguments)

    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, day)


def test_due_explains_every_day_and_why() -> None:
    lines = shenpi("due", "--from", "2026-09-28", "--workdays", 3, "--explain").stdout.splitlines()

    assert lines[0] == "2026-09-28 周一 不计：起算当日"
    assert "2026-10-01 周四 不计：国庆节放假" in lines
    assert lines[-1] == "2026-10-08"


def test_due_says_when_it_rests_on_a_provisional_year() -> None:
    lines = shenpi("due", "--from", "2026-12-28", "--workdays", 10).stdout.splitlines()

    assert lines[0].startswith("到期日暂定")
    assert len(lines) == 2


def test_due_refuses_a_pause_that_ends_before_it_began() -> None:
    done = shenpi("due", "--from", "2026-09-18", "--workdays", 20, "--pause", "2026-09-29..2026-09-21")

    assert done.returncode == 2
    assert "恢复日早于停表日" in done.stderr


# definitions


def test_check_says_nothing_against_our_own_definitions() -> None:
    done = shenpi("check", *sorted(DEFINITIONS.glob("*.yaml")))

    assert (done.returncode, done.stdout) == (0, "")


def test_check_names_file_line_and_column(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        (DEFINITIONS / "columbarium.yaml").read_text("utf-8").replace("type: columbarium", "typ: x"), "utf-8"
    )

    done = shenpi("check", DEFINITIONS / "cemetery.yaml", bad, tmp_path / "missing.yaml")

    assert done.returncode == 1
    assert f"{bad}:" in done.stdout
    assert "unknown-key" in done.stdout
    assert f"{tmp_path / 'missing.yaml'}:1:1: unreadable:" in done.stdout


@pytest.mark.parametrize(
    ("kind", "begins"),
    [
        ("text", "公益性骨灰堂建设"),
        ("mermaid", "flowchart"),
        ("svg", '<svg xmlns="http://www.w3.org/2000/svg"'),
        ("json", "{"),
    ],
)
def test_show_prints_a_type_in_every_format(kind: str, begins: str) -> None:
    done = shenpi("show", "columbarium", "--format", kind)

    assert done.returncode == 0
    assert done.stdout.startswith(begins)
    if kind == "json":
        assert json.loads(done.stdout)["type"] == "columbarium"


def test_show_says_when_there_is_no_such_type() -> None:
    done = shenpi("show", "nonsense")

    assert (done.returncode, done.stderr) == (1, "没有已发布的项目类型“nonsense”。请先由管理员发布。\n")


def test_publish_takes_a_new_version_and_refuses_another_text(installed: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    text = (DEFINITIONS / "columbarium.yaml").read_text("utf-8")
    mine.write_text(text + "# 改动\n", "utf-8")
    same_version = shenpi("publish", mine, data=installed)
    mine.write_text(text.replace("version: 1", "version: 2", 1), "utf-8")
    next_version = shenpi("publish", mine, data=installed)

    assert same_version.returncode == 1
    assert "已经发布，内容不同" in same_version.stderr
    assert (next_version.returncode, "已发布" in next_version.stdout) == (0, True)
    assert "第2版" in shenpi("show", "columbarium", data=installed).stdout.splitlines()[0]


# an installation


def test_setup_makes_an_office_once(installed: Path) -> None:
    again = shenpi("setup", data=installed)

    assert (again.returncode, "已有人员，未改动" in again.stdout) == (0, True)
    assert shenpi("doctor", data=installed).returncode == 0
    assert shenpi("audit", "verify", data=installed).stdout.endswith("全部相符。\n")


def test_an_unfit_option_is_named_before_anything_is_made(tmp_path: Path) -> None:
    given = ("--organisation", "云河县民政局", "--name", "顾明", "--staff-number", "S1")
    done = shenpi("setup", *given, "--region", "99012", data=tmp_path / "data")
    assert (done.returncode, "行政区划代码“99012”不是六位数字" in done.stderr) == (1, True)

    assert shenpi("setup", *given, "--region", "990123", data=tmp_path / "data").returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such terminal")
def test_an_answer_that_is_refused_is_asked_for_again_at_once(tmp_path: Path) -> None:
    """顾明 mistypes the region; the password is asked for once everything else is right."""
    import pty

    office, desk = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "api.cli", "setup", "--data", str(tmp_path / "data")],
        cwd=ROOT, env=environment(), stdin=desk, stdout=desk, stderr=desk, start_new_session=True,
    ) as process:  # fmt: skip
        os.close(desk)
        screen = ""

        def told(words: str) -> None:
            nonlocal screen
            while words not in screen:
                screen += os.read(office, 4096).decode(errors="replace")
            screen = screen.partition(words)[2]

        for question, answer in (
            ("单位名称：", "云河县民政局"), ("行政区划代码", "99012"), ("不是六位数字", ""), ("管理员姓名：", "顾明"),
            ("管理员工号：", "S1"), ("设置密码", "liu-shui-bu-zheng-xian"), ("再输一遍", "liu-shui-bu-zheng-xian"),
        ):  # fmt: skip
            told(question)
            os.write(office, f"{answer}\n".encode())
        told("已建立单位“云河县民政局”和管理员顾明（工号S1）。")
        assert process.wait(30) == 0
    os.close(office)


def test_setup_can_make_the_office_a_certificate(tmp_path: Path) -> None:
    done = shenpi("setup", "--certificate", "shenpi.local", "192.168.1.10", data=tmp_path / "data")

    assert done.returncode == 0

    certificate, key = (tmp_path / "data" / "tls" / name for name in ("certificate.pem", "key.pem"))
    assert certificate.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert "tls_certificate" in done.stdout
    if sys.platform != "win32":
        assert key.stat().st_mode & 0o777 == 0o600


def test_an_older_program_leaves_a_newer_database_alone_and_says_so_in_one_sentence(installed: Path) -> None:
    import sqlite3

    with sqlite3.connect(installed / "shenpi.db") as connection:
        connection.execute("UPDATE schema_number SET number = number + 1")
    connection.close()

    done = shenpi("serve", "--port", free_port(), data=installed)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{reason('schema-newer', found=SCHEMA + 1, known=SCHEMA)}\n"


def test_a_service_beyond_this_machine_needs_tls(installed: Path) -> None:
    (installed / "shenpi.toml").write_text('host = "0.0.0.0"\n', "utf-8")

    done = shenpi("serve", data=installed)

    assert done.returncode == 1
    assert "须启用 TLS" in done.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("prot = 1", "prot"),
        ("port = 'x'", "port"),
        ("port =", "写法有误"),
        ("[smtp]\npassword = 'x'", "chmod 600"),
        ("database_url = 'sqlite:///:memory:'", "须在磁盘上"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "shenpi.toml").write_text(text, "utf-8")

    done = shenpi("sweep", data=tmp_path)

    assert done.returncode == 1
    assert words in done.stderr


@pytest.mark.slow
def test_sweep_and_deliver_run_alone_or_through_the_running_service(installed: Path) -> None:
    alone = shenpi("sweep", "--at", "2026-11-22T09:00", data=installed)
    port = free_port()
    with running("serve", "--port", port, "--data", installed) as service:
        wait_for(f"http://127.0.0.1:{port}", service)
        asked = shenpi("sweep", data=installed)
        mail = shenpi("deliver", data=installed)
        bad = shenpi("sweep", "--at", "soon", data=installed)
        published = shenpi("publish", DEFINITIONS / "columbarium.yaml", data=installed)
        second = shenpi("serve", "--port", free_port(), data=installed)

    assert [each.stdout for each in (alone, asked)] == ["没有到点的时限。\n"] * 2
    assert (mail.returncode, "没有设置邮件服务器" in mail.stderr) == (1, True)
    assert bad.returncode == 2
    assert published.returncode == 0, published.stderr
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == f"{reason('second-writer', path=installed)}\n"
    assert not (installed / "running.json").exists()


def test_a_calendar_is_loaded_only_after_it_was_shown(installed: Path, tmp_path: Path) -> None:
    file = tmp_path / "2027.yaml"
    file.write_text(
        "year: 2027\nstatus: official\nsource: 国办发明电〔2026〕9号\noff:\n  - {days: 2027-01-01, why: 元旦}\n"
        "  - {days: 2027-03-01, why: 试验}\n",
        "utf-8",
    )

    shown = shenpi("calendar", "load", file, data=installed)
    loaded = shenpi("calendar", "load", file, "--yes", data=installed)

    assert shown.returncode == 1
    assert "2027-03-01 周一：工作日 → 试验放假" in shown.stdout
    assert "确认载入请加 --yes" in shown.stderr
    assert "已载入2027年" in loaded.stdout
    assert "2027  已公布" in shenpi("calendar", "show", data=installed).stdout


@pytest.mark.slow
def test_doctor_and_audit_find_a_rewritten_record(installed: Path) -> None:
    import sqlite3

    with sqlite3.connect(installed / "shenpi.db") as connection:
        connection.execute("DROP TRIGGER event_no_update")
        connection.execute("UPDATE event SET actor_id = 7 WHERE seq = 2")
    connection.close()

    audit, doctor = shenpi("audit", "verify", data=installed), shenpi("doctor", data=installed)

    assert (audit.returncode, doctor.returncode) == (1, 1)
    assert "不符：管理事项第2条：" in audit.stdout
    assert "请保留现场，勿再改动数据库" in doctor.stdout
    assert shenpi("audit", "verify", "--against", "f" * 16, data=installed).returncode == 1


def test_a_head_that_was_copied_wrongly_is_no_sign_of_a_forgery(installed: Path) -> None:
    done = shenpi("audit", "verify", "--against", "zzzz", data=installed)

    assert done.returncode == 1
    assert "所持校验码应为16至64位" in done.stderr


def test_what_is_wrong_with_a_path_is_said_in_words(installed: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("", encoding="utf-8")

    done = shenpi("backup", str(taken / "here"), data=installed)

    assert done.returncode == 1
    assert "不是目录，请核对路径" in done.stderr


def test_a_command_that_only_reads_makes_no_installation(tmp_path: Path) -> None:
    done = shenpi("doctor", data=tmp_path / "empty")

    assert done.returncode == 1
    assert "没有数据" in done.stderr
    assert not (tmp_path / "empty").exists()


# the demo


@pytest.mark.slow
def test_the_demo_says_where_to_look_and_whom_to_be(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "demo"
    with running("demo", "--port", port, "--data", data) as service:
        wait_for(f"http://127.0.0.1:{port}", service)
        assert service.stdout is not None
        said = "".join(iter(service.stdout.readline, "按 Ctrl+C 结束。\n"))
        taken = shenpi("demo", "--port", port, "--data", tmp_path / "other")

    assert f"http://127.0.0.1:{port}" in said
    assert "谭丽" in said
    assert (taken.returncode, "已被占用" in taken.stderr) == (1, True)
    assert shenpi("doctor", data=data).returncode == 0


def test_the_demo_never_touches_a_directory_that_is_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("重要", "utf-8")

    done = shenpi("demo", "--port", free_port(), data=tmp_path)

    assert done.returncode == 1
    assert (tmp_path / "mine.txt").read_text("utf-8") == "重要"
    assert len(list(tmp_path.iterdir())) == 1


def test_mail_settings_that_are_not_safe_are_one_sentence_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "shenpi.toml").write_text('[smtp]\nhost = "mail.huanchuan.example"\nsecurity = "plain"\n')

    done = shenpi("serve", "--port", free_port(), data=tmp_path)

    said = "邮件设置有误：发往 mail.huanchuan.example 的邮件须加密：请用 tls 或 starttls；明文只限本机。\n"
    assert (done.returncode, done.stdout, done.stderr) == (1, "", said)
