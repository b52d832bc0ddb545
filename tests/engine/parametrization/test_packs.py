"""Packs are read whole: what is right becomes records, what is wrong becomes faults, all at once, each in its place."""

from contextlib import chdir
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.kernel.faults import Fault
from engine.parametrization import definitions as d
from engine.parametrization.packs import ReadPack, read_folder, read_packs
from tests.support.packs import HEADER, codes, pack_folder

TYPE = '[[invoice_type]]\ncode = "FAC"\nmodule = "sales"\ncategory = "invoice"\n'
TAX = '[[tax]]\ncode = "T"\ncategory = "S"\n'
RULE = '[[delivery_rule]]\nid = "R"\nchannel = "x"\n'
JOURNAL = '[[journal]]\ncode = "VTE"\nkind = "sales"\n'


def read(tmp_path: Path, **texts: str) -> tuple[ReadPack | None, list[Fault]]:
    return read_folder(pack_folder(tmp_path, **texts))


def only(tmp_path: Path, text: str) -> d.Record:
    """The one record of a pack without faults."""
    pack, faults = read(tmp_path, a=text)
    assert pack and not faults
    (record,) = [one.record for one in pack.records if not isinstance(one.record, d.Pack)]
    return record


def one_fault(tmp_path: Path, text: str) -> Fault:
    (fault,) = read(tmp_path, a=text)[1]
    return fault


# --- what is right --------------------------------------------------------------------------------------------------


def test_every_toml_file_of_the_folder_is_read_and_every_record_knows_its_place(tmp_path: Path) -> None:
    pack, faults = read(tmp_path, types=TYPE, journals=JOURNAL)
    assert pack and not faults
    assert (pack.code, pack.version, pack.requires) == ("TEST", "1", ())
    assert [one.place for one in pack.records] == [
        "TEST/journals.toml journal VTE/*",
        "TEST/pack.toml pack TEST",
        "TEST/types.toml invoice_type sales/FAC/*",
    ]


def test_a_float_of_toml_is_an_exact_decimal(tmp_path: Path) -> None:
    record = only(tmp_path, '[[tax]]\ncode = "T"\ncategory = "S"\nrate = [{ percent = 19.6 }, { percent = 0.1 }]\n')
    assert isinstance(record, d.Tax)
    assert [rate.percent for rate in record.rate] == [Decimal("19.6"), Decimal("0.1")]
    assert all(type(rate.percent) is Decimal for rate in record.rate)


def test_a_blank_equals_absent_at_every_depth(tmp_path: Path) -> None:
    blank = JOURNAL + 'legislation = ""\nvalid_from = ""\nsource = ""\ndescription = { fr = "" }\n'
    assert only(tmp_path, blank) == d.Journal(code="VTE", kind="sales")


def test_a_blank_where_something_is_needed_is_missing(tmp_path: Path) -> None:
    fault = one_fault(tmp_path, '[[journal]]\ncode = "VTE"\nkind = ""\n')
    assert (fault.code, fault.path) == ("missing_field", "TEST/a.toml journal VTE kind")


@pytest.mark.parametrize(("alias", "code"), [("POR", "PRT"), ("FR", "FRA"), ("it", "ITA"), ("ESP", "ESP")])
def test_aliases_of_legislations_become_canonical(tmp_path: Path, alias: str, code: str) -> None:
    record = only(tmp_path, f'{JOURNAL}legislation = "{alias}"\n')
    assert isinstance(record, d.Journal) and record.legislation == code and record.key == f"VTE/{code}"


def test_dates_are_toml_dates(tmp_path: Path) -> None:
    record = only(tmp_path, JOURNAL + "valid_from = 2026-01-31\n")
    assert isinstance(record, d.Journal) and record.valid_from == date(2026, 1, 31)


# --- what is wrong --------------------------------------------------------------------------------------------------


def test_a_syntax_fault_has_line_and_column_and_the_other_files_are_still_read(tmp_path: Path) -> None:
    pack, faults = read(tmp_path, bad='[[journal]]\ncode = "VTE\n', good=JOURNAL, worse="= 1\n")
    assert pack and "journal VTE/*" in " ".join(one.place for one in pack.records)
    assert [(fault.code, fault.path) for fault in faults] == [
        ("toml_syntax", "TEST/bad.toml"), ("toml_syntax", "TEST/worse.toml"),
    ]  # fmt: skip
    assert "line 2, column 12" in faults[0].message and "line 1, column 1" in faults[1].message


