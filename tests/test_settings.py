"""Settings: every bad value is refused by name, value and what is allowed."""

from pathlib import Path

import duckdb
import pytest

from dagster_project import cli
from dagster_project.lib.settings import Settings, SettingsError


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("HF_ENDPOINT", "huggingface.co", "http:// or https://"),
        ("YAHOO_ENDPOINT", "ftp://example.org", "http:// or https://"),
        ("OPENROUTER_ENDPOINT", "openrouter.ai", "http:// or https://"),
        ("MODELS_DEV_ENDPOINT", "models.dev/api.json", "http:// or https://"),
        ("NPM_ENDPOINT", "https://api.npmjs.org?x=1", "http:// or https://"),
        ("PYPISTATS_ENDPOINT", "//pypistats.org", "http:// or https://"),
        ("HUB_SCOPE", "all", "top or census"),
        ("HUB_CENSUS_WEEKDAY", "caturday", "monday, tuesday"),
        ("HUB_TOP", "0", "1 to 1000, or a multiple of 1000"),
        ("HUB_TOP", "1500", "1 to 1000, or a multiple of 1000"),
        ("HUB_TOP", "many", "1 to 1000, or a multiple of 1000"),
        ("MODELTIDE_SEEDS", "/nowhere/at/all", "an existing folder"),
        ("HF_ENDPOINT", "http://[::1", "http:// or https://"),
        ("HF_ENDPOINT", "http://127.0.0.1:99999", "http:// or https://"),
        ("HF_ENDPOINT", "http://127.0.0.1:0", "http:// or https://"),
        ("HF_ENDPOINT", "https://:8080", "http:// or https://"),
        ("NPM_ENDPOINT", "https://exa mple.org", "http:// or https://"),
        ("NPM_ENDPOINT", "https://example.org/\tx", "http:// or https://"),
        ("YAHOO_ENDPOINT", "https://exämple.org", "http:// or https://"),
        ("YAHOO_ENDPOINT", "file:///etc/hosts", "http:// or https://"),
        ("HUB_TOP", "100001000", "1 to 1000, or a multiple of 1000"),
        ("MODELTIDE_HOME", "s3://bucket/home", "a path of this machine"),
        ("MODELTIDE_HOME", "file:///var/data", "a path of this machine"),
        ("MODELTIDE_HOME", "https://example.org/data", "a path of this machine"),
        ("MODELTIDE_HOME", "da\nta", "without control characters"),
        ("MODELTIDE_HOME", "/da?ta", "a path without ?, backslash"),
        ("MODELTIDE_HOME", "/da\\ta", "a path without ?, backslash"),
        ("MODELTIDE_HOME", "/da%20ta", "a path without ?, backslash"),
        ("MODELTIDE_HOME", "~nobody-of-that-name/x", "the home of a user"),
        ("MODELTIDE_SEEDS", "s3://bucket/seeds", "a path of this machine"),
        ("MODELTIDE_MEMORY_LIMIT", "a lot", "a size such as 2GB"),
        ("MODELTIDE_MEMORY_LIMIT", "2", "a size such as 2GB"),
        ("MODELTIDE_MEMORY_LIMIT", "1KB", "a size such as 2GB"),
        ("MODELTIDE_MEMORY_LIMIT", "900000TB", "a size such as 2GB"),
        ("MODELTIDE_MEMORY_LIMIT", "0%", "a size such as 2GB"),
        ("LAKE", "la\nke", "without control characters"),
        ("REFETCH", "maybe", "1 or 0"),
        ("ACCEPT", "2", "1 or 0"),
    ],
)
def test_a_bad_value_is_refused_by_name_value_and_what_is_allowed(
    name: str, value: str, allowed: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({name: value})
    assert name in str(raised.value)
    assert repr(value) in str(raised.value)
    assert allowed in str(raised.value)


def test_a_number_of_thousands_of_digits_is_refused_in_a_line_that_can_be_read() -> None:
    with pytest.raises(SettingsError, match=r"HUB_TOP is '1000.*…'; allowed") as raised:
        Settings.from_environment({"HUB_TOP": "1" + "0" * 5_000})
    assert len(str(raised.value)) < 300


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HF_ENDPOINT", "https://me:secret@example.org"),
        ("LAKE", "sftp://me:secret@example.org/lake"),
        ("LAKE", "s3://bucket/lake?token=secret"),
        ("LAKE", "simplecache::sftp://me:secret@example.org/lake"),
    ],
)
def test_a_password_in_an_address_is_refused_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '<not shown>'; allowed: ") as raised:
        Settings.from_environment({name: value})
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("value", "lake"),
    [
        ("", "/home/of/it/lake"),
        ("/a/lake", "/a/lake"),
        ("s3://bucket/a/lake/", "s3://bucket/a/lake"),
        ("hf://datasets/me/tide@main/lake", "hf://datasets/me/tide@main/lake"),
        ("sftp://me@example.org/lake", "sftp://me@example.org/lake"),
    ],
)
def test_a_lake_is_a_path_or_an_address_and_by_default_in_the_home(value: str, lake: str) -> None:
    assert Settings.from_environment({"MODELTIDE_HOME": "/home/of/it", "LAKE": value}).lake == lake


