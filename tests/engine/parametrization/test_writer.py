"""What is in force goes back to TOML and reads the same; one record changes in its file and nothing else does."""

import re
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from engine.kernel.faults import Faulty
from engine.kernel.wall import validated
from engine.parametrization import definitions as d
from engine.parametrization import writer
from engine.parametrization.bodies import to_body, to_text
from engine.parametrization.packs import read_folder, read_packs, read_tables
from engine.parametrization.revisions import State, candidate
from engine.parametrization.writer import record_text, update_values, write_packs
from tests.engine.parametrization.records import records
from tests.packs.shipped import CODES, SEED_FIRST
from tests.support.packs import counter, invoice_type, journal_line, part, sihi, tax

EMPTY = State(0, {}, {})
HOSTILE = st.text(
    st.sampled_from("\"'\\\n\r\t\0\x1b\x7f\x85\u2028\ufeff\u00a0€😀#=[]{}. ,abn0") | st.characters(codec="utf-8"),
    max_size=25,
)
PLAIN = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | HOSTILE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HOSTILE, inner, max_size=3),
    max_leaves=12,
)
FREE = st.dictionaries(HOSTILE, PLAIN, max_size=4)


def state(*records: d.Record, owner: str = "TEST") -> State:
    """A pack in force."""
    bodies: dict[str, dict[str, str]] = {}
    header = () if any(isinstance(one, d.Pack) for one in records) else (d.Pack(code=owner, version="1"),)
    for one in (*header, *records):
        bodies.setdefault(one.TABLE, {})[one.key] = to_text(one)
    return State(1, bodies, {(table, key): owner for table, texts in bodies.items() for key in texts})


def in_force(names: Iterable[str]) -> tuple[State, str]:
    """The state after applying packs to an empty database, and its content hash."""
    packs, faults = read_packs(names)
    found = candidate(EMPTY, packs)
    assert not faults and not found.faults
    bodies: dict[str, dict[str, str]] = {}
    for change in found.changes:
        bodies.setdefault(change.table, {})[change.key] = change.body or ""
    return State(1, bodies, {(one.table, one.key): one.pack for one in found.changes}), found.content_hash


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def reread(record: d.Record) -> d.Record:
    """What `packs` makes of the text of one record."""
    found, faults = read_tables(tomllib.loads(record_text(record), parse_float=Decimal), "x")
    assert not faults, faults
    (one,) = found
    return one.record


def without_blanks(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: without_blanks(each) for name, each in value.items() if each != ""}
    return [without_blanks(each) for each in value if each != ""] if isinstance(value, list) else value


def generated(kind: type[d.Record]) -> st.SearchStrategy[Any]:
    """Records as packs may hold them: no blank where a blank means absent."""

    def held(record: d.Record) -> d.Record | None:
        try:
            known: Any = kind
            found: d.Record = validated(known, without_blanks(to_body(record)))
        except Faulty:
            return None
        return found

    known: Any = kind
    given = records(known)
    if kind is d.Override:
        given = st.builds(d.Override, table=st.just("tax"), target=HOSTILE, set=FREE, over=FREE, source=st.just("x"))
    if kind is d.Example:
        given = st.builds(d.Example, id=st.just("E"), on=st.none() | st.dates(), document=FREE, expect=FREE)
    return given.map(held).filter(bool)


# --- packs from what is in force -------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [["DEMO"], [SEED_FIRST], ["FRA"]], ids=["DEMO", "SEED1", "FRA"])
def test_an_export_applies_to_an_empty_database_and_its_export_is_byte_identical(
    tmp_path: Path, names: list[str]
) -> None:
    first, content_hash = in_force(names)
    folders = write_packs(first, tmp_path / "one")
    second, again = in_force(map(str, folders))
    assert again == content_hash and second == first
    write_packs(second, tmp_path / "two")
    assert tree(tmp_path / "one") == tree(tmp_path / "two")


def test_shipped_packs_have_the_files_of_the_floor_plan_and_required_packs_come_first(tmp_path: Path) -> None:
    folders = write_packs(in_force(["DEMO"])[0], tmp_path)
    assert [folder.name for folder in folders] == list(CODES)
    shipped = Path(writer.__file__).parents[2] / "rules" / "packs"
    for folder in folders:
        assert {path.name for path in folder.iterdir()} == {path.name for path in (shipped / folder.name).iterdir()}


