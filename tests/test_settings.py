"""Settings: every bad value is refused by name, value and what is allowed."""

from pathlib import Path

import pytest

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


def test_a_password_in_an_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_environment({"HF_ENDPOINT": "https://me:secret@example.org"})
    assert "secret" not in str(raised.value)


def test_tokens_and_keys_never_show() -> None:
    settings = Settings.from_environment({"HF_TOKEN": "hf_secret", "OPENROUTER_API_KEY": "sk_secret"})
    assert (settings.hub_token, settings.openrouter_key) == ("hf_secret", "sk_secret")
    assert "secret" not in repr(settings)


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
