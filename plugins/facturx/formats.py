"""The two formats: `facturx`, a PDF with the XML inside, and `cii`, the XML alone.

Both check first (checks), then write (cii); the PDF is set by page and completed by hybrid.
"""

from __future__ import annotations

import re

from engine.spi import DocumentView, File, Rejected
from plugins.facturx.checks import Problem, advice, european, national, no_invoice
from plugins.facturx.invoice import Invoice, clean
from plugins.facturx.lists import lists

UNCHECKED = "own checks passed; official rules (EN 16931 Schematron) not checked here"


def file_stem(document: DocumentView) -> str:
    """A document's number as a file name: what file systems and mail programs stumble over becomes a hyphen."""
    stem = re.sub(r"[^\w.+-]+", "-", clean(document.number)).strip("-.")
    return stem[:100] or f"document-{document.id}"


def checked_xml(document: DocumentView) -> tuple[bytes, str]:
    """The XML and the words of what was checked. Errors: Rejected, with every problem at once."""
    from plugins.facturx import cii

    invoice = Invoice(document)
    if problems := european(invoice):
        raise Rejected("not a valid EN 16931 invoice: " + "; ".join(map(str, problems)), details(problems))
    said = [UNCHECKED]
    if "B" in invoice.categories:
        said.append("split payment (category B) is written as S with the tax as paid amount: Factur-X does not know B")
    said += [f"advice: {problem}" for problem in advice(invoice)]
    if "types" in lists(document.company.legislation):
        country = document.company.legislation
        faults = "; ".join(map(str, national(invoice)))
        said.append(f"rules of {country}: " + (f"not met, its platforms would refuse it: {faults}" if faults else
                                               "own checks passed, official rules not checked here"))  # fmt: skip
    return cii.write(invoice), ". ".join(said)


def details(problems: list[Problem]) -> dict[str, str]:
    """Problems by field, for a page that shows each beside what to fill."""
    found: dict[str, list[str]] = {}
    for problem in problems:
        found.setdefault(problem.field, []).append(str(problem))
    return {field: "; ".join(words) for field, words in found.items()}


class FacturX:
    name = "facturx"
    extension = "pdf"

    def render(self, document: DocumentView) -> File:
        from plugins.facturx import hybrid, page, words

        refusal = no_invoice(document)
        xml, said = (None, f"plain PDF without XML: {refusal}") if refusal else checked_xml(document)
        pdf, lost = page.compose(document, xml)
        if xml is not None:
            pdf = hybrid.declare(pdf)
        if not words.known(document.language):
            said += f". The page has no words in {document.language}: they are English"
        if lost:
            said += f". The fonts of the page do not have {lost}: shown as □ there"
        name = f"{file_stem(document)}.{self.extension}"
        return File(name, "application/pdf", pdf, f"{said}. PDF/A-3b by construction, not checked here")


class Cii:
    name = "cii"
    extension = "xml"

    def render(self, document: DocumentView) -> File:
        if refusal := no_invoice(document):
            raise Rejected(f"no e-invoice can be written: {refusal}; the format facturx gives a plain PDF")
        xml, said = checked_xml(document)
        return File(f"{file_stem(document)}.{self.extension}", "application/xml", xml, said)