@pytest.mark.parametrize("table", sorted(d.TABLES))
@settings(max_examples=25)
@given(st.data())
def test_no_field_of_any_table_is_lost(table: str, data: st.DataObject) -> None:
    record = data.draw(generated(d.TABLES[table]))
    assert reread(record) == record
    assert to_text(reread(record)) == to_text(record)
    assert record_text(reread(record)) == record_text(record)


@settings(max_examples=30)
@given(st.lists(st.sampled_from(sorted({*d.TABLES} - {"pack"})).flatmap(lambda name: generated(d.TABLES[name]))))
def test_any_parametrization_comes_back_whole(tmp_path_factory: pytest.TempPathFactory, found: list[d.Record]) -> None:
    before, base = state(*found), tmp_path_factory.mktemp("any")
    (folder,) = write_packs(before, base / "one")
    pack, faults = read_folder(folder)
    assert pack and not faults
    after = state(*(one.record for one in pack.records))
    assert after == before
    write_packs(after, base / "two")
    assert tree(base / "one") == tree(base / "two")


@given(HOSTILE)
def test_any_text_comes_back(text: str) -> None:
    assume(text)
    assert reread(formula := d.NamedFormula(code="x", text=text)) == formula
    example = d.Example(id="E", expect={text: text, "list": [text, {"a": text}], "map": {text: {text: text}}})
    assert reread(example) == example


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a", '"a"'),
        ('line.nature = "goods"', "'line.nature = \"goods\"'"),
        (r"\d", r"'\d'"),
        ("l'été", '"l\'été"'),
        ('l\'"été"', '"l\'\\"été\\""'),
        ("tab\there", '"tab\\there"'),
        ("150\u00a0000 €", '"150\u00a0000 €"'),
        ("\0\x7f\u2028", '"\\u0000\\u007f\\u2028"'),
        ("one\ntwo", '"""\none\ntwo"""'),
        ('"one"\ntwo', "'''\n\"one\"\ntwo'''"),
        ("\"one\"\n'two'", '"""\n\\"one\\"\n\'two\'"""'),
        ("\"\"\"\n'''", '"""\n\\"\\"\\"\n\'\'\'"""'),
        ("a\r\nb", '"""\na\\r\nb"""'),
    ],
)
def test_texts_are_written_with_as_few_escapes_as_can_be(text: str, written: str) -> None:
    assert record_text(d.NamedFormula(code="x", text=text)) == f'[[formula]]\ncode = "x"\ntext = {written}\n'


@pytest.mark.parametrize(
    ("number", "written"),
    [
        ("20", "20"),
        ("20.00", "20"),
        ("0.10", "0.1"),
        ("0E-3", "0"),
        ("-0", "0"),
        ("1E+2", "100"),
        ("1E-8", "0.00000001"),
        ("99.12345678", "99.12345678"),
    ],
)
def test_a_decimal_is_a_number_of_toml_and_exactly_the_same(number: str, written: str) -> None:
    record = tax("T", number)
    assert f"rate = [{{ percent = {written} }}]" in record_text(record)
    assert reread(record) == record


def test_a_record_reads_as_a_person_would_write_it() -> None:
    record = sihi(
        journal_line("customer", "debit", "customer.control", "document.gross"),
        journal_line("tax", "credit", ("a.b", "4xx"), "tax.amount", each="tax", when='tax.due = "invoice"'),
        legislation="FRA",
        valid_from=date(2026, 1, 1),
        source="PCG",
    )
    assert record_text(record) == (
        '[[automatic_journal]]\ncode = "SIHI"\nlegislation = "FRA"\nvalid_from = 2026-01-01\n'
        'reverse = "document.is_credit"\nentry_type = "FAC"\nsource = "PCG"\n'
        '\n[[automatic_journal.line]]\nid = "customer"\nside = "debit"\naccount = ["customer.control"]\n'
        'amount = "document.gross"\n'
        '\n[[automatic_journal.line]]\nid = "tax"\neach = "tax"\nwhen = \'tax.due = "invoice"\'\nside = "credit"\n'
        'account = ["a.b", "4xx"]\namount = "tax.amount"\n'
    )


