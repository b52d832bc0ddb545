"""A text of a row by one function is what its parts say, one after the other."""

from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.rowtext import Says, function_of

PARTS = st.lists(st.text(max_size=5) | st.sampled_from([Says("row['a']"), Says("twice(row['b'])"), Says("row['n']")]))


def twice(text: str) -> str:
    return text * 2


@given(PARTS, st.text(max_size=5), st.text(max_size=5), st.integers())
def test_parts_stand_one_after_the_other(parts: list[str | Says], a: str, b: str, n: int) -> None:
    said = {"row['a']": a, "twice(row['b'])": b * 2, "row['n']": str(n)}
    wanted = "".join(part if isinstance(part, str) else said[part.expression] for part in parts)
    assert function_of(parts, {"twice": twice})({"a": a, "b": b, "n": n}) == wanted
