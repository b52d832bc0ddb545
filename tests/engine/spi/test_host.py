"""The host finds plugins, and says which one does not fit and why."""

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.spi import hookimpl
from engine.spi.contracts import Absent, DeliveryChannel, DocumentFormat, Manifest, Seal
from engine.spi.host import NameTaken, PluginBroken, load_plugins, register
from tests.support.fakes import MemoryChannel, PlainFormat, Stamp, manifest


class Described:
    """A plugin with a manifest that declares `capabilities`."""

    capabilities: tuple[str, ...] = ()

    @hookimpl
    def register_manifest(self) -> Manifest:
        return manifest(*self.capabilities)


class Printing(Described):
    capabilities = ("render",)

    @hookimpl
    def register_formats(self) -> Iterable[DocumentFormat]:
        return [PlainFormat("plain"), PlainFormat("fancy")]


class Carrying(Described):
    capabilities = ("deliver",)

    @hookimpl
    def register_delivery_channels(self) -> Iterable[DeliveryChannel]:
        return [MemoryChannel("ship")]


class Stamping(Described):
    capabilities = ("seal",)

    @hookimpl
    def register_seals(self) -> Iterable[Seal]:
        return [Stamp("stamp")]


class Misspelt(Described):
    @hookimpl
    def register_chanels(self) -> list[object]:
        return []


class Failing(Described):
    @hookimpl
    def register_formats(self) -> list[object]:
        raise RuntimeError("no licence")


class Empty(Described):
    """A plugin that offers nothing here."""


def test_what_plugins_offer_is_found_by_name_in_order() -> None:
    plugins = [("printing", Printing()), ("carrying", Carrying()), ("stamping", Stamping()), ("empty", Empty())]
    found = register(plugins)
    assert [*found.formats] == ["fancy", "plain"] and [*found.channels] == ["ship"] and [*found.seals] == ["stamp"]


def test_our_own_plugins_are_found_through_their_entry_points() -> None:
    found = load_plugins()
    assert {"facturx", "cii"} <= set(found.formats) and "email" in found.channels
    assert {"esp", "prt"} <= set(found.seals)


def test_registering_twice_finds_the_same_and_disturbs_nothing() -> None:
    assert [*load_plugins().formats] == [*load_plugins().formats]


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(NameTaken) as refused:
        register([("a", Printing()), ("b", Printing())])
    assert refused.value.facts["what"] == "format"
    with pytest.raises(NameTaken, match="two plugins offer a channel named 'ship'"):
        register([("a", Carrying()), ("b", Carrying())])
    with pytest.raises(NameTaken, match="two plugins offer a seal named 'stamp'"):
        register([("a", Stamping()), ("b", Stamping())])


def test_a_format_and_a_channel_may_share_a_name() -> None:
    class Both(Printing):
        capabilities = ("render", "deliver")

        @hookimpl
        def register_delivery_channels(self) -> Iterable[DeliveryChannel]:
            return [MemoryChannel("plain")]

    assert "plain" in register([("both", Both())]).channels


def test_a_misspelt_hook_is_told_with_the_plugins_name() -> None:
    with pytest.raises(PluginBroken) as refused:
        register([("acme", Misspelt())])
    assert "'acme'" in str(refused.value) and "register_chanels" in str(refused.value)
    assert refused.value.code == "plugin_broken"


def test_a_hook_that_asks_for_what_is_not_given_is_told_with_the_plugins_name() -> None:
    class Greedy(Described):
        @hookimpl
        def register_formats(self, database: object) -> list[object]:
            return []

    with pytest.raises(PluginBroken) as refused:
        register([("acme", Greedy())])
    assert "'acme'" in str(refused.value) and "database" in str(refused.value)


def test_a_plugin_whose_hook_fails_is_told_by_name() -> None:
    with pytest.raises(PluginBroken) as refused:
        register([("printing", Printing()), ("acme", Failing())])
    assert "'acme'" in str(refused.value) and "no licence" in str(refused.value)


@pytest.mark.parametrize("offers", [None, 7, [None], [SimpleNamespace(name="nameless")], [SimpleNamespace()]], ids=repr)
def test_a_hook_that_offers_no_such_thing_is_told_by_name(offers: object) -> None:
    class Odd(Described):
        @hookimpl
        def register_delivery_channels(self) -> object:
            return offers

    if offers is None:  # pluggy drops a hook that returns nothing, so it offers nothing
        assert register([("acme", Odd())]).channels == {}
        return
    with pytest.raises(PluginBroken) as refused:
        register([("acme", Odd())])
    assert "'acme'" in str(refused.value)


