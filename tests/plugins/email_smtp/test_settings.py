from typing import Any

import pytest
from pydantic import ValidationError

from tests.plugins.email_smtp.builders import connection


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", ""), ("host", "smtp.example.com:25"), ("host", "a b"), ("host", "x\r\nQUIT"), ("host", "-x"),
        ("host", "é.it"),
        ("host", "a" * 64 + ".it"), ("host", ("a" * 60 + "-.") * 4), ("host", "a." * 120 + "-"), ("port", 0),
        ("port", 65536),
        ("sender_address", ""), ("sender_address", "anna"), ("sender_address", "a@x.it\r\nRCPT TO:<b@x.it>"),
        ("sender_name", "Acme\r\nBcc: b@x.it"), ("sender_name", "Ac\u2028me"), ("sender_name", "a" * 201),
        ("reply_to", "nobody"), ("reply_to", "a@x.it\r\nBcc: b@x.it"), ("starttls", "optional"), ("timeout", 0),
        ("timeout", 601), ("timeout", float("nan")), ("timeout", float("inf")), ("local_hostname", "erp\r\nMAIL"),
        ("local_hostname", "two words"), ("password", "secret"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_work_is_refused_by_its_name(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as refused:
        connection(**{field: value})
    assert refused.value.errors()[0]["loc"] == (field,)


@pytest.mark.parametrize(
    "host", ["localhost", "smtp.example.com", "smtp.example.com.", "192.0.2.1", "::1", "2001:db8::25"]
)
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    assert connection(host=f" {host} ").host == host


def test_tls_is_required_unless_someone_says_otherwise() -> None:
    given = connection().model_dump(exclude={"starttls"})
    assert connection().model_validate(given).starttls == "required"
