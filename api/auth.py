"""Who asks: signing in and out, the session behind a cookie, and the policies that routes name.

Invariant: a route without a policy does not start; a change needs a session, its token, and our own page.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import Depends
from fastapi.routing import iter_route_contexts
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from api import passwords, sessions
from api.browsers import browser_words
from api.door import Door, door_of
from api.mail import outgoing
from api.pace import Pace, kind_of
from api.problems import TooManyAttempts, Unauthenticated
from api.security import LARGEST_FORM, SAFE_METHODS, is_form, read_form
from api.settings import Settings, is_loopback
from workflow.actions.people import change_person
from workflow.errors import Forbidden, Invalid, Unavailable, reason, says
from workflow.people import SYSTEM, Directory, PersonView
from workflow.snapshot import snapshot

says(
    {
        "not-signed-in": ("您尚未登录，或登录已过期。", "请登录后再试。"),
        "sign-in-failed": ("工号或密码不正确。", "请核对后重试；忘记密码请联系管理员。"),
        "password-wrong": ("您的密码不正确。", "请核对后重试。"),
        "password-again": (
            "登录已超过5分钟，办理此项须再输一次您自己的密码。",
            "请输入后再提交，或重新登录后再办。",
        ),
        "password-same": ("新密码与现在的相同。", "请另设一个只有您知道的密码。"),
        "password-given": ("您的密码由他人设置，更改后才能办理。", "请先更改密码，再用新密码登录。"),
        "too-many-attempts": ("密码错误次数过多。", "请在{wait}后再试，或请管理员重设密码。"),
        "too-many-requests": ("请求过于频繁，这一次没有受理。", "请在{wait}后再试。"),
        "tls-required": ("此连接没有加密，不能登录。", "请用 https 网址访问，或在本机登录。"),
        "csrf-token-wrong": ("页面已过期，操作未生效。", "请刷新页面后再办。"),
    }
)

log = logging.getLogger("shenpi.auth")

CSRF_HEADER = "X-CSRF-Token"
CSRF_FIELD = "csrf"
BROWSER_COOKIE = "browser"
WATCHING_HEADER = "X-Watching"
"""Sent by a page that only looks whether it has changed: nobody has to sit there, so no session is kept alive."""
PROVED: Final = timedelta(minutes=5)
"""How long it counts that somebody has typed their password, for what needs it once more."""
NOTING: Final = 0.5
"""Seconds that a page waits for the note that its session is in use."""


class Visitor(Struct, frozen=True):
    """Who is signed in, with the people of the moment and the token that their forms must carry."""

    person: PersonView
    directory: Directory
    csrf: str
    session: str
    since: datetime
    given_password: bool = False
    """Whether somebody else has set the password: then it is changed before anything else."""

    @property
    def id(self) -> int:
        """The person's id: the actor of what they do."""
        return self.person.id


class SignedIn(Struct, frozen=True):
    """A fresh session: the tokens for the cookies of session and browser, and who it is for."""

    token: str
    browser: str
    person: int
    csrf: str


# What routes depend on


def now(request: HTTPConnection) -> datetime:
    """The instant of this request."""
    clock: Callable[[], datetime] = request.app.state.clock
    return clock()


# What follows is async even where it awaits nothing: the framework calls anything else in a thread.


async def public(request: Request) -> None:
    """The policy of the few routes that anybody may call, though not faster than a whole office does."""
    _keep_pace(request, "stranger", _address(request))


async def _now(request: Request) -> datetime:
    return now(request)


async def _door(request: Request) -> Door:
    return door_of(request)


async def newcomer(request: Request) -> Visitor:
    """Who is signed in, perhaps with a password from somebody else; only a few routes let those in.

    Unauthenticated if nobody is, Forbidden for a change without the session's token, TooManyAttempts if too fast.
    """
    visitor = await visitor_of(request)
    if visitor is None:
        _keep_pace(request, "stranger", _address(request))
        await _save_form(request)
        raise Unauthenticated(reason("not-signed-in"))
    if request.method not in SAFE_METHODS:
        await _check_token(request, visitor)
    _keep_pace(request, kind_of(request), visitor.session)
    return visitor