def test_tokens_and_keys_never_show() -> None:
    settings = Settings.from_environment({"HF_TOKEN": "hf_secret", "OPENROUTER_API_KEY": "sk_secret"})
    assert (settings.hub_token, settings.openrouter_key) == ("hf_secret", "sk_secret")
    assert "secret" not in repr(settings)


@pytest.mark.parametrize("name", ["HF_TOKEN", "OPENROUTER_API_KEY"])
@pytest.mark.parametrize(
    "value",
    ["sk-or-v1-X\n# note", "hf_X\rY", "hf_X Y", "hf_X\tY", "hf_Ä", "hf_X\x00Y", "hf_X\x7f", "hf_\u2028X"],
)
def test_a_secret_that_no_header_can_hold_is_refused_without_showing_it(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} is '<not shown>'; allowed: one word of ASCII") as raised:
        Settings.from_environment({name: value})
    assert not any(part in str(raised.value) for part in ("sk-or", "hf_", "note"))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "value",
    ["https://hooks.example.org/secret\n# note", "https://hooks.example.org/sec ret", "http://[::1/secret",
     "https://hooks.example.org:99999/secret", "https://hooks.example.org/sécret", "ftp://example.org/secret"],
)  # fmt: skip
def test_a_webhook_that_is_no_address_is_refused_without_showing_it(value: str) -> None:
    with pytest.raises(SettingsError, match="ALERT_WEBHOOK_URL is '<not shown>'") as raised:
        Settings.from_environment({"ALERT_WEBHOOK_URL": value})
    assert "ret" not in str(raised.value)


def test_white_space_around_a_secret_is_none_of_it() -> None:
    assert Settings.from_environment({"HF_TOKEN": " hf_secret\n"}).hub_token == "hf_secret"
    assert Settings.from_environment({"HF_TOKEN": " \n"}).hub_token is None


def test_a_tilde_is_the_home_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "seeds").mkdir()
    settings = Settings.from_environment({"MODELTIDE_HOME": "~/tide", "MODELTIDE_SEEDS": "~/seeds"})
    assert (settings.home, settings.seeds_folder) == (tmp_path / "tide", tmp_path / "seeds")
    root = Settings.from_environment({"MODELTIDE_HOME": "~root/tide"}).home
    assert root == Path("~root").expanduser() / "tide"


@pytest.mark.parametrize("value", ["2GB", "1.5 GB", "500mb", "2GiB", "80%"])
def test_a_memory_limit_is_what_duckdb_reads(value: str) -> None:
    assert Settings.from_environment({"MODELTIDE_MEMORY_LIMIT": f" {value} "}).memory_limit == value
    duckdb.connect(config={"memory_limit": value}).close()
    assert Settings.from_environment({}).memory_limit is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["backfill", "--from", "2025-01-01", "--to", "2025-02-01", "--every", "9" * 5_000], "EVERY is '999"),
        (
            ["backfill", "--from", "2025-01-01", "--to", "2025-02-01", "--every", "0"],
            "EVERY is '0'; allowed: a",
        ),
        (
            ["import", "--file", "s3://bucket/x.parquet", "--date", "2025-01-01"],
            "FILE is 's3://bucket/x.parquet'",
        ),
        (
            ["import", "--file", "https://example.org/x", "--date", "2025-01-01"],
            "FILE is 'https://example.org/x'",
        ),
    ],
)
def test_a_command_refuses_an_absurd_value_in_one_line(
    arguments: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("MODELTIDE_HOME", str(tmp_path))
    assert cli.main(arguments) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(says)


@pytest.mark.parametrize("port", ["0", "65536", "http", "-1"])
def test_a_port_that_is_none_is_refused(
    port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MODELTIDE_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_PORT", port)
    assert cli.main(["dev"]) == 1
    assert capsys.readouterr().err.startswith(f"DAGSTER_PORT is {port!r}; allowed: a port from 1 to 65535")


def test_defaults_need_no_environment() -> None:
    settings = Settings.from_environment({})
    assert (settings.scope, settings.hub_top, settings.is_live_hub) == ("top", 50_000, True)
    assert settings.home == Path("data").absolute()
    assert settings.openrouter_key is None
    assert settings.openrouter_endpoint == "https://openrouter.ai"
    assert settings.models_dev_endpoint == "https://models.dev"
    assert settings.npm_endpoint == "https://api.npmjs.org"
    assert settings.pypistats_endpoint == "https://pypistats.org"


def test_a_weekday_is_read_in_any_case() -> None:
    assert Settings.from_environment({"HUB_CENSUS_WEEKDAY": "Sunday"}).census_weekday == "sunday"
    assert Settings.from_environment({}).census_weekday is None


def test_a_scope_is_its_kind_size_and_followed_publishers() -> None:
    settings = Settings.from_environment({})
    assert settings.scope_id(["b", "a"]) == settings.scope_id(["a", "b"])
    assert settings.scope_id(["a"]) != settings.scope_id(["a", "b"])
    assert Settings.from_environment({"HUB_TOP": "1000"}).scope_id([]) != settings.scope_id([])
    assert Settings.from_environment({"HUB_SCOPE": "census"}).scope_id(["a"]) == "census"
