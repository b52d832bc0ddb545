"""The way in for programs: one file over HTTP, told apart from HTTP itself so that any edge may call it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from engine.flow.house import Context, House, allowed
from engine.kernel.faults import Fault, FaultKind, Faulty

BAD_KEY = FaultKind("upload_key", "{key!r} is no key", "send 1 to 200 printable characters without spaces")
KEY_TAKEN = FaultKind("upload_key_other_content", "key {key!r} came before with another file", "take a new key")
MEDIA = FaultKind("upload_media_type", "files of type {media_type!r} are not taken", "send {known}")
MEDIA_TYPES = ("application/pdf", "application/xml", "text/xml", "application/octet-stream")
SOURCE = "upload"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")

STATUS = {
    "not_allowed": 403,
    "upload_key": 400,
    "import_empty": 400,
    "import_too_large": 413,
    "upload_media_type": 415,
    "import_unknown_file": 415,
    "upload_key_other_content": 409,
    "import_duplicate": 409,
    "import_unreadable": 422,
    "import_field_refused": 422,
}


def upload(house: House, context: Context, name: str, media_type: str, content: bytes, key: str) -> dict[str, Any]:
    """Take in one file; the same key and content give the first answer again.

    Shape: {"status": 201, "received": {…}}: 201 it was posted · 202 it is kept and waits for a person, whose list of
    faults is in `received` · 200 it came before under this key.
    Errors: Faulty; the status of each by its first fault (`status_of`):

        | status | fault                     | when                                                      |
        |--------|---------------------------|-----------------------------------------------------------|
        | 400    | upload_key                | the key is missing, too long, or not printable            |
        | 400    | import_empty              | there is no content                                       |
        | 403    | not_allowed               | the caller may not import                                 |
        | 409    | upload_key_other_content  | the key was used for another file                         |
        | 409    | import_duplicate          | it came before, and the company refuses duplicates        |
        | 413    | import_too_large          | the content is too large                                  |
        | 415    | upload_media_type         | the media type is none that is taken                      |
        | 415    | import_unknown_file       | no importer knows such a file                             |
        | 422    | import_unreadable         | it is broken, or dangerous                                |
        | 422    | import_field_refused      | fields of it cannot be read; each is a fault              |
    """
    from engine.flow.inbox import receive, received_json
    from engine.inbox.reading import EMPTY, MOST_BYTES, TOO_LARGE
    from engine.spi.contracts import File

    allowed(context, "import")
    if not _KEY.fullmatch(key):
        raise Faulty([BAD_KEY.at("key", key=key)])
    plain = media_type.partition(";")[0].strip().lower()
    if plain not in MEDIA_TYPES:
        raise Faulty([MEDIA.at("media_type", media_type=media_type, known=", ".join(MEDIA_TYPES))])
    if not content:
        raise Faulty([EMPTY.at("content", name=name)])
    if len(content) > MOST_BYTES:
        raise Faulty([TOO_LARGE.at("content", name=name, size=len(content), limit=MOST_BYTES)])
    known = house.inbox.by_source(SOURCE, key)
    if known and known.file != hashlib.sha256(content).hexdigest():
        raise Faulty([KEY_TAKEN.at("key", key=key)])
    if known and known.settled and known.state not in ("refused", "duplicate"):
        return {"status": 200, "received": received_json(known)}
    (told,) = receive(house, context, [File(name, plain, content)], source=SOURCE, source_id=key)
    if told["state"] in ("refused", "duplicate"):
        raise Faulty([Fault(**one) for one in told["faults"]])
    return {"status": 201 if told["state"] == "imported" else 202, "received": told}


def status_of(faults: Iterable[Fault]) -> int:
    """The HTTP status of a refusal."""
    return next((STATUS[one.code] for one in faults if one.code in STATUS), 422)
