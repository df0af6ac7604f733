"""Settings: from the file and over it the environment; what would not be safe does not start."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from api.settings import SettingsError, default_directory, is_loopback, load, make, with_port


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
        ({"port": 0}, "port"),
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
