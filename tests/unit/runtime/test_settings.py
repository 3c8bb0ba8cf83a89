"""Settings: read once, typed, and told precisely where they do not fit; never with a value."""

from __future__ import annotations

import msgspec
import pytest

from shared.runtime.settings import Common, Pushed, SettingsError, hexadecimal, read

SECRET = "do-not-print-me"


class Everything(Common, frozen=True, kw_only=True):
    """One field of each type."""

    name: str
    count: int = 3
    share: float = 0.5
    enabled: bool = False
    hosts: tuple[str, ...] = ()
    brokers: dict[str, int | str] = msgspec.field(default_factory=dict)


GIVEN = {"GOOGLE_CLOUD_PROJECT": "bank", "K_SERVICE": "kairos-identity", "NAME": "n"}


def test_fields_come_from_the_variables_of_their_names_in_capitals():
    settings = read(Everything, {**GIVEN, "COUNT": "7", "SHARE": "0.25", "ENABLED": "true", "OTHER": "x"})

    assert settings == Everything(
        google_cloud_project="bank", k_service="kairos-identity", name="n", count=7, share=0.25, enabled=True
    )


def test_what_is_not_given_has_its_default():
    assert read(Everything, GIVEN).count == 3
    assert read(Everything, GIVEN).k_revision == "local"


def test_without_an_environment_it_is_the_process_own(monkeypatch):
    for name, value in {**GIVEN, "PUSH_TOKEN": "t"}.items():
        monkeypatch.setenv(name, value)

    assert read(Pushed).push_token == "t"


def test_all_that_is_missing_is_named_at_once():
    with pytest.raises(SettingsError, match="set GOOGLE_CLOUD_PROJECT, NAME in the environment"):
        read(Everything, {"K_SERVICE": "s"})


@pytest.mark.parametrize("name", ["COUNT", "SHARE", "ENABLED"])
def test_what_does_not_fit_is_named_without_its_value(name):
    with pytest.raises(SettingsError) as refused:
        read(Everything, {**GIVEN, name: SECRET})

    assert name.lower() in str(refused.value)
    assert SECRET not in str(refused.value)


def test_a_secret_in_hexadecimal():
    assert hexadecimal("KEY", "0f" * 32) == b"\x0f" * 32


@pytest.mark.parametrize("value", ["", SECRET, "0g" * 32, "0f" * 31, "0f" * 31 + "0"])
def test_a_secret_that_is_none_is_named_without_its_value(value):
    with pytest.raises(SettingsError, match=r"^KEY .*openssl rand -hex 32") as refused:
        hexadecimal("KEY", value)

    assert not value or value not in str(refused.value)
    assert refused.value.__cause__ is None


def test_what_has_several_parts_is_json():
    known = read(Everything, {**GIVEN, "HOSTS": '["a.example"]', "BROKERS": '{"linger.ms": 5, "client.id": "k"}'})
    assert known.hosts == ("a.example",)
    assert known.brokers == {"linger.ms": 5, "client.id": "k"}


@pytest.mark.parametrize("value", ["", SECRET, f'"{SECRET}"', f'{{"{SECRET}": 1}}', f'["{SECRET}", 1]', "["])
def test_json_that_does_not_fit_is_named_without_its_value(value):
    with pytest.raises(SettingsError, match=r"^environment variable HOSTS does not fit: ") as refused:
        read(Everything, {**GIVEN, "HOSTS": value})

    assert SECRET not in str(refused.value)
    assert refused.value.__cause__ is None
