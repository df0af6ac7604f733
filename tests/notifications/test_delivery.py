"""Real conversations with real servers: once, again, never, and what is known when the line goes dead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from notifications import ledger
from notifications.delivery import deliver
from notifications.mailbox import KEPT, LocalMailbox, mail, mails
from notifications.outbox import expand
from notifications.smtp import SMTPMailer
from tests.notifications.bureau import Bureau, at, settings
from tests.notifications.servers import (
    HANG_UP,
    Office,
    answering_hello,
    certificate,
    greeting,
    outdated,
    putting_in,
    serving,
)
from workflow.record import instant

NOON = at("2026-11-05 12:00")
MINUTE = timedelta(minutes=1)


@pytest.fixture
def waiting(bureau: Bureau) -> Bureau:
    """A bureau with one mail to 刘畅 in the outbox."""
    return with_mails(bureau, 1)


def with_mails(bureau: Bureau, number: int) -> Bureau:
    for each in range(number):
        bureau.register("2026-11-05 11:59", f"第{each + 1}社区养老中心")
    expand(bureau.store, settings=settings(per_person_hour=1000), now=NOON)
    return bureau


def pass_over(
    bureau: Bureau, server: AbstractAsyncContextManager[int], *, now: datetime = NOON, **changes: Any
) -> dict[str, int]:
    """One pass of the mailer against that server."""

    async def story() -> dict[str, int]:
        async with server as port:
            chosen = settings(port=port, **changes)
            return await deliver(bureau.store, SMTPMailer(chosen), settings=chosen, now=now)

    return asyncio.run(story())


def row(bureau: Bureau, *columns: str) -> tuple[Any, ...]:
    """What the first mail's row says."""
    found: tuple[Any, ...] = tuple(bureau.rows(f"SELECT {', '.join(columns)} FROM mail ORDER BY id")[0])
    return found


def test_a_mail_arrives_once_in_chinese_with_the_headers_of_a_machine(waiting: Bureau) -> None:
    office = Office()
    assert pass_over(waiting, serving(office))["sent"] == 1
    assert pass_over(waiting, serving(office), now=NOON + MINUTE)["sent"] == 0

    (arrived,) = office.arrived
    ((hashed, notice),) = waiting.rows(
        "SELECT event.hash, notice.id FROM notice JOIN event ON event.id = event_id"
    )
    assert arrived["To"] == "刘畅 <s1@mz.example>"
    assert arrived["From"] == "审批提醒 <shenpi@example.gov.cn>"
    assert arrived["Subject"].startswith("【待报送】第1社区养老中心·概算审核，请于")
    assert arrived["Message-ID"] == f"<{notice}.{hashed[:16]}@example.gov.cn>"
    assert arrived["Date"] == "Thu, 05 Nov 2026 11:59:00 +0800"
    assert arrived["Auto-Submitted"] == "auto-generated"
    text, html = arrived.iter_parts()
    assert "前置条件已具备" in text.get_content()
    assert "前置条件已具备" in html.get_content()
    assert row(waiting, "state", "attempts", "reply", "next_at") == ("sent", 1, "250 queued as 1", None)
    assert waiting.incidents() == []


def test_what_the_server_may_have_is_on_disk_before_it_gets_it(waiting: Bureau) -> None:
    """Else whoever dies at that moment does not know that the mail may have arrived."""
    seen: list[bool] = []

    class Watching(Office):
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            seen.append(row(waiting, "data_may_start_at")[0] is not None)
            return await super().handle_DATA(server, session, envelope)

    assert pass_over(waiting, serving(Watching()))["sent"] == 1
    assert seen == [True]


def test_mails_go_oldest_first_over_few_connections_at_the_pace_of_the_settings(bureau: Bureau) -> None:
    with_mails(bureau, 9)
    office = Office()
    assert pass_over(bureau, serving(office), connections=1, per_minute=5)["sent"] == 5
    assert office.heard.count("EHLO") == 1, "one kept connection"
    assert bureau.states() == ["sent"] * 5 + ["waiting"] * 4
    assert pass_over(bureau, serving(office), per_minute=5, now=NOON + MINUTE / 2)["sent"] == 0
    assert pass_over(bureau, serving(office), per_minute=5, now=NOON + MINUTE * 2)["sent"] == 4
    assert len({arrived["Message-ID"] for arrived in office.arrived}) == 9


