"""Settings: from the file and over it the environment; what would not be safe does not start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from api.settings import SettingsError, default_directory, load, make, shared_kind, with_port
from notifications.settings import is_loopback


def test_an_installation_needs_no_settings_at_all(tmp_path: Path) -> None:
    settings = load(tmp_path, {})

    assert settings.database == f"sqlite:///{tmp_path / 'shenpi.db'}"
    assert (settings.address, settings.upload_limit) == ("http://127.0.0.1:8000", 50 * 1024 * 1024)


def test_the_environment_counts_more_than_the_file(tmp_path: Path) -> None:
    (tmp_path / "shenpi.toml").write_text(
        "port = 1234\nidle_minutes = 5\n[smtp]\nhost = 'mail.test'\nport = 25\n"
    )

    settings = load(
        tmp_path, {"SHENPI_PORT": "4321", "SHENPI_SMTP_HOST": "post.test", "SHENPI_PROXIES": "10.0.0.1, "}
    )

    assert (settings.port, settings.idle_minutes) == (4321, 5)
    assert (settings.smtp.host, settings.smtp.port, settings.proxies) == ("post.test", 25, ("10.0.0.1",))


def test_the_data_directory_may_come_from_the_environment(tmp_path: Path) -> None:
    assert load(None, {"SHENPI_DATA": str(tmp_path)}).data == tmp_path


def test_variables_of_the_tests_and_of_others_are_not_ours(tmp_path: Path) -> None:
    load(tmp_path, {"SHENPI_TEST_DATABASE_URL": "x", "SHENPI_BROWSER": "x", "PATH": "/bin"})


@pytest.mark.parametrize("name", ["SHENPI_PROT", "SHENPI_SMTP_PROT", "SHENPI_MAILBOXES"])
def test_a_misspelt_variable_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError):
        load(tmp_path, {name: "1"})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"host": "0.0.0.0"}, "须启用 TLS"),
        ({"host": "192.168.1.5"}, "须启用 TLS"),
        ({"host": "::"}, "须启用 TLS"),
        ({"tls_certificate": "x"}, "须同时设置"),
        ({"tls_key": "x"}, "须同时设置"),
        ({"database_url": "sqlite:///:memory:"}, "须在磁盘上"),
        ({"port": 0}, "port：不得小于1"),
        ({"prot": 1}, "prot：没有这一项"),
        ({"smtp": {"security": "ssl"}}, "smtp.security：应为 'tls', 'starttls' 或 'plain'"),
        ({"metrics_token": "monitor"}, "太短"),
        ({"limits": {"pages_per_minute": -1}}, "limits.pages_per_minute"),
        ({"print": {"fonts": "/no/such/folder"}}, "字体目录"),
    ],
)
def test_what_would_not_be_safe_does_not_start(
    tmp_path: Path, settings: dict[str, object], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        make(data=tmp_path, **settings)


def test_behind_a_proxy_that_speaks_tls_plain_http_is_enough(tmp_path: Path) -> None:
    settings = make(data=tmp_path, host="0.0.0.0", proxies=["10.0.0.1"], base_url="https://shenpi.gov.test/")

    assert (settings.address, "shenpi.gov.test" in settings.hosts) == ("https://shenpi.gov.test", True)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
def test_a_data_directory_that_anybody_can_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)

    with pytest.raises(SettingsError, match="chmod 700"):
        make(data=tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no modes")
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("shenpi.toml", "[smtp]\npassword = 'geheim'\n"),
        ("shenpi.toml", "metrics_token = '0123456789abcdef'\n"),
        ("shenpi.toml", "database_url = 'postgresql://shenpi:geheim@db/shenpi'\n"),
        ("key.pem", "geheim"),
    ],
)
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, name: str, text: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    key = {"SHENPI_TLS_KEY": str(file), "SHENPI_TLS_CERTIFICATE": "c.pem"} if name == "key.pem" else {}
    file.chmod(0o644)

    with pytest.raises(SettingsError, match="chmod 600"):
        load(tmp_path, key)
    file.chmod(0o600)
    load(tmp_path, key)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/srv/shenpi", "nfs4"),
        ("/srv/shenpi/data", "nfs4"),
        ("/srv/shenpi2", ""),
        ("/srv/shenpi/local/data", ""),
        ("/mnt/the office/data", "cifs"),
        ("/var/lib/shenpi", ""),
        (r"\\nas\shenpi", "UNC"),
    ],
)
def test_a_network_share_is_known_by_its_mount(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/sda1 / ext4 rw 0 0\nnas:/shenpi /srv/shenpi nfs4 rw 0 0\n"
        "/dev/sdb1 /srv/shenpi/local xfs rw 0 0\n//nas/office /mnt/the\\040office cifs rw 0 0\n"
    )

    assert shared_kind(Path(path), mounts) == kind
    assert shared_kind(Path("/srv/shenpi"), tmp_path / "nowhere") == ""


@pytest.mark.skipif(sys.platform != "linux", reason="mounts are read on Linux")
def test_sqlite_on_a_network_share_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.settings.SHARES", {"btrfs", "ext4", "overlay", "tmpfs", "xfs", "zfs"})

    with pytest.raises(SettingsError, match="网络共享盘"):
        make(data=tmp_path)
    make(data=tmp_path, database_url="postgresql://shenpi@db/shenpi")


def test_a_password_is_never_printed(tmp_path: Path) -> None:
    settings = make(data=tmp_path, smtp={"host": "mail.test", "password": "geheim"})

    assert "geheim" not in repr(settings) + str(settings.model_dump()) + settings.model_dump_json()


def test_another_port_leaves_the_rest(tmp_path: Path) -> None:
    settings = with_port(make(data=tmp_path, smtp={"host": "mail.test", "password": "geheim"}), 9000)

    assert (settings.port, settings.smtp.password.get_secret_value()) == (9000, "geheim")


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("[::1]", True),
        ("::1", True),
        ("10.0.0.1", False),
        ("x.test", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, here: bool) -> None:
    assert is_loopback(host) is here


def test_the_usual_place_depends_on_who_asks() -> None:
    assert default_directory({"XDG_DATA_HOME": "/x"}).name.lower() == "shenpi"


def test_the_fonts_of_printed_papers_are_named_in_the_file_or_the_environment(tmp_path: Path) -> None:
    fonts = tmp_path / "fonts"
    fonts.mkdir()
    (tmp_path / "shenpi.toml").write_text('[print]\ntitle_font = ["方正小标宋简体"]\n', encoding="utf-8")
    given = {"SHENPI_PRINT_FONTS": str(fonts), "SHENPI_PRINT_BODY_FONT": "仿宋_GB2312, FangSong"}

    found = load(tmp_path, given).print

    assert (found.fonts, found.title_font) == (fonts, ("方正小标宋简体",))
    assert found.body_font == ("仿宋_GB2312", "FangSong")


def test_only_data_that_a_test_made_can_be_served_with_a_crash(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="只用于本产品的测试"):
        load(tmp_path, {"SHENPI_FAIL_AT": "write.commit"})
    (tmp_path / "TEST-DATA").touch()

    assert load(tmp_path, {"SHENPI_FAIL_AT": "write.commit"}).fail_at == "write.commit"
