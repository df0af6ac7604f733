"""What an office decides: where data lives, how it is reached, how mail goes out. Nothing else reads it.

Values come from `shenpi.toml` in the data directory, and over it from the environment (SHENPI_…).
Invariant: no secret has a default, none is ever printed, and what would not be safe does not start.
"""

from __future__ import annotations

import os
import stat
import sys
import tomllib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from api.mistyped import why
from notifications.settings import is_loopback

PREFIX = "SHENPI_"
FILE = "shenpi.toml"
MARK = "TEST-DATA"
"""A file of this name in the data directory says that a test made it: only there may a service be made to crash."""
SHARES = {
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "fuse.sshfs",
    "fuse.glusterfs",
    "glusterfs",
    "ceph",
    "afs",
    "ncpfs",
}
"""File systems of other machines, on which locks do not hold what SQLite needs of them."""
SHORTEST_TOKEN = 16
NOT_OURS = ("SHENPI_TEST_", "SHENPI_BROWSER", "SHENPI_FAULTS")
"""Variables that the tests and `dev.py` read; the product does not."""


class SettingsError(Exception):
    """The settings cannot be used; says which, and what to write instead."""


class Smtp(BaseModel):
    """The mail server of the office. Without a host no mail leaves; notices stay in the desk."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = ""
    port: int = Field(default=465, ge=1, le=65535)
    security: Literal["tls", "starttls", "plain"] = "tls"
    username: str = ""
    password: SecretStr = SecretStr("")
    ca_file: str = ""
    sender: str = ""
    sender_name: str = "审批提醒"
    per_minute: int = Field(default=60, ge=1)


class Limits(BaseModel):
    """How much one session may ask, and one address before anybody has signed in; 0 leaves it open.

    Hands stay far below: a list is cleared at one or two a second, a thick dossier has sixty papers, and a whole
    office may sit behind one address when it signs in. What is meant are scripts that run wild.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pages_per_minute: int = Field(default=600, ge=0)
    changes_per_minute: int = Field(default=120, ge=0)
    uploads_per_hour: int = Field(default=300, ge=0)
    exports_per_hour: int = Field(default=120, ge=0)
    strangers_per_minute: int = Field(default=1200, ge=0)


NO_LIMITS = dict.fromkeys(Limits.model_fields, 0)
"""For what is no office: the demo, whose password everybody knows, and tests that ask a thousand things a second."""


class Print(BaseModel):
    """The fonts of printed papers: a folder of the office's own, and which of them stands where.

    What is not there falls back to the fonts that come along.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    fonts: Path | None = None
    title_font: tuple[str, ...] = ("FZXiaoBiaoSong-B05S", "方正小标宋简体", "方正小标宋_GBK")
    heading_font: tuple[str, ...] = ("SimHei", "黑体")
    body_font: tuple[str, ...] = ("FangSong_GB2312", "仿宋_GB2312", "FangSong", "仿宋")
    table_font: tuple[str, ...] = ()


class Settings(BaseModel):
    """All settings of one installation. `data` holds the database, the documents and the keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    data: Path
    database_url: str = ""
    base_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    allowed_hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    upload_megabytes: int = Field(default=50, ge=1, le=1024)
    idle_minutes: int = Field(default=30, ge=1)
    absolute_hours: int = Field(default=10, ge=1)
    sweep_seconds: float = Field(default=20, gt=0)
    deliver_seconds: float = Field(default=15, gt=0)
    log: Literal["text", "json"] = "text"
    metrics_token: SecretStr = SecretStr("")
    mailbox: bool = False
    fail_at: str = ""
    smtp: Smtp = Smtp()
    print: Print = Print()
    limits: Limits = Limits()

    @property
    def database(self) -> str:
        """The SQLAlchemy URL of the database: a file in the data directory, unless another is named."""
        return self.database_url or f"sqlite:///{self.data / 'shenpi.db'}"

    @property
    def has_database(self) -> bool:
        """Whether there is a database to look into; of one that is named, nobody knows before asking it."""
        return bool(self.database_url) or (self.data / "shenpi.db").is_file()

    @property
    def documents(self) -> Path:
        """Where the documents lie."""
        return self.data / "documents"

    @property
    def sends_mail(self) -> bool:
        """Whether notices leave as mails: to a server, or in the demo to its mailbox. Else they stay in the desk."""
        return self.mailbox or bool(self.smtp.host)

    @property
    def is_tls(self) -> bool:
        """Whether the service itself speaks TLS."""
        return self.tls_certificate is not None

    @property
    def address(self) -> str:
        """The address under which people reach the service: what links in mails begin with."""
        scheme = "https" if self.is_tls else "http"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.base_url.rstrip("/") or f"{scheme}://{host}:{self.port}"

    @property
    def upload_limit(self) -> int:
        """The largest document, in bytes."""
        return self.upload_megabytes * 1024 * 1024

    @property
    def hosts(self) -> frozenset[str]:
        """The names that a request may call this service by; loopback always, for the operator."""
        named = {*self.allowed_hosts, self.host, urlsplit(self.address).hostname or ""}
        return frozenset(name.lower() for name in named if name) | {"127.0.0.1", "localhost", "[::1]"}


