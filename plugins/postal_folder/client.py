"""Channel `postal_folder`: the folder in which letters lie ready.

What lies there may be taken and printed at any moment, so a letter of which we do not know whether it lay there is
never laid again: a person looks.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from pydantic import BaseModel

from engine.spi import (
    Conflict,
    DeliveryPolicy,
    DocumentView,
    OutcomeUnknown,
    Parcel,
    PluginContext,
    Receipt,
    StepState,
    TestReport,
    TestStep,
    TransientError,
)
from plugins.postal_folder.letter import address_lines, checked, pages
from plugins.postal_folder.settings import PostalSettings

_PLAIN = re.compile(r"[^A-Za-z0-9_-]")


class PostalFolderChannel:
    """Channel `postal_folder`."""

    name = "postal_folder"
    settings_model: type[BaseModel] = PostalSettings

    def policy_of(self, settings: PostalSettings) -> DeliveryPolicy:
        return DeliveryPolicy.AT_MOST_ONCE

    def recipients(self, document: DocumentView) -> tuple[str, ...]:
        """The address on one line; nobody when it is not whole."""
        lines = address_lines(document.partner, document.company.country)
        return (", ".join(lines),) if lines else ()

    def test(self, settings: PostalSettings, context: PluginContext) -> TestReport:
        """Write a file and remove it."""
        folder, hint = settings.folder, "make the folder, and let this program write there"
        if not folder.is_dir():
            return TestReport((TestStep("folder", StepState.FAIL, f"{folder} is no folder", "no_folder", hint),))
        there = TestStep("folder", StepState.OK, f"{folder} is there")
        probe = folder / f".probe-{_PLAIN.sub('-', context.connection)}.part"
        try:
            probe.write_bytes(b"")
            probe.unlink()
        except OSError as cause:
            return TestReport((there, TestStep("write", StepState.FAIL, str(cause.strerror), "not_writable", hint)))
        return TestReport((there, TestStep("write", StepState.OK, "letters can be laid there")))

    def deliver(self, parcel: Parcel, context: PluginContext) -> Receipt:
        """Lay one letter: the PDF, then its address. Errors: Validation, Rejected, Conflict, TransientError."""
        settings: PostalSettings = parcel.settings
        document = parcel.document
        lines = checked(address_lines(document.partner, document.company.country), settings.most_signs)
        count = pages(parcel.file, settings.most_pages)
        name = _PLAIN.sub("-", parcel.key)[:100]
        told = {
            "key": parcel.key, "file": f"{name}.pdf", "pages": count, "address": lines,
            "country": document.partner.address.country, "sender": address_of_sender(document),
            "document": document.number, "company": document.company.code,
        }  # fmt: skip
        assert parcel.file is not None  # noqa: S101 - `pages` has looked
        _lay(settings.folder, name, parcel.file.content, json.dumps(told, ensure_ascii=False, indent=1).encode())
        return Receipt(f"{name}.pdf", f"{count} page{'s' if count > 1 else ''} to {lines[0]}")


def address_of_sender(document: DocumentView) -> list[str]:
    """Where a letter that cannot be delivered goes back to."""
    at = document.company.address
    return [one for one in (document.company.name, at.street, f"{at.postcode} {at.city}".strip(), at.country) if one]


def _lay(folder: Path, name: str, letter: bytes, address: bytes) -> None:
    """Both files, each whole or not there; with the second it counts as laid."""
    ready = folder / f"{name}.json"
    if ready.exists():
        raise Conflict(f"{ready.name} lies there already")
    try:
        _whole(folder / f"{name}.pdf", letter)
        part = _part(ready, address)
    except OSError as cause:
        raise TransientError(f"cannot write to {folder}: {cause.strerror}") from cause
    try:
        part.rename(ready)
    except OSError as cause:
        raise OutcomeUnknown(f"{ready.name} may lie in {folder}: {cause.strerror}") from cause


def _whole(path: Path, content: bytes) -> None:
    _part(path, content).rename(path)


def _part(path: Path, content: bytes) -> Path:
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return part
