"""Groups format and import: what renders a document, what reads a file. Both are pure, and both meet hostile input."""

from __future__ import annotations

import time
from collections.abc import Mapping
from random import Random
from typing import Any

from engine.conformance.documents import all_documents, invoice
from engine.conformance.general import given_any
from engine.conformance.kit import NotAsked, Subject, Unfit, holds, pure
from engine.drafting.request import read_request
from engine.kernel.faults import Faulty
from engine.spi.contracts import File, ImportedDocument, Rejected

MOST_SECONDS = 1.0
"""Of processor time, to refuse a file."""


@holds("format", "formats")
def renders_the_same_twice(subject: Subject) -> None:
    """the same document gives the same bytes, without network or clock"""
    for what, document in _documents(subject):
        with pure():
            try:
                first, second = subject.offer.render(document), subject.offer.render(document)
            except Rejected:
                continue
        if first != second:
            raise Unfit(f"{what} rendered twice gives two different files")


@holds("format", "formats")
def renders_a_file(subject: Subject) -> None:
    """an invoice becomes a file with content, a type, and a name that is no path"""
    with pure():
        file = subject.offer.render(invoice())
    if not isinstance(file, File) or not file.content or "/" not in file.media_type:
        raise Unfit(f"it gave {file!r:.200}, which is no File with content and media type")
    for _, document in _documents(subject):
        try:
            name = subject.offer.render(document).name
        except Rejected:
            continue
        if not name or any(sign in name for sign in "/\\\0\r\n") or name.startswith("."):
            raise Unfit(f"a file is called {name!r}")


@holds("format", "formats")
def refuses_in_words(subject: Subject) -> None:
    """what cannot be told in this format is Rejected, never another error"""
    for what, document in _documents(subject):
        try:
            subject.offer.render(document)
        except Rejected as refused:
            if not refused.reason:
                raise Unfit(f"{what} is rejected without a word") from refused


def _documents(subject: Subject) -> list[tuple[str, object]]:
    return [*all_documents(), *((f"sample {place}", one) for place, one in enumerate(subject.samples.documents))]


@holds("import", "importers")
def reads_its_samples(subject: Subject) -> None:
    """the sample files are recognised and read, twice the same; a child process may do it, the network may not"""
    for file in _files(subject):
        with pure(programs=True):
            if not subject.offer.recognises(file):
                raise Unfit(f"it does not recognise {file.name}")
            first, second = subject.offer.read(file), subject.offer.read(file)
        if not isinstance(first, ImportedDocument) or not first.request:
            raise Unfit(f"{file.name} gave {first!r:.200}, which is no ImportedDocument")
        if first != second:
            raise Unfit(f"{file.name} read twice gives two different documents")
        _can_be_posted(file.name, first.request)


def _can_be_posted(name: str, request: Mapping[str, Any]) -> None:
    """What it makes of a file is a document as `factotum post` takes it; what is missing, a person adds."""
    said = ("tax_category", "tax_rate", "tax_exemption")  # of a line: what its tax code is found by
    lines = [
        {"tax_code": "X", **{key: value for key, value in line.items() if key not in said}}
        for line in request.get("lines", ())
    ]
    try:
        read_request({"company": "ACME", **request, "lines": lines})
    except Faulty as wrong:
        words = "; ".join(f"{one.path}: {one.message}" for one in wrong.faults if one.code != "missing_field")
        if words:
            raise Unfit(f"{name} gives no document that can be posted: {words}") from wrong


@holds("import", "importers")
def refuses_what_is_spoiled(subject: Subject) -> None:
    """cut, changed and foreign bytes are Rejected in time; nothing is resolved"""
    chance = Random(7)  # noqa: S311 - to try with, no secret
    for file in _files(subject):
        for place in range(12):
            spoiled = bytearray(file.content)
            if place % 3 == 0:
                del spoiled[chance.randrange(len(spoiled)) :]
            else:
                for _ in range(1 + place):
                    spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
            _never_breaks(subject, File(file.name, file.media_type, bytes(spoiled)), f"{file.name}, spoiled #{place}")
    for name, content in _FOREIGN.items():
        _never_breaks(subject, File(name, "application/octet-stream", content), name)


def _never_breaks(subject: Subject, file: File, what: str) -> None:
    for _ in range(3):  # what else the machine does can only add to it
        began = time.thread_time()
        try:
            with pure(programs=True):
                subject.offer.recognises(file)
                subject.offer.read(file)
        except Rejected:
            pass
        except Exception as bug:
            raise Unfit(f"{what}: {type(bug).__name__}: {bug}") from bug
        if time.thread_time() - began <= MOST_SECONDS:
            return
    raise Unfit(f"{what} took more than {MOST_SECONDS:g} s, each of three times")


def _files(subject: Subject) -> list[File]:
    given_any(subject)
    found = list(subject.samples.files.get(subject.name, ()))
    if not found:
        raise Unfit(f"the samples hold no file for {subject.name}: Samples(files={{name: [File]}})")
    return found


_FOREIGN = {
    "nothing": b"",
    "zeros": bytes(100_000),
    "an image": b"\x89PNG\r\n\x1a\n" + bytes(200),
    "an archive": b"PK\x03\x04" + bytes(200),
    "laughs": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><l>&b;</l>',
    "a foreign entity": b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l>&a;</l>',
    "a nest": b"<a>" * 20_000,
}


@holds("import", "importers", should=True)
def does_not_claim_everything(subject: Subject) -> None:
    """files of others are not recognised"""
    claimed = [name for name, content in _FOREIGN.items() if subject.offer.recognises(File(name, "", content))]
    if claimed:
        raise NotAsked(f"it recognises {', '.join(claimed)}, and refuses them when reading")