def test_maps_that_do_not_fit_a_line_go_below_each_other() -> None:
    text = {"en": "a" * 80, "fr": "b" * 80}
    assert record_text(d.Mention(code="M", text=text)).splitlines()[2:] == [
        f'text.en = "{"a" * 80}"',
        f'text.fr = "{"b" * 80}"',
    ]
    lines = [{"description": "x" * 40, "price": "1.00", "quantity": "2", "tax_code": "FR20"}] * 2
    example = d.Example(id="E", document={"company": "PARIS", "lines": lines}, expect={"entries": [], "number": "FV-1"})
    one = '    { description = "' + "x" * 40 + '", price = "1.00", quantity = "2", tax_code = "FR20" },'
    assert record_text(example).splitlines() == [
        "[[example]]", 'id = "E"', 'expect = { entries = [], number = "FV-1" }', "", "[example.document]",
        'company = "PARIS"', "lines = [", one, one, "]",
    ]  # fmt: skip


def test_an_override_writes_the_key_of_what_it_changes() -> None:
    override = d.Override(table="tax", target="FR20/FRA", set={"rate": {"*": {"percent": "20"}}}, unset=("due",))
    assert record_text(override) == (
        '[[override]]\ntable = "tax"\nkey = "FR20/FRA"\nset = { rate = { "*" = { percent = "20" } } }\n'
        'unset = ["due"]\n'
    )
    assert reread(override) == override


def test_empty_lists_and_maps_that_must_be_there_are_there() -> None:
    for record in (
        counter("C", part(1, "sequence")),
        replace(counter(), component=()),
        d.AutomaticJournal(code="J", line=()),
        d.CompanyGroup(code="G", companies=()),
        d.AccountingCode(kind="sales", accounts={}),
        d.Example(id="E", expect={}, document={"a": {}, "b": [], "c": [{}, {}], "d": [[], [{}]], "": 1}),
    ):
        assert reread(record) == record


@pytest.mark.parametrize(
    ("record", "place"),
    [
        (d.Example(id="E", expect={"a": [{"b": None}]}), "example E expect.a[0].b"),
        (d.Example(id="E", expect={"a": ["x", ""]}), "example E expect.a[1]"),
        (d.Example(id="E", expect={"a": ""}), "example E expect.a"),
        (d.Example(id="E", expect={"a": 0.1}), "example E expect.a"),
        (d.Ledger(code="L", chart="C", kind=""), "ledger L kind"),
    ],
)
def test_what_would_not_read_back_the_same_is_refused_and_nothing_is_written(
    tmp_path: Path, record: d.Record, place: str
) -> None:
    with pytest.raises(writer.UnwritableValue, match=re.escape(place)):
        write_packs(state(invoice_type(), record), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@settings(max_examples=30)
@given(
    st.dictionaries(
        HOSTILE,
        st.recursive(
            PLAIN | st.none() | st.floats(allow_nan=False),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HOSTILE, inner, max_size=3),
        ),
    )
)
def test_a_document_that_only_json_can_hold_goes_to_a_file_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, document: dict[str, Any]
) -> None:
    example = d.Example(id="E", document={"note": None, **document}, expect={})
    (folder,) = write_packs(state(example), tmp_path_factory.mktemp("any"))
    assert sorted(tree(folder)) == ["examples.toml", "examples/E.json", "pack.toml"]
    pack, faults = read_folder(folder)
    assert pack and not faults and example in [one.record for one in pack.records]


def test_an_export_replaces_its_own_files_and_refuses_a_folder_with_others(tmp_path: Path) -> None:
    (folder,) = write_packs(state(invoice_type()), tmp_path)
    before = tree(tmp_path)
    write_packs(state(invoice_type()), tmp_path)
    assert tree(tmp_path) == before
    (folder / "mine.toml").write_text("# mine\n")
    with pytest.raises(writer.ExportFolderTaken, match=r"mine\.toml"):
        write_packs(state(invoice_type("B")), tmp_path)
    assert tree(tmp_path) == before | {"TEST/mine.toml": b"# mine\n"}


def test_a_file_too_large_for_the_reader_goes_on_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "FILE_LIMIT", 600)
    before = state(*(invoice_type(f"T{number}") for number in range(9)))
    (folder,) = write_packs(before, tmp_path)
    assert sorted(tree(folder)) == ["pack.toml", "types-2.toml", "types-3.toml", "types.toml"]
    assert all(len(content) <= 300 for content in tree(folder).values())
    pack, faults = read_folder(folder)
    assert pack and not faults and state(*(one.record for one in pack.records)) == before


def test_packs_that_require_each_other_are_written_all_the_same(tmp_path: Path) -> None:
    bodies = {"pack": {code: to_text(d.Pack(code=code, version="1", requires=("A", "B"))) for code in "AB"}}
    folders = write_packs(State(1, bodies, {("pack", "A"): "A", ("pack", "B"): "B"}), tmp_path)
    assert {folder.name for folder in folders} == {"A", "B"}


