"""What crosses the wall: our dataclasses, or every fault at once, each with a path."""

from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.faults import Fault, Faulty
from engine.kernel.wall import validated
from engine.parametrization.words import Word


@dataclass(frozen=True, kw_only=True)
class Inner:
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    id: str = ""
    amount: Annotated[str, Word(r"\d+", "digits")]


@dataclass(frozen=True, kw_only=True)
class Outer:
    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}
    side: Literal["debit", "credit"]
    one: Inner | None = None
    many: tuple[Inner, ...] = ()
    named: dict[str, int] = field(default_factory=dict)


DEBIT = {"side": "debit"}


def faults(value: Any, place: str = "") -> list[Fault]:
    with pytest.raises(Faulty) as caught:
        validated(Outer, value, place)
    return list(caught.value.faults)


def test_what_is_right_becomes_our_dataclass() -> None:
    made = validated(Outer, {"side": "debit", "many": [{"amount": "1"}], "named": {"a": 1}})
    assert made == Outer(side="debit", many=(Inner(amount="1"),), named={"a": 1})


@pytest.mark.parametrize(
    ("value", "code", "path", "remedy"),
    [
        ({"side": "debti"}, "unknown_code", "side", "did you mean 'debit'?"),
        ({"side": "zzz"}, "unknown_code", "side", "known here: credit, debit"),
        ({}, "missing_field", "side", "add it"),
        (DEBIT | {"sid": 1}, "unknown_field", "sid", "did you mean 'side'?"),
        (DEBIT | {"one": {"amuont": "1", "amount": "1"}}, "unknown_field", "one.amuont", "did you mean 'amount'?"),
        (DEBIT | {"many": [{"amount": "1"}, {"amount": "x"}]}, "bad_value", "many[1].amount", "mend"),
        (DEBIT | {"many": [{"id": "tax", "amount": "x"}]}, "bad_value", "many[tax].amount", "mend"),
        (DEBIT | {"named": {"a": "x"}}, "wrong_type", "named.a", "right type"),
        (DEBIT | {"many": 3}, "wrong_type", "many", "right type"),
    ],
)  # fmt: skip
def test_a_fault_has_a_code_a_path_and_a_way_out(value: Any, code: str, path: str, remedy: str) -> None:
    (fault,) = faults(value)
    assert (fault.code, fault.path) == (code, path) and remedy in fault.remedy


def test_all_faults_come_at_once_under_the_place() -> None:
    found = faults({"side": "x", "one": {}, "many": [{"amount": "a"}, {"amount": 3}], "more": 1}, "TEST/a.toml")
    assert {(fault.code, fault.path) for fault in found} == {
        ("unknown_code", "TEST/a.toml side"),
        ("missing_field", "TEST/a.toml one.amount"),
        ("bad_value", "TEST/a.toml many[0].amount"),
        ("wrong_type", "TEST/a.toml many[1].amount"),
        ("unknown_field", "TEST/a.toml more"),
    }


@pytest.mark.parametrize("value", [None, 3, "x", [], [{}]])
def test_what_is_no_object_at_all_is_a_fault(value: Any) -> None:
    assert faults(value)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
SHAPED = st.fixed_dictionaries({}, optional={"side": JSON | st.just("debit"), "one": JSON, "many": JSON, "named": JSON})


@given(JSON | SHAPED)
def test_whatever_comes_is_ours_or_faults(value: Any) -> None:
    try:
        assert isinstance(validated(Outer, value), Outer)
    except Faulty as faulty:
        assert faulty.faults and all(fault.code and fault.message and fault.remedy for fault in faulty.faults)