@pytest.mark.parametrize("lacking", ["chain_scope", "kinds", "settings_model", "seals", "load", "verify_chain"])
def test_a_seal_that_lacks_a_part_is_told_by_name_and_part(lacking: str) -> None:
    class Half(Described):
        capabilities = ("seal",)

        @hookimpl
        def register_seals(self) -> object:
            names = {"name", "chain_scope", "kinds", "settings_model", "seals", "load", "verify_chain"} - {lacking}
            return [SimpleNamespace(**dict.fromkeys(names, "here"))]

    with pytest.raises(PluginBroken, match=f"which has no {lacking}"):
        register([("acme", Half())])


@pytest.fixture
def installed(tmp_path: Path) -> Iterable[Path]:
    """A folder on the path where a test may install distributions."""
    sys.path.insert(0, str(tmp_path))
    yield tmp_path
    sys.path.remove(str(tmp_path))


def install(folder: Path, name: str, target: str, code: str | None = None) -> None:
    information = folder / f"{name}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[factotum.plugins]\n{name} = {target}\n")
    if code is not None:
        (folder / f"{target}.py").write_text(code)


@pytest.mark.parametrize(
    ("module", "code", "cause"),
    [
        ("acme_absent", None, "ModuleNotFoundError"),
        ("acme_syntax", "def register(:", "SyntaxError"),
        ("acme_raises", "raise RuntimeError('no licence')", "no licence"),
        ("acme_exits", "import sys; sys.exit('go away')", "go away"),
        ("acme_hook", "from engine.spi import hookimpl\n@hookimpl\ndef register_chanels(): ...", "register_chanels"),
    ],
)
def test_a_plugin_that_is_installed_and_does_not_load_is_named(
    installed: Path, module: str, code: str | None, cause: str
) -> None:
    install(installed, "acme", module, code)
    with pytest.raises(PluginBroken) as refused:
        load_plugins()
    assert "'acme'" in str(refused.value) and cause in str(refused.value)


def test_an_installed_plugin_is_found(installed: Path) -> None:
    code = """
from engine.spi import File, Manifest, PluginKind, hookimpl

class Csv:
    name, extension = "acme_csv", "csv"
    def render(self, document):
        return File(f"{document.number}.csv", "text/csv", b"1;2")

@hookimpl
def register_manifest():
    return Manifest(id="acme", version="1", title="Acme", kind=PluginKind.FORMAT, capabilities=frozenset({"render"}))

@hookimpl
def register_formats():
    return [Csv()]
"""
    install(installed, "acme", "acme_plugin", code)
    assert load_plugins().formats["acme_csv"].extension == "csv"


def test_two_that_call_themselves_the_same_may_both_stay() -> None:
    """Only what they offer must differ."""
    found = register([("acme", Printing()), ("acme", Carrying())])
    assert "plain" in found.formats and "ship" in found.channels


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ((), "does not declare 'render', and it offers a format"),
        (("render", "deliver"), "declares 'deliver', and it offers no channel"),
        (("render", "telepathy"), "capabilities nobody knows: telepathy"),
    ],
)
def test_a_manifest_that_is_not_what_is_offered_is_refused(declared: tuple[str, ...], words: str) -> None:
    class Boasting(Printing):
        capabilities = declared

    with pytest.raises(PluginBroken, match=words):
        register([("acme", Boasting())])


def test_a_capability_is_declared_or_explained_never_both() -> None:
    class Torn(Printing):
        @hookimpl
        def register_manifest(self) -> Manifest:
            return replace(manifest("render"), cannot={"render": Absent("we do not print")})

    with pytest.raises(PluginBroken, match="both declares and denies render"):
        register([("acme", Torn())])


@pytest.mark.parametrize(
    "given", [None, {"id": "acme"}, replace(manifest(), api_version=99)], ids=["none", "dict", "api"]
)
def test_a_plugin_without_a_manifest_of_this_api_is_refused(given: object) -> None:
    class Nameless:
        @hookimpl
        def register_manifest(self) -> object:
            return given

    with pytest.raises(PluginBroken, match="Manifest|made for API 99"):
        register([("acme", Nameless())])
