"""The XML: the mapping walked with lxml. In: an Invoice. Out: CII D22B of profile EN 16931, UTF-8 bytes."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from plugins.facturx.invoice import Invoice
from plugins.facturx.mapping import ROOT, Group, text_of

if TYPE_CHECKING:
    from lxml.etree import _Element

_UNECE = "urn:un:unece:uncefact:data:"
NAMESPACES = {
    "rsm": _UNECE + "standard:CrossIndustryInvoice:100",
    "ram": _UNECE + "standard:ReusableAggregateBusinessInformationEntity:100",
    "qdt": _UNECE + "standard:QualifiedDataType:100",
    "udt": _UNECE + "standard:UnqualifiedDataType:100",
}
_SET = re.compile(r"\[@(\w+)='([^']*)'\]")


class Step(NamedTuple):
    text: str  # what tells it apart from its sisters
    tag: str
    attributes: dict[str, str]


def write(invoice: Invoice) -> bytes:
    from lxml import etree

    root = etree.Element(_step(ROOT.path).tag, nsmap=NAMESPACES)
    _fill(root, ROOT, invoice, None)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True)


@cache
def _step(text: str) -> Step:
    name = text.partition("[")[0]
    prefix, _, local = name.rpartition(":")
    return Step(text, f"{{{NAMESPACES[prefix or 'ram']}}}{local}", dict(_SET.findall(text)))


@cache
def _steps(path: str) -> tuple[tuple[Step, ...], str]:
    """The elements of a path and the attribute at its end, if any. A slash in brackets belongs to its step."""
    parts = re.findall(r"(?:[^/\[]|\[[^\]]*\])+", path)
    attribute = parts.pop()[1:] if parts[-1].startswith("@") else ""
    return tuple(_step(p) for p in parts if p != "."), attribute


def _fill(element: _Element, group: Group, invoice: Invoice, item: Any) -> None:
    """Write one instance of a group into its element.

    Elements on the way to a term are shared with the term before it when their steps are the same, so neighbours in
    the mapping are neighbours in the XML.
    """
    from lxml import etree

    open_at: dict[_Element, tuple[str, _Element]] = {}
    written: tuple[tuple[Step, ...], _Element] = ((), element)

    def reach(steps: tuple[Step, ...]) -> _Element:
        at = element
        for step in steps:
            text, last = open_at.get(at, ("", at))
            if text != step.text:
                last = etree.SubElement(at, step.tag, step.attributes)
                open_at[at] = (step.text, last)
            at = last
        return at

    for part in group.parts:
        steps, attribute = _steps(part.path)
        if isinstance(part, Group):
            for each in part.each(invoice, item):
                child = etree.Element(steps[-1].tag, steps[-1].attributes)
                _fill(child, part, invoice, each)
                if len(child) or child.text or part.empty:
                    parent = reach(steps[:-1])
                    parent.append(child)
                    open_at.pop(parent, None)
        elif value := text_of(part.read(invoice, item)):
            if attribute:
                if written[0] == steps:  # an attribute of an element that is not there is not there either
                    written[1].set(attribute, value)
            elif steps:
                parent = reach(steps[:-1])
                at = etree.SubElement(parent, steps[-1].tag, steps[-1].attributes)
                at.text = value
                open_at[parent] = (steps[-1].text, at)
                written = (steps, at)
            else:
                element.text = value
