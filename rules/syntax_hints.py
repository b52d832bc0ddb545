"""What a syntax error means, in words of the person who wrote the formula.

In: Lark's report. Out: (span, words, hint) for a Problem.
"""

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from lark.exceptions import UnexpectedInput

_CHARACTERS = {
    "“": 'use straight quotes: "…"',
    "”": 'use straight quotes: "…"',
    "‘": "use straight quotes: '…'",
    "’": "use straight quotes: '…'",
    "\u00a0": "this is a no-break space; use a plain one",
    "×": "multiply with *",
    "÷": "divide with /",
    "−": "subtract with a plain -",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "!": "write not, or != for different",
    "|": "write or",
    "^": "there are no powers; multiply",
    "#": "there are no comments",
    "[": "there are no lists; write in (a, b)",
    "?": "write if a then b else c",
    ";": "a formula is one expression; arguments are parted by commas",
}

_MISSING = {
    "THEN": "an if needs then: if a then b else c",
    "ELSE": "an if needs else: if a then b else c",
}

_OPERATORS = ("PLUS", "MINUS", "STAR", "SLASH", "AMPERSAND", "COMPARE", "AND", "OR")


def explain_syntax(error: "UnexpectedInput", text: str) -> tuple[tuple[int, int], str, str]:
    from lark.exceptions import UnexpectedCharacters, UnexpectedToken

    if isinstance(error, UnexpectedCharacters):
        at = cast("int", error.pos_in_stream)
        return (at, at + 1), f"unexpected {text[at]!r}", _CHARACTERS.get(text[at], "")
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        start, end = error.token.start_pos or 0, error.token.end_pos or 0
        before = text[:start].rstrip()
        return (start, end), f"unexpected {str(error.token)!r}", _token_hint(str(error.token), before, error.accepts)
    end = len(text.rstrip())
    accepts = error.accepts if isinstance(error, UnexpectedToken) else set()
    words = "the formula ends too early" if text.strip() else "there is no formula here"
    return (end, end + 1), words, _missing(accepts)


def _token_hint(token: str, before: str, accepts: set[str]) -> str:
    if token == "=" and before.endswith("="):
        return "equality is a single ="
    if token == ">" and before.endswith("<"):
        return "different is written !="
    if token in ("=", "!=", "<", "<=", ">", ">="):
        return "comparisons do not chain; write a < b and b < c"
    if token == "*" and before.endswith("*"):
        return "there are no powers; multiply"
    if token == "if":
        return "put the if in brackets"
    if token.lower() in ("if", "then", "else", "and", "or", "not", "in", "for", "where") and token != token.lower():
        return f"write {token.lower()}"
    if token == ",":
        return "decimals are written with a point: 10.50"
    if before.endswith("%"):
        return "% marks a percent, as in 22%; there is no remainder"
    return _missing(accepts)


def _missing(accepts: set[str]) -> str:
    for terminal, hint in _MISSING.items():
        if terminal in accepts:
            return hint
    if "NAME" in accepts and "NUMBER" in accepts:
        return "a name, a value or a bracket is wanted here"
    if accepts.issuperset(_OPERATORS):
        return "an operator is wanted between two values"
    return ""