async def current_person(visitor: Annotated[Visitor, Depends(newcomer)]) -> Visitor:
    """Who is signed in with a password of their own; Forbidden until they have chosen one."""
    if visitor.given_password:
        raise Forbidden(reason("password-given"))
    return visitor


async def administrator(visitor: Annotated[Visitor, Depends(current_person)]) -> Visitor:
    """An administrator who is signed in; Forbidden for everybody else."""
    if not visitor.directory.is_administrator(visitor.id):
        raise Forbidden(reason("not-an-administrator"))
    return visitor


POLICIES: tuple[Callable[..., Any], ...] = (public, newcomer, current_person, administrator)

Now = Annotated[datetime, Depends(_now)]
Newcomer = Annotated[Visitor, Depends(newcomer)]
Person = Annotated[Visitor, Depends(current_person)]
Administrator = Annotated[Visitor, Depends(administrator)]
TheDoor = Annotated[Door, Depends(_door)]


async def visitor_in(request: Request, session: SignedIn) -> Visitor:
    """Who has just signed in."""
    digest = sessions.digest_of(session.token)
    found = await _find(door_of(request), digest)
    if found is None:
        raise Unauthenticated(reason("not-signed-in"))
    person = found.directory.people[found.person]
    return Visitor(person, found.directory, session.csrf, digest, found.created_at, found.given)


async def visitor_of(request: Request) -> Visitor | None:
    """Who is signed in, or None; looked up once per request."""
    if not hasattr(request.state, "visitor"):
        request.state.visitor = await _look_up(request)
    visitor: Visitor | None = request.state.visitor
    return visitor


def policy_of(dependant: Any) -> str:
    """The policy that a route names; the empty string if it names none."""
    calls = set(_calls(dependant))
    return next((policy.__name__ for policy in reversed(POLICIES) if policy in calls), "")


def check_policies(routes: Iterable[Any]) -> None:
    """RuntimeError if a route names no policy: what nobody decided about is closed."""
    for route in iter_route_contexts(list(routes)):
        dependant = getattr(route, "dependant", None)
        if dependant is not None and not policy_of(dependant):
            raise RuntimeError(f"{route.path} names no policy")


# Signing in and out


async def sign_in(request: Request, staff_number: str, password: str, now: datetime) -> SignedIn:
    """A new session for whoever knows the password; the browser's earlier one ends.

    Unauthenticated for any wrong pair, TooManyAttempts after repeated ones; both say nothing about
    whether there is such a person.
    """
    check_transport(request)
    door, address = door_of(request), _address(request)
    browser = request.cookies.get(_host_bound(request, BROWSER_COOKIE)) or secrets.token_urlsafe(32)
    attempt = await door.ask(sessions.attempt, staff_number=staff_number, address=address, browser=browser)
    await count_attempt(door, attempt, now)
    account = await door.ask(sessions.account, staff_number=staff_number.strip())
    kept = account.password_hash if account and account.active else ""
    gate: asyncio.Semaphore = request.app.state.password_gate
    if not await passwords.matches(password, kept, gate) or account is None:
        log.info("sign-in failed for %s", attempt.keys[0][1][:12])
        raise Unauthenticated(reason("sign-in-failed"))
    kept = await _rehashed(door, account, password, now)
    token = secrets.token_urlsafe(32)
    await door.run(
        sessions.open_session,
        session=sessions.digest_of(token),
        person=account.person,
        password_hash=kept,
        attempt=attempt,
        replaces=sessions.digest_of(_token(request)),
        place=_place(address, request),
        now=now,
    )
    log.info("person %s signed in", account.person)
    return SignedIn(token, browser, account.person, csrf_of(token))


async def signed_in_at(request: Request, visitor: Visitor, now: datetime) -> list[sessions.SessionView]:
    """The person's own live sessions, the newest first."""
    idle, absolute = _spans(request.app.state.settings)
    return await door_of(request).ask(
        sessions.own_sessions,
        person=visitor.id,
        directory=visitor.directory,
        idle=idle,
        absolute=absolute,
        now=now,
    )


async def count_attempt(door: Door, attempt: sessions.Attempt, now: datetime) -> None:
    """Count an attempt before the password is looked at; TooManyAttempts if it has to wait."""
    if wait := await door.run(sessions.begin_attempt, attempt=attempt, now=now):
        raise TooManyAttempts(reason("too-many-attempts", wait=_time(wait)), retry_after=wait)