def test_greylisting_is_answered_by_coming_back(waiting: Bureau) -> None:
    office = Office({"RCPT": ["451 4.7.1 Greylisted, try again later"]})
    assert pass_over(waiting, serving(office))["waiting"] == 1
    assert row(waiting, "state", "phase", "reply", "data_may_start_at") == (
        "waiting", "rcpt", "451 4.7.1 Greylisted, try again later", None,
    )  # fmt: skip
    assert pass_over(waiting, serving(office), now=NOON + MINUTE / 2) == dict.fromkeys(
        ("sent", "waiting", "failed", "held", "taken"), 0
    )
    assert pass_over(waiting, serving(office), now=NOON + MINUTE + timedelta(seconds=1))["sent"] == 1
    assert len(office.arrived) == 1
    assert waiting.incidents() == []


def test_retries_thin_out_and_end_after_five_days() -> None:
    tries, now = [], NOON
    while following := ledger.next_try(NOON, now):
        tries.append(following - NOON)
        now = following
    assert [each / MINUTE for each in tries[:6]] == [1, 5, 15, 30, 60, 120]
    assert tries[15] == timedelta(hours=12)
    assert tries[16] == timedelta(hours=15)
    assert tries[-1] == timedelta(days=5)


def test_a_mail_put_off_for_five_days_becomes_an_incident(waiting: Bureau) -> None:
    now = NOON
    for _ in range(60):
        office = Office({"RCPT": ["450 mailbox busy"]})
        if pass_over(waiting, serving(office), now=now)["failed"]:
            break
        now = instant(row(waiting, "next_at")[0])
    assert timedelta(days=4) < now - NOON <= timedelta(days=5, minutes=1)
    assert row(waiting, "state") == ("failed",)
    assert waiting.incidents() == ["mail-failed"]


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize("code", ["421 closing", "450 busy", "451 later", "452 full"])
def test_a_passing_refusal_at_any_stage_puts_off_and_makes_one_copy(
    waiting: Bureau, verb: str, code: str
) -> None:
    office = Office({verb: [code]})
    assert pass_over(waiting, serving(office))["waiting"] == 1
    assert row(waiting, "phase", "reply", "data_may_start_at") == (verb.lower(), code, None)
    assert pass_over(waiting, serving(office), now=NOON + 2 * MINUTE)["sent"] == 1
    assert len(office.arrived) == 1


@pytest.mark.parametrize(
    ("verb", "code"),
    [("MAIL", "552 too big"), ("RCPT", "550 no such user"), ("DATA", "554 no"), ("DOT", "554 spam")],
)
def test_a_final_refusal_of_one_mail_is_an_incident_and_the_next_mail_goes_on(
    bureau: Bureau, verb: str, code: str
) -> None:
    with_mails(bureau, 2)
    office = Office({verb: [code]})
    outcome = pass_over(bureau, serving(office), connections=1)
    assert (outcome["failed"], outcome["sent"]) == (1, 1)
    assert row(bureau, "state", "phase", "reply") == ("failed", verb.lower(), code)
    assert bureau.incidents() == ["mail-failed"]

    first = bureau.rows("SELECT min(id) FROM mail")[0][0]
    assert bureau.store.act(ledger.send_again, mail=first, now=NOON + MINUTE)
    assert pass_over(bureau, serving(office), now=NOON + 2 * MINUTE)["sent"] == 1


@pytest.mark.parametrize(
    ("server", "incident"),
    [
        (lambda: greeting(b"554 go away\r\n"), "mail-configuration"),
        (lambda: greeting(b"421 busy\r\n"), "mail-server"),
        (lambda: greeting(b""), "mail-server"),
        (lambda: serving(Office({"MAIL": ["550 sender not allowed"] * 9})), "mail-configuration"),
        (lambda: answering_hello(b"421 not now\r\n"), "mail-server"),
        (lambda: answering_hello(b"550 not you\r\n"), "mail-configuration"),
    ],
    ids=["refused at the door", "busy", "dead", "sender refused", "hello put off", "hello refused"],
)
def test_what_the_server_has_against_us_costs_no_mail_and_heals_by_itself(
    bureau: Bureau, server: Callable[[], AbstractAsyncContextManager[int]], incident: str
) -> None:
    with_mails(bureau, 3)
    outcome = pass_over(bureau, server())
    assert (outcome["waiting"], outcome["sent"]) == (1, 0), "one attempt tells enough"
    assert bureau.states() == ["waiting"] * 3
    assert bureau.incidents() == [incident]
    assert row(bureau, "first_tried_at") == (None,), "it is not the mail's fault"

    office = Office()
    later = NOON + timedelta(minutes=16)
    assert pass_over(bureau, serving(office), now=later)["sent"] == 3
    assert bureau.incidents() == []
    assert [arrived["Subject"][5:8] for arrived in office.arrived[:1]] == ["第1社"], "oldest first"