@pytest.mark.parametrize(
    "content", [b"\xff\xfe", b"a = " + b"[" * 100_000, b"a = 1e99999999999999999999", b'a = "\\ud800"'], ids=len
)
def test_hostile_files_are_syntax_faults(tmp_path: Path, content: bytes) -> None:
    folder = pack_folder(tmp_path)
    (folder / "a.toml").write_bytes(content)
    pack, faults = read_folder(folder)
    assert pack and codes(faults) == ["toml_syntax"]


def test_a_file_too_large_is_not_parsed(tmp_path: Path) -> None:
    assert "larger than 20 MiB" in one_fault(tmp_path, "#" * (20 * 1024 * 1024 + 1)).message


@pytest.mark.parametrize(
    ("text", "code", "path", "words"),
    [
        ('[[invoice_typ]]\ncode = "A"\n', "unknown_table", "", "did you mean 'invoice_type'?"),
        (TYPE + "categori = 1\n", "unknown_field", "invoice_type FAC categori", "did you mean 'category'?"),
        (TYPE.replace('module = "sales"', ""), "missing_field", "invoice_type FAC module", "add it"),
        (TYPE.replace('code = "FAC"', ""), "missing_field", "invoice_type #1 code", "add it"),
        (TYPE.replace("sales", "sale"), "unknown_code", "invoice_type FAC module", "did you mean 'sales'?"),
        (TYPE.replace("FAC", "FACTURE"), "bad_value", "invoice_type FACTURE code", "1 to 5"),
        (TYPE + f'counter = "{"A" * 21}"\n', "bad_value", "invoice_type FAC counter", "1 to 20"),
        (TYPE + "active = 3\n", "bad_value", "invoice_type FAC active", "true nor false"),
        (TYPE + "counter = 3\n", "wrong_type", "invoice_type FAC counter", "right type"),
        (TYPE + 'valid_from = "2026-02-30"\n', "bad_value", "invoice_type FAC valid_from", "not a date"),
        (TYPE + "valid_from = 2026-01-01T12:00:00\n", "bad_value", "invoice_type FAC valid_from", "not a date"),
        (TYPE + 'legislation = "FRANCE"\n', "bad_value", "invoice_type FAC legislation", "alpha-3"),
        (TYPE + 'description = { french = "x" }\n', "bad_value", "invoice_type FAC description.french", "ISO 639-1"),
        ('[[tax]]\ncode = "T"\ncategory = "X"\nrate = []\n', "unknown_code", "tax T category", "S"),
        (TAX + "rate = [{ percent = nan }]\n", "wrong_type", "tax T rate[0].percent", "finite"),
        (RULE + 'connection = "c"\n', "bad_value", "delivery_rule R connection", "a code"),
        ("[journal]\ncode = 1\n", "table_shape", "", "[[journal]]"),
        ("[[folder]]\n", "table_shape", "", "[folder]"),
        ("journal = 3\n", "table_shape", "", "[[journal]]"),
        ("journal = [3]\n", "wrong_type", "journal #1", "right type"),
    ],
)  # fmt: skip
def test_a_fault_says_file_table_key_field_and_the_way_out(
    tmp_path: Path, text: str, code: str, path: str, words: str
) -> None:
    fault = one_fault(tmp_path, text)
    assert (fault.code, fault.path) == (code, f"TEST/a.toml {path}".strip())
    assert words in fault.message + fault.remedy


def test_an_element_of_a_list_is_called_by_its_own_key(tmp_path: Path) -> None:
    text = (
        '[[automatic_journal]]\ncode = "J"\n[[automatic_journal.line]]\nid = "tax"\nside = "debit"\naccount = ["x.y"]\n'
        '[[counter]]\ncode = "C"\n[[counter.component]]\nposition = 4\nkind = "sequense"\n'
    )
    faults = read(tmp_path, a=text)[1]
    assert [fault.path for fault in faults] == [
        "TEST/a.toml automatic_journal J line[tax].amount",
        "TEST/a.toml counter C component[4].kind",
    ]


def test_all_faults_of_all_files_come_at_once(tmp_path: Path) -> None:
    bad = TYPE.replace("sales", "sale").replace('invoice"', 'invoic"') + "x = 1\n"
    faults = read(tmp_path, a=bad, b="[[nothing]]\n", c="x", d=JOURNAL + "kynd = 1\n")[1]
    assert sorted(codes(faults)) == [
        "toml_syntax", "unknown_code", "unknown_code", "unknown_field", "unknown_field", "unknown_table",
    ]  # fmt: skip


def test_a_key_defined_twice_tells_both_places(tmp_path: Path) -> None:
    (fault,) = read(tmp_path, a=JOURNAL, b=JOURNAL)[1]
    assert (fault.code, fault.path) == ("duplicate_key", "TEST/b.toml journal VTE/*")
    assert "TEST/a.toml journal VTE/*" in fault.remedy