async def sign_out(request: Request) -> None:
    """End the session of this browser, if it has one."""
    await door_of(request).run(sessions.close_session, session=sessions.digest_of(_token(request)))


async def change_own_password(
    request: Request, visitor: Visitor, current: str, password: str, now: datetime
) -> None:
    """Give oneself another password; Invalid if the present one is wrong or the new one too weak.

    TooManyAttempts after repeated wrong ones. Every session of the person ends, this one too.
    """
    door = door_of(request)
    await _check_password(request, visitor, current, now)
    if password == current:
        raise Invalid(reason("password-same", "password"))
    if weak := passwords.weaknesses(password, *names_of(visitor)):
        raise Invalid(*weak)
    kept = await asyncio.to_thread(passwords.hash_password, password)
    await door.run(
        sessions.change_account,
        person=visitor.id,
        mail=outgoing(request.app.state.settings),
        password_hash=kept,
        actor=visitor.id,
        now=now,
    )


async def prove(request: Request, visitor: Visitor, password: str, now: datetime) -> None:
    """Forbidden unless they have shown within PROVED that they know their password: by signing in, or by this one.

    For what would let a person left signed in by mistake take over others. Remembered in this process only.
    """
    proofs: dict[str, datetime] = request.app.state.proofs
    if any(_is_recent(at, now) for at in (visitor.since, proofs.get(visitor.session, visitor.since))):
        return
    if not password:
        raise Forbidden(reason("password-again", "current"))
    await _check_password(request, visitor, password, now)
    for session in [each for each, at in proofs.items() if not _is_recent(at, now)]:
        del proofs[session]
    proofs[visitor.session] = now


def _is_recent(proved: datetime, now: datetime) -> bool:
    return timedelta(0) <= now - proved <= PROVED


def names_of(visitor: Visitor) -> list[str]:
    """The words that must not be part of this person's password."""
    organisations = visitor.directory.organisations
    units = [organisations[held.organisation].name for held in visitor.directory.posts_of(visitor.id)]
    return [visitor.person.name, visitor.person.staff_number, *units]


def keep_session(request: HTTPConnection, response: Response, signed: SignedIn) -> None:
    """Give the browser the cookie of its session, and the one by which it is known again."""
    tls = _is_tls(request)
    response.set_cookie(
        cookie_name(request), signed.token, path="/", secure=tls, httponly=True, samesite="lax"
    )
    response.set_cookie(
        _host_bound(request, BROWSER_COOKIE),
        signed.browser,
        max_age=int(sessions.BROWSER_KEPT.total_seconds()),
        path="/",
        secure=tls,
        httponly=True,
        samesite="lax",
    )


def drop_session(request: HTTPConnection, response: Response) -> None:
    """Take the cookie back."""
    response.delete_cookie(
        cookie_name(request), path="/", secure=_is_tls(request), httponly=True, samesite="lax"
    )


def cookie_name(connection: HTTPConnection) -> str:
    """The name of the session's cookie."""
    return _host_bound(connection, "sid")


def had_session(connection: HTTPConnection) -> bool:
    """Whether the browser still brings a session, be it one that has ended."""
    return bool(_token(connection))


def csrf_of(token: str) -> str:
    """The token that forms of this session carry; nobody without the cookie can work it out."""
    return hmac.digest(token.encode(), b"csrf", sha256).hex()


def check_transport(request: HTTPConnection) -> None:
    """Forbidden over plain HTTP, unless the browser sits at this very machine."""
    if not _is_tls(request) and not (request.client and is_loopback(request.client.host)):
        raise Forbidden(reason("tls-required"))


async def _look_up(request: Request) -> Visitor | None:
    token, at = _token(request), now(request)
    if not token:
        return None
    door, session = door_of(request), sessions.digest_of(token)
    found = await _find(door, session)
    request.state.was_known = found is not None
    if found is None or _has_run_out(found, request.app.state.settings, at):
        return None
    if at - found.seen_at > sessions.TOUCH_EVERY and WATCHING_HEADER not in request.headers:
        with suppress(Unavailable, TimeoutError):  # who only reads is not kept from it by a disk that is full
            await asyncio.wait_for(door.run(sessions.touch_session, session=session, now=at), NOTING)
    person = found.directory.people[found.person]
    return Visitor(person, found.directory, csrf_of(token), session, found.created_at, found.given)