def test_a_server_that_is_down_for_a_day_loses_nothing(bureau: Bureau) -> None:
    with_mails(bureau, 30)
    for hour in range(25):
        pass_over(bureau, greeting(b""), now=NOON + timedelta(hours=hour))
    office = Office()
    assert pass_over(bureau, serving(office), now=NOON + timedelta(hours=25))["sent"] == 30
    assert bureau.incidents() == []


def test_the_line_goes_dead_before_data_and_the_mail_was_surely_not_delivered(waiting: Bureau) -> None:
    office = Office({"RCPT": [HANG_UP]})
    pass_over(waiting, serving(office))
    assert row(waiting, "state", "phase", "data_may_start_at") == ("waiting", "rcpt", None)
    assert pass_over(waiting, serving(office), now=NOON + 2 * MINUTE, ambiguous="hold")["sent"] == 1
    assert len(office.arrived) == 1


@pytest.mark.parametrize(("verb", "copies"), [("DATA", 1), ("DOT", 2)])
def test_the_line_goes_dead_from_data_on_and_a_second_copy_is_the_very_same(
    waiting: Bureau, verb: str, copies: int
) -> None:
    office = Office({verb: [HANG_UP]})
    pass_over(waiting, serving(office))
    state, phase, data_may_start_at = row(waiting, "state", "phase", "data_may_start_at")
    assert (state, phase) == ("waiting", "dot")
    assert data_may_start_at is not None

    pass_over(waiting, serving(office), now=NOON + 2 * MINUTE)
    assert row(waiting, "state") == ("sent",)
    assert len(office.arrived) == copies
    assert len({each.as_bytes() for each in office.arrived}) == 1, "same Message-ID, same Date, same body"


def test_an_office_may_hold_what_is_ambiguous_until_somebody_decides(waiting: Bureau) -> None:
    office = Office({"DOT": [HANG_UP]})
    assert pass_over(waiting, serving(office), ambiguous="hold")["held"] == 1
    assert waiting.incidents() == ["mail-ambiguous"]
    assert pass_over(waiting, serving(office), now=NOON + timedelta(days=1), ambiguous="hold")["sent"] == 0

    number = row(waiting, "id")[0]
    assert waiting.store.act(ledger.send_again, mail=number, now=NOON + timedelta(days=1))
    assert pass_over(waiting, serving(office), now=NOON + timedelta(days=1), ambiguous="hold")["sent"] == 1


@pytest.mark.parametrize(("reached_data", "policy", "then"), [
    (False, "hold", "sent"), (True, "resend", "sent"), (True, "hold", "held"),
])  # fmt: skip
def test_a_mailer_that_dies_leaves_a_mail_whose_fate_the_row_tells(
    waiting: Bureau, reached_data: bool, policy: str, then: str
) -> None:
    until = NOON + timedelta(minutes=30)
    leased = waiting.store.act(ledger.lease, until=until, now=NOON)
    assert leased is not None
    if reached_data:
        assert waiting.store.act(ledger.may_start, mail=leased, until=until, now=NOON)
    waiting.reopen()

    office = Office()
    early = pass_over(waiting, serving(office), now=NOON + MINUTE, ambiguous=policy)
    assert early[then] == 0, "its lease still runs"
    assert waiting.store.act(ledger.try_at_once, now=NOON + MINUTE) == 1, "unless nobody else can hold it"
    assert pass_over(waiting, serving(office), now=NOON + MINUTE, ambiguous=policy)[then] == 1
    assert len(office.arrived) == (1 if then == "sent" else 0)


def test_a_mailer_that_was_asleep_wakes_up_fenced(waiting: Bureau) -> None:
    asleep = waiting.store.act(ledger.lease, until=NOON + MINUTE, now=NOON)
    assert asleep is not None
    office = Office()
    assert pass_over(waiting, serving(office), now=NOON + 2 * MINUTE)["sent"] == 1

    later = NOON + 3 * MINUTE
    assert not waiting.store.act(ledger.may_start, mail=asleep, until=later, now=later)
    assert not waiting.store.act(ledger.sent, mail=asleep, reply="250", now=later)
    assert row(waiting, "reply") == ("250 queued as 1",)


