"""`shenpi setup`: the first administrator and organisation, the project types, a certificate, a mail test."""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from api.cli import add_data

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.settings import Settings
    from workflow.errors import Reason
    from workflow.store import Store

SHIPPED = Path(__file__).parent.parent.parent / "definitions"


def configure(parser: argparse.ArgumentParser) -> None:
    """The options."""
    parser.add_argument("--organisation", metavar="名称", help="单位名称，如 澴阳区民政局")
    parser.add_argument("--region", default="", metavar="代码", help="行政区划代码，如990102")
    parser.add_argument("--name", metavar="姓名", help="第一位管理员的姓名")
    parser.add_argument("--staff-number", metavar="工号", help="第一位管理员的工号，用于登录")
    parser.add_argument("--certificate", nargs="+", metavar="主机", help="为这些主机名或IP地址生成证书")
    parser.add_argument("--mail-test", metavar="邮箱", help="向此邮箱发一封测试邮件")
    add_data(parser)


def run(options: argparse.Namespace) -> int:
    """Do what is still missing; what is there stays as it is."""
    from api.commands.installation import alone
    from api.settings import load

    if options.certificate:
        _certify(options)
        if not options.organisation and not sys.stdin.isatty():
            return 0
    settings = load(options.data)
    if options.mail_test:
        return _test_mail(settings, options.mail_test, options.now)
    with alone(settings) as store:
        _publish(store, options.now)
        if _is_set_up(store):
            print(f"{settings.data} 已有人员，未改动。")
        else:
            _found(store, options)
    print(f"完成。启动服务：shenpi serve{f' --data {options.data}' if options.data else ''}")
    return 0


def _found(store: Store, options: argparse.Namespace) -> None:
    """Enter the organisation and its first administrator."""
    from api.passwords import hash_password
    from workflow.actions import people
    from workflow.people import SYSTEM

    organisation = _answer(options.organisation, "单位名称：", people.check_unit_name)
    known = options.region or ("" if options.organisation else None)
    region = _answer(known, "行政区划代码（六位，可留空，以后也能改）：", people.check_region)
    name = _answer(options.name, "管理员姓名：", people.check_person_name)
    number = _answer(options.staff_number, "管理员工号：", people.check_staff_number)
    password, drawn = _password(name, number, organisation)
    by = {"actor": SYSTEM, "now": options.now}
    node = store.act(people.add_organisation, name=organisation, parent=0, region=region, **by)
    person = store.act(
        people.add_person,
        name=name,
        staff_number=number,
        password_hash=hash_password(password),
        drawn=drawn,
        **by,
    )
    store.act(people.grant_post, person=person, organisation=node, key="administrator", **by)
    print(f"已建立单位“{organisation}”和管理员{name}（工号{number}）。")
    if drawn:
        print(f"登录密码：{password}\n登录后须先改成自己的密码。")


def _password(*words: str) -> tuple[str, bool]:
    """The password that was typed, or a random one where nobody can type; and whether it was drawn."""
    from api.passwords import weaknesses

    if not sys.stdin.isatty():
        return secrets.token_urlsafe(15), True
    while True:
        password = getpass.getpass("设置密码（12位以上）：")
        weak = weaknesses(password, *words)
        if not weak and password == getpass.getpass("再输一遍："):
            return password, False
        print("".join(map(str, weak)) or "两次输入不一致。", file=sys.stderr)


def _publish(store: Store, now: datetime) -> None:
    """Make the project types of the product available, if they are not yet."""
    from workflow.actions import definitions
    from workflow.people import SYSTEM

    files = sorted(SHIPPED.glob("*.yaml"))
    for file in files:
        text = file.read_text(encoding="utf-8")
        store.act(definitions.publish, text=text, name=file.name, actor=SYSTEM, now=now)
    print(f"项目类型已备好：{len(files)}个，可在网页“项目类型”中查看。")


def _is_set_up(store: Store) -> bool:
    from workflow.queries import snapshot

    return bool(store.read(snapshot).directory.people)


def _certify(options: argparse.Namespace) -> None:
    from api.certificates import make_certificate
    from api.settings import FILE, default_directory

    data = (options.data or default_directory()).resolve()
    certificate, key = make_certificate(data / "tls", options.certificate, now=options.now)
    print(f"证书：{certificate}\n私钥：{key}")
    print(f"请在 {data / FILE} 中写明：")
    print(f'  host = "0.0.0.0"\n  allowed_hosts = {options.certificate!r}'.replace("'", '"'))
    print(f'  tls_certificate = "{certificate.as_posix()}"\n  tls_key = "{key.as_posix()}"')
    print("并把证书安装到各办公电脑的“受信任的根证书颁发机构”。")


def _test_mail(settings: Settings, address: str, now: datetime) -> int:
    import asyncio

    from api.mail import PATIENT, mail_reason, try_mail
    from api.settings import FILE

    if not settings.smtp.host:
        print(f"还没有设置邮件服务器。请在 {settings.data / FILE} 的 [smtp] 中设置 host。", file=sys.stderr)
        return 1
    failure = asyncio.run(try_mail(settings, address, now, PATIENT))
    if failure is not None:
        print(mail_reason(failure), file=sys.stderr)
        return 1
    print(f"测试邮件已交给 {settings.smtp.host}，请到 {address} 查收。")
    return 0


def _answer(given: str | None, question: str, check: Callable[[str], list[Reason]]) -> str:
    """What an option gave, Invalid if it is unfit; else what is typed, asked again until it is fit."""
    from workflow.errors import Invalid

    answer = _ask(question) if given is None else given.strip()
    while wrong := check(answer):
        if given is not None:
            raise Invalid(*wrong)
        print("".join(map(str, wrong)), file=sys.stderr)
        answer = _ask(question)
    return answer


def _ask(question: str) -> str:
    if not sys.stdin.isatty():
        raise SystemExit("无人应答：请用 --organisation、--name、--staff-number 写明。")
    return input(question).strip()
