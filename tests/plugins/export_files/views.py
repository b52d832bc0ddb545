"""Any document at all, for hypothesis: texts of any sign, amounts of either sign."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from engine.spi import DocumentView

TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12) | st.sampled_from(
    [
        "=1+1",
        "+39",
        "-5",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "'=1",
        "''-x",
        "'t Hof",
        'a"b,c\r\nd',
        ",",
        '"',
        "\n",
        " =1",
        "＝1",
    ]
)
AMOUNTS = st.decimals(-(10**14), 10**14, places=4) | st.sampled_from(
    [Decimal("1E+3"), Decimal("-0.00"), Decimal("0E-8")]
)


def any_of(kind: Any) -> st.SearchStrategy[Any]:
    """A strategy for a type of the views."""
    if kind is str:
        return TEXTS
    if kind is Decimal:
        return AMOUNTS
    if kind is date:
        return st.dates()
    if kind is int:
        return st.integers(0, 2**53)
    if kind is bool:
        return st.booleans()
    if kind is NoneType:
        return st.none()
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{one.name: any_of(hints[one.name]) for one in fields(kind)})
    inner = get_args(kind)
    if get_origin(kind) is UnionType:
        return st.one_of(*map(any_of, inner))
    if inner[-1] is Ellipsis:
        return st.lists(any_of(inner[0]), max_size=2).map(tuple)
    return st.tuples(*map(any_of, inner))


DOCUMENTS: st.SearchStrategy[DocumentView] = any_of(DocumentView)