def test_two_mailers_at_once_make_no_doubles(bureau: Bureau) -> None:
    with_mails(bureau, 24)
    office = Office()

    async def story() -> None:
        async with serving(office) as port:
            chosen = settings(port=port)
            await asyncio.gather(
                *(deliver(bureau.store, SMTPMailer(chosen), settings=chosen, now=NOON) for _ in range(2))
            )

    asyncio.run(story())
    assert bureau.states() == ["sent"] * 24
    assert len(office.arrived) == 24
    assert len({each["Message-ID"] for each in office.arrived}) == 24


# Encryption


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_mail_travels_encrypted_under_the_offices_own_certificate(
    waiting: Bureau, tmp_path: Path, security: str
) -> None:
    context, trusted = certificate(tmp_path)
    office = Office()
    options: dict[str, Any] = (
        {"tls": context} if security == "tls" else {"tls_context": context, "require_starttls": True}
    )
    assert pass_over(waiting, serving(office, **options), security=security, ca_file=trusted)["sent"] == 1


@pytest.mark.parametrize("fault", ["stripped", "self-signed", "wrong host", "expired", "TLS 1.1"])
@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_without_proper_encryption_not_a_word_of_the_mail_is_said(
    waiting: Bureau, tmp_path: Path, fault: str, security: str
) -> None:
    context, trusted = certificate(
        tmp_path, "127.0.0.2" if fault == "wrong host" else "127.0.0.1", valid=fault != "expired"
    )
    if fault == "TLS 1.1":
        outdated(context)
    office = Office()
    options: dict[str, Any] = {"tls": context} if security == "tls" else {"tls_context": context}
    options = {} if fault == "stripped" else options
    server = serving(
        office, **options, auth_require_tls=False, authenticator=lambda *_: office.heard.append("AUTH")
    )
    outcome = pass_over(
        waiting, server, security=security, ca_file="" if fault == "self-signed" else trusted,
        username="shenpi", password="canary",
    )  # fmt: skip
    assert outcome["waiting"] == 1
    assert set(office.heard) <= {"EHLO"}
    hangs_up = fault == "TLS 1.1"  # without a word: then it is as if the line had gone dead
    assert waiting.incidents() == ["mail-server" if hangs_up else "mail-configuration"]
    assert row(waiting, "phase") == ("connect",)


def test_words_put_in_before_the_handshake_are_no_answer(waiting: Bureau, tmp_path: Path) -> None:
    """Somebody on the way adds to the clear-text answer what the server would say once the line is encrypted."""
    context, trusted = certificate(tmp_path)
    heard: list[bytes] = []
    outcome = pass_over(
        waiting, putting_in(context, heard), security="starttls", ca_file=trusted,
        username="shenpi", password="canary",
    )  # fmt: skip
    assert outcome["waiting"] == 1
    assert {each.split()[0] for each in heard} <= {b"EHLO", b"STARTTLS", b"QUIT"}
    assert row(waiting, "phase") == ("connect",)


def test_a_refused_password_waits_for_the_administrator(waiting: Bureau, tmp_path: Path) -> None:
    context, trusted = certificate(tmp_path)
    office = Office()
    server = serving(office, tls=context, auth_require_tls=False, authenticator=lambda *_: _refusal())
    outcome = pass_over(
        waiting, server, security="tls", ca_file=trusted, username="shenpi", password="canary"
    )
    assert outcome["waiting"] == 1
    assert office.heard == ["EHLO"]
    ((words,),) = waiting.rows("SELECT text FROM incident")
    assert "canary" not in words
    assert "canary" not in repr(settings(password="canary"))


def _refusal() -> Any:
    from aiosmtpd.smtp import AuthResult

    return AuthResult(success=False, handled=False)


def test_clear_text_is_only_for_this_machine() -> None:
    with pytest.raises(ValueError, match="须加密"):
        settings(host="mail.example.gov.cn")


# The demo's mailbox


def test_the_demo_keeps_its_mails_where_pages_can_read_them(bureau: Bureau) -> None:
    with_mails(bureau, 3)
    outcome = asyncio.run(deliver(bureau.store, LocalMailbox(), settings=settings(), now=NOON))
    assert outcome["sent"] == 3
    person = bureau.people["刘畅"]
    newest, second = bureau.store.read(mails, person=person, limit=2)
    assert (newest.state, newest.reply) == ("sent", KEPT)
    assert [each.id for each in bureau.store.read(mails, before=second.id)] == [second.id - 1]
    assert bureau.store.read(mails, person=bureau.people["周建平"]) == []
    assert bureau.store.read(mail, id=newest.id) == newest
    assert bureau.store.read(mail, id=99) is None