# --- one record, where it stands -------------------------------------------------------------------------------------

EXAMPLES = """\
# What the pack promises.

[[example]]
id = "first"   # the plain one
document = { company = "PARIS" }
expect.number = "FV-1" # was seen
expect.totals = { gross = "1.20", net = "1.00" }

[[journal]]   # between the examples
code = "VTE"
kind = "sales"

# The credit note:
# on paper since 2020.
[[example]]
id   =   "second"
document = { company = "PARIS" }

[example.expect]   # all of it
number = 'AV-1'    # the series of credit notes
taxes = [
    { code = "FR20", amount = "0.20" },  # standard
    { code = "FR10", amount = "0.10" },  # reduced
]
# the sum
[example.expect.totals]
net = "1.00"  # before tax
gross = "1.30"

# The last one.
[[example]]
id = "third"
text = '''
[[example]] # a trap
id = "second"
'''
expect = {}  # to be filled
# the end
"""


def update(path: Path, key: str, **changes: Any) -> str:
    update_values(path, "example", "id", key, changes)
    return path.read_text()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "examples.toml"
    path.write_text(EXAMPLES)
    return path


def test_values_change_where_they_stand_and_every_comment_stays(file: Path) -> None:
    totals = {"net": "2.00", "gross": "1.30"}
    taxes = [{"code": "FR20", "amount": "0.40"}, {"code": "FR10", "amount": "0.10"}]
    found = update(file, "second", expect={"number": "AV-00001", "taxes": taxes, "totals": totals})
    assert found == EXAMPLES.replace("'AV-1'", '"AV-00001"').replace(
        '"FR20", amount = "0.20"', '"FR20", amount = "0.40"'
    ).replace('net = "1.00"  #', 'net = "2.00"  #')


def test_dotted_and_inline_maps_keep_their_shape(file: Path) -> None:
    found = update(file, "first", expect={"number": "FV-2", "totals": {"gross": "1.20", "net": "9.00"}})
    assert found == EXAMPLES.replace('"FV-1"', '"FV-2"').replace('"1.20", net = "1.00"', '"1.20", net = "9.00"')


def test_an_expectation_too_wide_for_its_line_gets_a_table_of_its_own_and_keeps_its_comment(file: Path) -> None:
    lines = [{"account": "411", "debit": "1.20"}, {"account": "707", "credit": "1.00", "text": "x" * 60}]
    found = update(file, "third", expect={"number": "FV-1", "entries": [{"journal": "VTE", "lines": lines}]})
    start, end = EXAMPLES.split("expect = {}  # to be filled\n")
    wide = '    { account = "707", credit = "1.00", text = "' + "x" * 60 + '" },\n'
    assert found == start + (
        '\n[example.expect] # to be filled\nnumber = "FV-1"\n'
        '\n[[example.expect.entries]]\njournal = "VTE"\nlines = [\n'
        '    { account = "411", debit = "1.20" },\n' + wide + "]\n" + end
    )


def test_an_empty_expectation_is_filled_on_its_line(file: Path) -> None:
    found = update(file, "third", expect={"number": "FV-1", "offered": ["FAF", "FACT"]})
    assert found == EXAMPLES.replace("expect = {}", 'expect = { number = "FV-1", offered = ["FAF", "FACT"] }')


def test_what_is_equal_is_not_touched(file: Path) -> None:
    before = file.stat().st_ino
    update(file, "second", id="second", expect=tomllib.loads(EXAMPLES)["example"][1]["expect"])
    assert file.stat().st_ino == before


def test_none_takes_a_field_away_and_a_new_one_is_added(file: Path) -> None:
    found = update(file, "first", expect=None, on=date(2026, 3, 1), nothing=None)
    row = tomllib.loads(found)["example"][0]
    assert row == {"id": "first", "document": {"company": "PARIS"}, "on": date(2026, 3, 1)}
    assert found.partition("[[journal]]")[2] == EXAMPLES.partition("[[journal]]")[2]


def test_lines_that_end_as_on_windows_still_do(file: Path) -> None:
    file.write_bytes(EXAMPLES.replace("\n", "\r\n").encode())
    update(file, "second", expect={"number": "AV-2", "entries": [{"lines": [{"a": 1}]}]})
    content = file.read_bytes()
    assert content.count(b"\n") == content.count(b"\r\n") and b"AV-2" in content