def load(data: Path | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of the installation in `data` (default: SHENPI_DATA, else the usual place of the system).

    SettingsError names every value that cannot be used.
    """
    directory = data or Path(environment.get("SHENPI_DATA", "") or default_directory(environment))
    values = _from_file(directory / FILE)
    for name, value in environment.items():
        if name.startswith(PREFIX) and not name.startswith(NOT_OURS) and name != "SHENPI_DATA":
            _put(values, name.removeprefix(PREFIX).lower(), value)
    return make(data=directory.resolve(), **values)


def make(**values: Any) -> Settings:
    """Settings from these values; SettingsError if they cannot be used."""
    try:
        settings = Settings(**values)
    except ValidationError as error:
        wrong = "；".join(f"{'.'.join(map(str, each['loc']))}：{why(each)}" for each in error.errors())
        raise SettingsError(f"设置有误（{wrong}）。请更正 {FILE} 或相应的 {PREFIX}… 环境变量。") from None
    _check(settings)
    return settings


def with_port(settings: Settings, port: int) -> Settings:
    """The same settings on another port."""
    return make(**{**settings.model_dump(), "port": port})


def default_directory(environment: Mapping[str, str] = os.environ) -> Path:
    """Where data lives on this system if nobody says otherwise."""
    if sys.platform == "win32":
        return Path(environment.get("PROGRAMDATA", r"C:\ProgramData")) / "Shenpi"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/Shenpi"
    if os.geteuid() == 0:
        return Path("/var/lib/shenpi")
    return Path(environment.get("XDG_DATA_HOME", "") or Path.home() / ".local/share") / "shenpi"


def _from_file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"读不了 {path}（{error}）。") from None
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} 写法有误：{error}。") from None
    if _holds_secrets(values) and _is_open(path):
        raise SettingsError(f"{path} 中有密码，但其他用户也能读。请先运行 chmod 600 {path}。")
    return values


def _holds_secrets(values: Mapping[str, Any]) -> bool:
    named = {"metrics_token"} & values.keys() or {"password"} & values.get("smtp", {}).keys()
    return bool(named or urlsplit(str(values.get("database_url", ""))).password)


def _put(values: dict[str, Any], key: str, value: str) -> None:
    """One environment variable: SHENPI_SMTP_HOST is smtp.host; lists are separated by commas."""
    group, _, rest = key.partition("_")
    if group in {"smtp", "print", "limits"}:
        values[group] = {**values.get(group, {}), rest: _listed(rest, value)}
    else:
        values[key] = _listed(key, value)


def _listed(key: str, value: str) -> str | list[str]:
    if key not in {"allowed_hosts", "proxies"} and not key.endswith("_font"):
        return value
    return [each.strip() for each in value.split(",") if each.strip()]


def _check(settings: Settings) -> None:
    _check_reach(settings)
    _check_data(settings)
    if settings.fail_at and not (settings.data / MARK).is_file():
        raise SettingsError("fail_at 让服务中途停止，只用于本产品的测试，正式数据不可用。请删去此项。")
    if settings.print.fonts is not None and not settings.print.fonts.is_dir():
        raise SettingsError(f"字体目录 {settings.print.fonts} 不存在。请更正 [print] fonts，或删去此项。")


def _check_reach(settings: Settings) -> None:
    if bool(settings.tls_certificate) != bool(settings.tls_key):
        raise SettingsError("tls_certificate 与 tls_key 须同时设置。可运行 shenpi setup 生成本单位证书。")
    if settings.tls_key and settings.tls_key.is_file() and _is_open(settings.tls_key):
        raise SettingsError(f"{settings.tls_key} 其他用户也能读。请先运行 chmod 600 {settings.tls_key}。")
    if not settings.is_tls and not settings.proxies and not is_loopback(settings.host):
        raise SettingsError(
            f"监听 {settings.host} 须启用 TLS：密码不能在网上明文传送。请运行 shenpi setup 生成证书，或只监听 127.0.0.1。"
        )
    if 0 < len(settings.metrics_token.get_secret_value()) < SHORTEST_TOKEN:
        raise SettingsError(f"metrics_token 太短，容易被猜中。请用{SHORTEST_TOKEN}位以上的随机字符。")


def _check_data(settings: Settings) -> None:
    if settings.database_url.startswith("sqlite:///:memory:"):
        raise SettingsError("数据库须在磁盘上：已确认的操作不能丢。")
    if not settings.database_url and (kind := shared_kind(settings.data)):
        raise SettingsError(
            f"数据目录 {settings.data} 在网络共享盘（{kind}）上，SQLite 在那里会损坏。请放在本机磁盘，或改用 PostgreSQL。"
        )
    if settings.data.is_dir() and os.name != "nt" and settings.data.stat().st_mode & stat.S_IWOTH:
        raise SettingsError(
            f"数据目录 {settings.data} 任何人都可以改写。请先运行 chmod 700 {settings.data}。"
        )


def shared_kind(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str:
    """What kind of network share the path lies on; the empty string for a disk of this machine, or if nobody knows."""
    if str(path).startswith("\\\\"):
        return "UNC"
    try:
        lines = [line.split() for line in mounts.read_text(encoding="utf-8").splitlines()]
    except OSError:
        return ""
    over = [(len(line[1]), line[2]) for line in lines if path.is_relative_to(line[1].replace("\\040", " "))]
    kind = max(over, default=(0, ""))[1]
    return kind if kind in SHARES else ""


def _is_open(path: Path) -> bool:
    return os.name != "nt" and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))