async def _find(door: Door, session: str) -> sessions.Found | None:
    """The session of that hash as it stands now, with the people of the same moment or a later one."""
    row = await door.row(sessions.FIND, id=session)
    if row is None:
        return None
    latest = door.store.caches.snapshots.latest
    if latest is None or latest.seq != row[-1]:
        latest = await door.ask(snapshot)
    return sessions.found(row, latest.directory)


def _has_run_out(found: sessions.Found, settings: Settings, at: datetime) -> bool:
    idle, absolute = _spans(settings)
    return at - found.seen_at > idle or at - found.created_at > absolute


def _spans(settings: Settings) -> tuple[timedelta, timedelta]:
    """How long a session lives unused, and at all."""
    return timedelta(minutes=settings.idle_minutes), timedelta(hours=settings.absolute_hours)


async def _check_token(request: Request, visitor: Visitor) -> None:
    given = request.headers.get(CSRF_HEADER)
    if given is None and is_form(request.headers):
        field = (await read_form(request)).get(CSRF_FIELD)
        given = field if isinstance(field, str) else None
    if given is None or not hmac.compare_digest(given.encode(), visitor.csrf.encode()):
        raise Forbidden(reason("csrf-token-wrong"))


def _keep_pace(request: Request, kind: str, who: str) -> None:
    pace: Pace = request.app.state.pace
    if wait := pace.wait(kind, who, now(request)):
        raise TooManyAttempts(reason("too-many-requests", wait=_time(wait)), retry_after=wait)


async def _save_form(request: Request) -> None:
    """Read a form that nobody signed in has sent, so that its page can give back what was typed.

    A large one only from a browser whose session has run out: strangers upload nothing.
    """
    length = request.headers.get("content-length", "")
    small = length.isascii() and length.isdigit() and int(length) <= LARGEST_FORM
    if not is_form(request.headers) or not (small or getattr(request.state, "was_known", False)):
        return
    with suppress(HTTPException):
        await read_form(request)


def _place(address: str, request: Request) -> sessions.Place:
    """Where somebody signs in, in words for themselves."""
    browser = browser_words(request.headers.get("user-agent", ""))
    return sessions.Place("本机" if is_loopback(address) else address, browser)


async def _check_password(request: Request, visitor: Visitor, password: str, now: datetime) -> None:
    """Invalid unless it is the person's own; TooManyAttempts after repeated wrong ones."""
    door, number = door_of(request), visitor.person.staff_number
    attempt = sessions.Attempt((("name", sessions.key_of("own", number)),), "")
    await count_attempt(door, attempt, now)
    account = await door.ask(sessions.account, staff_number=number)
    gate: asyncio.Semaphore = request.app.state.password_gate
    if account is None or not await passwords.matches(password, account.password_hash, gate):
        raise Invalid(reason("password-wrong", "current"))
    await door.run(sessions.forgive, attempt=attempt)


async def _rehashed(door: Door, account: sessions.Account, password: str, now: datetime) -> str:
    """The hash to rest the session on; made anew, by the system, if today's settings are stronger than its own."""
    if not passwords.needs_rehash(account.password_hash):
        return account.password_hash
    kept = await asyncio.to_thread(passwords.hash_password, password)
    await door.run(change_person, person=account.person, password_hash=kept, actor=SYSTEM, now=now)
    return kept


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _token(connection: HTTPConnection) -> str:
    return connection.cookies.get(cookie_name(connection), "")


def _host_bound(connection: HTTPConnection, name: str) -> str:
    """The cookie's name: bound to this host where TLS allows the browser to promise it."""
    return f"__Host-{name}" if _is_tls(connection) else name


def _is_tls(connection: HTTPConnection) -> bool:
    return bool(connection.scope["scheme"] == "https")


def _time(seconds: int) -> str:
    return f"{seconds}秒" if seconds < 60 else f"{-(-seconds // 60)}分钟"


def _calls(dependant: Any) -> Iterable[Any]:
    for each in dependant.dependencies:
        yield each.call
        yield from _calls(each)