def test_a_single_table_and_records_without_headers_are_changed_too(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text('# p\n[pack] # header\ncode = "A"\nversion = "1" # old\n')
    update_values(path, "pack", "code", "A", {"version": "2"})
    assert path.read_text() == '# p\n[pack] # header\ncode = "A"\nversion = "2" # old\n'
    path.write_text('tax = [\n  { code = "A", rate = [{ percent = 1.50 }] }, # a\n  { code = "B" }, # b\n]\n')
    update_values(path, "tax", "code", "A", {"rate": [{"percent": Decimal("1.6")}]})
    assert path.read_text() == (
        'tax = [\n  { code = "A", rate = [{ percent = 1.6 }] }, # a\n  { code = "B" }, # b\n]\n'
    )


@pytest.mark.parametrize(("key", "count"), [("none", "0 of"), ("first", "2 of")])
def test_a_record_that_is_not_there_once_is_told(file: Path, key: str, count: str) -> None:
    file.write_text(EXAMPLES + '[[example]]\nid = "first"\n')
    with pytest.raises(writer.RecordNotInFile, match=count):
        update(file, key, expect={})
    assert file.read_text().startswith(EXAMPLES)


def test_what_cannot_be_changed_alone_is_refused_and_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text := '[[example]]\nid = "a"\n[pack]\ncode = "A"\n[example.expect]\nnumber = "1"\n')
    with pytest.raises(writer.UpdateRefused, match=r"a\.toml"):
        update(path, "a", expect={"number": "2"})
    with pytest.raises(writer.UnwritableValue, match="expect.number"):
        update(path, "a", expect={"number": 0.5})
    with pytest.raises(writer.UnwritableValue, match=r"expect.entries\[0\]"):
        update(path, "a", expect={"entries": [None]})
    assert path.read_text() == text and [one.name for one in tmp_path.iterdir()] == ["a.toml"]


def test_the_file_keeps_its_permissions_and_a_link_stays_a_link(file: Path) -> None:
    file.chmod(0o640)
    link = file.parent / "link.toml"
    link.symlink_to(file)
    update(link, "first", expect={})
    assert link.is_symlink() and stat.S_IMODE(file.stat().st_mode) == 0o640
    assert tomllib.loads(file.read_text())["example"][0]["expect"] == {}


SHAPED = st.dictionaries(
    st.sampled_from(["number", "totals", "taxes", "entries", "a b"]),
    st.recursive(
        st.booleans() | st.integers(0, 9) | st.dates() | st.sampled_from(["", "1.00", "x" * 70, 'q"', "l\nm"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["net", "lines"]), inner),
        max_leaves=10,
    ),
)


@settings(max_examples=200)
@given(st.lists(SHAPED, min_size=1, max_size=3), SHAPED, st.data())
def test_any_expectation_becomes_any_other_and_the_other_records_keep_their_bytes(
    tmp_path_factory: pytest.TempPathFactory, old: list[dict[str, Any]], new: dict[str, Any], data: st.DataObject
) -> None:
    texts = [f"# {number}\n" + example(f"E{number}", each, data) for number, each in enumerate(old)]
    chosen = data.draw(st.integers(0, len(old) - 1))
    path = tmp_path_factory.mktemp("any") / "a.toml"
    path.write_text("\n".join(texts))
    found = update(path, f"E{chosen}", expect=new)
    assert tomllib.loads(found)["example"] == [
        {"id": f"E{number}", "expect": new if number == chosen else each} for number, each in enumerate(old)
    ]
    assert found.startswith("".join(text + "\n" for text in texts[:chosen]))
    assert found.endswith("".join("\n" + text for text in texts[chosen + 1 :]))


def example(id: str, expect: Mapping[str, Any], data: st.DataObject) -> str:
    """An example as some person would write it: with tables, inline, or dotted."""
    lines = ["[[example]] # e", f'id = "{id}"']
    shape = data.draw(st.sampled_from(["tables", "inline", "dotted", "deep"]))
    if shape == "tables":
        writer._write("example", {"expect": expect}, lines)
    elif shape == "inline":
        lines.append(f"expect = {writer._inline(expect)} # c")
    else:
        lines += dotted("expect", expect, 1 if shape == "dotted" else 3)
    return "\n".join(lines) + "\n"


def dotted(name: str, value: Any, depth: int) -> list[str]:
    if not depth or not isinstance(value, Mapping) or not value:
        return [f"{name} = {writer._inline(value)} # c"]
    return [line for each in value for line in dotted(f"{name}.{writer._key(each)}", value[each], depth - 1)]
