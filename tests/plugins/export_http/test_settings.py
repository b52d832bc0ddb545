from typing import Any

import pytest
from pydantic import ValidationError

from plugins.export_http.settings import HttpSettings
from tests.plugins.parcels import CANARY

GOOD = {"url": "https://erp.example.com/in"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", ""), ("url", "erp.example.com"), ("url", "https://a:b@erp.example.com"), ("url", "https://127.1/"),
        ("url", "https://erp.example.com:22/"), ("url", "https://erp.example.com/\r\nX: y"), ("method", "GET"),
        ("method", "DELETE"), ("body", "xml"), ("login", "digest"), ("login_header", "X Y"), ("login_header", "Host"),
        ("login_header", "Idempotency-Key"), ("headers", {"X": "a\r\nb"}), ("headers", {"Content-Length": "5"}),
        ("headers", {"X": ""}), ("headers", {"X": "é"}), ("headers", {"X": "1", "x": "2"}), ("headers", "no colon"),
        ("headers", {"Transfer-Encoding": "chunked"}), ("expected", []), ("expected", "302"), ("expected", "500"),
        ("reference", "a b"), ("health_url", "ftp://x"), ("timeout", 0), ("timeout", 601), ("timeout", float("nan")),
        ("trusted_certificate", "no certificate"), ("password", "x"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_work_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        HttpSettings.model_validate(GOOD | {field: value})
    assert refused.value.errors()[0]["loc"][0] == field


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "http://10.1.2.3/in"}, {"health_url": "http://10.1.2.3/"}, {"login": "bearer"},
        {"login": "bearer", "secret": f"{CANARY}\r\nX: y"}, {"login": "api_key", "secret": "é" + CANARY},
        {"login": "basic", "user": "a:b", "secret": CANARY}, {"login": "signature", "secret": f"whsec_{CANARY}"},
    ],
)  # fmt: skip
def test_settings_that_do_not_fit_together_are_refused_without_their_secret(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        HttpSettings.model_validate(GOOD | settings)
    assert CANARY not in str(refused.value)


def test_lists_and_headers_may_come_from_the_command_line() -> None:
    written = HttpSettings.model_validate(
        GOOD | {"expected": "200, 204", "headers": "X-One: 1\nX-Two: a: b", "drops_twins": "yes", "timeout": "5"}
    )
    assert written.expected == (200, 204) and written.headers == {"X-One": "1", "X-Two": "a: b"}
    assert written.drops_twins and written.timeout == 5
    assert HttpSettings.model_validate_json(written.model_dump_json(exclude={"secret"})) == written


def test_plain_http_is_let_through_when_the_settings_say_so() -> None:
    assert HttpSettings.model_validate({"url": "http://10.1.2.3/in", "plain_http": True}).plain_http
