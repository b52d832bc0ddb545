"""What a plugin is, what it can do, and what it cannot, with the reason people are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

API_VERSION = 1


class PluginKind(StrEnum):
    FORMAT = "format"
    DELIVERY = "delivery"
    SMS = "sms"
    POSTAL = "postal"
    INVOICING = "invoicing"
    IMPORT = "import"
    SEAL = "seal"
    ARCHIVE = "archive"


class AuthKind(StrEnum):
    NONE = "none"
    API_KEY = "api_key"
    BASIC = "basic"
    OAUTH2_CODE = "oauth2_code"
    OAUTH2_DEVICE = "oauth2_device"
    MANUAL_TOKEN = "manual_token"  # noqa: S105 - a kind, no password
    SSH_KEY = "ssh_key"


CAPABILITIES = frozenset(
    {
        # one for each facet: declared if, and only if, the plugin registers one
        "render", "deliver", "push.create", "import", "fetch", "seal", "archive",
        # parts of a facet
        "find", "events", "test",
        # of providers
        "push.update", "push.delete", "push.void", "push.contacts", "pull.documents", "pull.contacts", "pull.products",
        "convert", "merge", "totals", "pdf", "attachments", "mail.send", "mail.customise", "mail.status",
        "payment.update", "einvoice.validate", "einvoice.send", "einvoice.status", "stock.move", "numbering.suffix",
        "numbering.read", "templates.list", "tax.list", "tax.rivalsa", "tax.stamp_duty", "webhooks",
        "idempotency_key", "finalise_on_create", "dry_run",
    }
)  # fmt: skip
"""Every name a manifest may use."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Why a capability is missing, in words for whoever misses it, and what to do instead."""

    reason: str
    alternative: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A plugin's own description; no I/O makes it. `factotum plugin list` shows it."""

    id: str  # lower case, stays for ever
    version: str
    title: str
    kind: PluginKind
    capabilities: frozenset[str]
    cannot: Mapping[str, Absent] = field(default_factory=dict)  # what people will look for, and miss
    auth: tuple[AuthKind, ...] = (AuthKind.NONE,)
    vendor: str = ""
    licence: str = ""
    docs: str = ""  # where to read on
    api_version: int = API_VERSION
    data_leaves: tuple[str, ...] = ()  # which personal data goes where, in words
    document_kinds: Mapping[str, str | Absent] = field(default_factory=dict)  # our category -> the remote's name for it