def test_one_code_for_two_legislations_is_two_keys(tmp_path: Path) -> None:
    assert not read(tmp_path, a=JOURNAL, b=JOURNAL + 'legislation = "FRA"\n')[1]


def test_an_alias_and_its_code_are_one_key(tmp_path: Path) -> None:
    faults = read(tmp_path, a=JOURNAL + 'legislation = "FR"\n', b=JOURNAL + 'legislation = "FRA"\n')[1]
    assert codes(faults) == ["duplicate_key"]


def test_a_folder_without_header_is_no_pack(tmp_path: Path) -> None:
    pack, faults = read_folder(pack_folder(tmp_path, header=None, a=JOURNAL))
    assert pack is None and codes(faults) == ["pack_without_header"]


# --- finding packs --------------------------------------------------------------------------------------------------


def test_what_a_pack_requires_comes_first_and_once() -> None:
    packs, faults = read_packs(["DEMO", "FRA"])
    found = [pack.code for pack in packs]
    assert not faults and found[0] == "ALL" and found[-1] == "DEMO" and sorted(found) == ["ALL", "DEMO", "FRA", "ITA"]


def test_a_pack_that_is_nowhere_is_told_with_the_nearest(tmp_path: Path) -> None:
    packs, faults = read_packs(["FRAN", str(tmp_path / "no")])
    assert not packs and codes(faults) == ["pack_not_found"] * 2
    assert faults[0].remedy == "did you mean 'FRA'?"


def test_a_required_pack_that_is_nowhere_tells_who_wants_it(tmp_path: Path) -> None:
    folder = pack_folder(tmp_path, header=HEADER + 'requires = ["GONE"]\n')
    packs, (fault,) = read_packs([str(folder)])
    assert (fault.code, fault.path) == ("pack_not_found", "TEST > GONE")
    assert [pack.code for pack in packs] == ["TEST"]


def test_packs_that_require_each_other_are_told_as_a_circle(tmp_path: Path) -> None:
    pack_folder(tmp_path, "A", header='[pack]\ncode = "A"\nversion = "1"\nrequires = ["B"]\n')
    pack_folder(tmp_path, "B", header='[pack]\ncode = "B"\nversion = "1"\nrequires = ["A"]\n')
    with chdir(tmp_path):
        packs, faults = read_packs(["A"])
    assert codes(faults) == ["pack_cycle"] and "A > B > A" in faults[0].message
    assert {pack.code for pack in packs} == {"A", "B"}


def test_a_code_is_a_shipped_pack_and_a_path_is_a_folder(tmp_path: Path) -> None:
    pack_folder(tmp_path, "FRA", header='[pack]\ncode = "MINE"\nversion = "1"\n')
    pack_folder(tmp_path, "OURS", header='[pack]\ncode = "OURS"\nversion = "1"\n')
    with chdir(tmp_path):
        for name, codes in (("FRA", ["ALL", "FRA"]), ("./FRA", ["MINE"]), ("OURS", ["OURS"])):
            packs, faults = read_packs([name])
            assert not faults and [pack.code for pack in packs] == codes


def test_one_pack_in_two_folders_is_a_fault(tmp_path: Path) -> None:
    for name in ("a", "b"):
        pack_folder(tmp_path, name, header='[pack]\ncode = "SAME"\nversion = "1"\n')
    _, faults = read_packs([str(tmp_path / "a"), str(tmp_path / "b")])
    assert [fault.code for fault in faults] == ["two_packs"]


# --- whatever is written --------------------------------------------------------------------------------------------

VALUES = st.sampled_from(["1", "1.5", '"x"', "true", "[]", "{}", "2026-01-01", '[{ percent = "x" }]', '""', "12:00:00"])
FIELDS = st.sampled_from(
    ["code", "module", "category", "rate", "valid_from", "active", "line", "component", "nonsense"]
)
ROWS = st.tuples(st.sampled_from([*d.TABLES, "nonsense"]), st.dictionaries(FIELDS, VALUES, max_size=5))


@given(st.lists(ROWS, max_size=4))
def test_any_toml_gives_records_and_located_faults(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, dict[str, str]]]
) -> None:
    text = "\n".join(
        f"[[{table}]]\n" + "\n".join(f"{name} = {value}" for name, value in row.items()) for table, row in rows
    )
    folder = pack_folder(tmp_path_factory.mktemp("any"), a=text)
    pack, faults = read_folder(folder)
    assert pack is not None
    assert all(fault.path.startswith("TEST/a.toml") and fault.message and fault.remedy for fault in faults)
    assert all(isinstance(one.record, d.Record) and one.place.startswith("TEST/") for one in pack.records)
