"""Groups manifest and settings: what holds of every plugin, and of everything a connection is for."""

from __future__ import annotations

import json
import re
from typing import Any

from engine.conformance.kit import NotAsked, Subject, Unfit, holds, pure
from engine.spi.host import FACETS

CONNECTABLE = ("channels", "providers", "sources", "archives")
_SECRET = re.compile(r"pass(word|phrase)?$|secret|token|(^|_)key$|credential", re.IGNORECASE)
_NAME = re.compile(r"[a-z][a-z0-9_]{1,39}")


@holds("manifest", "")
def tells_what_it_is(subject: Subject) -> None:
    """the manifest tells who made it, under which licence, where to read on, and which data leaves"""
    manifest = subject.offer
    missing = [name for name in ("version", "title", "licence", "docs") if not getattr(manifest, name)]
    if missing:
        raise Unfit(f"its manifest says nothing of {', '.join(missing)}")
    if not _NAME.fullmatch(manifest.id):
        raise Unfit(f"its id {manifest.id!r} is not lower case letters, digits and _")
    outside = {"deliver", "push.create", "archive"} & manifest.capabilities
    if outside and not manifest.data_leaves:
        raise Unfit("it hands documents over, and `data_leaves` does not say which personal data goes where")


@holds("manifest", "")
def gives_a_reason(subject: Subject) -> None:
    """what it cannot do has a reason people can read"""
    for name, absent in subject.offer.cannot.items():
        if len(absent.reason) < 8:
            raise Unfit(f"it cannot {name!r} and does not say why")


@holds("manifest", "")
def has_samples(subject: Subject) -> None:
    """what talks to another side, or reads files, has samples: a stand-in, settings, files"""
    needing = [facet for facet in (*CONNECTABLE, "importers") if getattr(subject.plugins, facet)]
    if subject.missing and needing:
        raise Unfit(subject.missing)


@holds("manifest", *FACETS)
def is_named(subject: Subject) -> None:
    """the name can be stored for ever: lower case letters, digits and _"""
    if not _NAME.fullmatch(subject.name):
        raise Unfit(f"{subject.name!r} is no such name")


@holds("settings", *CONNECTABLE)
def makes_a_form(subject: Subject) -> None:
    """the settings make a form: a JSON schema in which every field says what it means"""
    with pure():
        schema = subject.offer.settings_model.model_json_schema()
    json.dumps(schema)
    silent = [name for name, one in schema.get("properties", {}).items() if not one.get("description")]
    if silent:
        raise Unfit(f"Field(description=…) is missing for {', '.join(silent)}")


@holds("settings", *CONNECTABLE)
def flags_secrets(subject: Subject) -> None:
    """secrets are of type SecretStr, at the top level"""
    for name, one in subject.offer.settings_model.model_fields.items():
        if _SECRET.search(name) and "SecretStr" not in str(one.annotation) and one.annotation is not bool:
            raise Unfit(f"{name} reads like a secret and is {one.annotation}, not SecretStr")


@holds("settings", *CONNECTABLE)
def refuses_what_it_does_not_know(subject: Subject) -> None:
    """a setting nobody knows is refused, never dropped"""
    given = valid(subject)
    if not refused(subject, {**given, "no_such_setting": "x"}):
        raise Unfit("it takes a setting called no_such_setting")


@holds("settings", *CONNECTABLE)
def takes_and_refuses_the_samples(subject: Subject) -> None:
    """samples of settings are taken, wrong ones are refused at the field that is wrong"""
    for one in subject.samples.settings.get(subject.name, ()):
        if found := refused(subject, one):
            raise Unfit(f"valid settings are refused: {found}")
    given_any(subject)
    wrong = subject.samples.wrong.get(subject.name, ())
    if not wrong:
        raise Unfit("the samples hold no wrong settings: Samples(wrong={name: [(settings, field)]})")
    for given, at in wrong:
        found = refused(subject, given)
        if at not in {place.split(".")[0] for place in found}:
            raise Unfit(f"wrong settings are not refused at {at!r} but at {sorted(found) or 'no field'}")


def given_any(subject: Subject) -> None:
    """Errors: NotAsked where no samples were found, which one check tells."""
    if subject.missing:
        raise NotAsked("there are no samples")


def valid(subject: Subject) -> dict[str, Any]:
    """Settings that are taken, from the samples. Errors: NotAsked where there are none at all."""
    given_any(subject)
    for one in subject.samples.settings.get(subject.name, ()):
        return dict(one)
    raise Unfit(f"the samples hold no valid settings of {subject.name}: Samples(settings={{name: [settings]}})")


def refused(subject: Subject, given: Any) -> set[str]:
    """The fields that are refused; none when they are taken. Errors that are no ValueError are the plugin's bug."""
    try:
        with pure():
            subject.offer.settings_model.model_validate(dict(given))
    except ValueError as wrong:
        told = getattr(wrong, "errors", None)
        return {".".join(map(str, one["loc"])) for one in told()} if told else {""}
    return set()


def asked(capability: str, subject: Subject) -> None:
    """Errors: NotAsked when the plugin does not declare it."""
    if capability not in subject.plugins.manifests[subject.plugin].capabilities:
        raise NotAsked(f"{capability} is not declared")
