"""What an audit row tells of a connection's settings: what changed, and never a secret."""

from typing import Any

from pydantic import BaseModel, SecretStr

from engine.outbox.settings import HIDDEN, changed, masked


class Settings(BaseModel):
    host: str = ""
    port: int = 25
    password: str = ""
    pin_code: SecretStr = SecretStr("")
    proxy: str = ""
    extra: dict[str, Any] = {}
    names: list[str] = []


def told(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    return changed(before, after, Settings, Settings)


def test_what_changed_is_told_with_before_and_after_and_nothing_else() -> None:
    assert told({"host": "a", "port": 25}, {"host": "b", "port": 25}) == {"host": {"before": "a", "after": "b"}}
    assert told({}, {"host": "a"}) == {"host": {"before": None, "after": "a"}}


def test_a_secret_is_hidden_by_its_name_or_its_type_and_still_told_as_changed() -> None:
    for name in ("password", "pin_code"):
        assert told({name: "old"}, {name: "new"}) == {name: {"before": HIDDEN, "after": HIDDEN}}
        assert told({}, {name: "new"}) == {name: {"before": None, "after": HIDDEN}}


def test_a_secret_is_hidden_wherever_it_stands() -> None:
    deep = {"extra": {"api_key": "canary", "host": "x", "more": [{"client_secret": "canary"}]}}
    shown = {name: masked(Settings, name, value) for name, value in deep.items()}
    assert shown == {"extra": {"api_key": HIDDEN, "host": "x", "more": [{"client_secret": HIDDEN}]}}
    assert masked(Settings, "proxy", "https://ada:canary@proxy.example/x") == f"https://{HIDDEN}@proxy.example/x"
    assert masked(Settings, "names", ["https://ada:canary@proxy.example"]) == [f"https://{HIDDEN}@proxy.example"]


def test_of_a_setting_nobody_knows_nothing_is_shown() -> None:
    assert masked(Settings, "unheard_of", "canary") == HIDDEN
    assert changed({"host": "canary"}, {}, None, Settings) == {"host": {"before": HIDDEN, "after": None}}
