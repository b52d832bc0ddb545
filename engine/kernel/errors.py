"""Errors: the flow cannot go on, though nobody wrote anything wrong here. Each has a code and a way out."""

from __future__ import annotations

from engine.kernel.faults import Fault


class EngineError(Exception):
    """Base of all our errors.

    `code` is never reused; `says` and `remedy` are filled with the facts given.
    """

    code = "engine"
    says = "the engine cannot go on"
    remedy = ""

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(f"{self.code} {self.says.format(**facts)}")

    @property
    def words(self) -> str:
        return self.says.format(**self.facts)

    @property
    def way_out(self) -> str:
        return self.remedy.format(**self.facts)

    def as_fault(self, path: str = "") -> Fault:
        """Told like a fault, to somebody who lists them."""
        return Fault(self.code, path, self.words, self.way_out)
