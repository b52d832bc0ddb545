"""The migrations make the tables of engine.storage.tables, forth and back, on both databases."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, inspect, select, text

from engine.storage import tables
from engine.storage.database import (
    HEAD,
    Database,
    DatabaseNewer,
    DatabaseNotReady,
    DatabaseUnreachable,
    MigrationRefused,
    check_ready,
    downgrade,
    open_database,
    schema_revision,
    upgrade,
)
from tests.engine.storage.rows import add, add_document
from tests.support.statements import counted

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def empty(database_url: str) -> Any:
    opened = open_database(database_url)
    yield opened
    opened.close()


def _index(found: Any) -> tuple[str, str, str]:
    """Its condition is a piece of SQL that is equal to no other."""
    options = {name: str(value) for name, value in found.pop("dialect_options", {}).items()}
    return str(found["name"]), str(found), str(options)


def shape(connection: Connection) -> dict[str, Any]:
    """What the database itself says about its tables, names of constraints included."""
    found = inspect(connection)
    return {
        name: {
            "columns": [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in found.get_columns(name)],
            "primary key": found.get_pk_constraint(name),
            "foreign keys": sorted(found.get_foreign_keys(name), key=lambda key: str(key["name"])),
            "unique": sorted(found.get_unique_constraints(name), key=lambda key: str(key["name"])),
            "check": sorted(found.get_check_constraints(name), key=lambda key: str(key["name"])),
            "indexes": sorted(_index(one) for one in found.get_indexes(name)),
        }
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def test_up_down_and_up_again_leaves_the_same(empty: Database) -> None:
    upgrade(empty)
    with empty.read() as connection:
        first = shape(connection)
    downgrade(empty, "base")
    with empty.read() as connection:
        assert inspect(connection).get_table_names() == ["alembic_version"]
        assert inspect(connection).get_view_names() == []
    upgrade(empty)
    with empty.read() as connection:
        assert shape(connection) == first


@pytest.mark.parametrize("number", ["0001", "0002"])
def test_each_step_goes_back_to_the_one_before(database: Database, number: str) -> None:
    downgrade(database, number)
    assert schema_revision(database) == number
    upgrade(database)
    assert schema_revision(database) == HEAD


def test_the_migrated_schema_is_the_one_of_the_tables(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


def test_constraints_have_the_names_and_terms_of_the_tables(database: Database) -> None:
    with database.read() as connection:
        migrated = shape(connection)
    downgrade(database, "base")
    with database.write() as connection:
        tables.metadata.create_all(connection)
    with database.read() as connection:
        assert shape(connection) == migrated


def test_the_known_head_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [HEAD]
    for script in scripts.walk_revisions():
        assert len(script.revision) == 4 and script.revision.isdigit()
        assert Path(script.path).name.startswith(f"{script.revision}_")


def test_a_database_without_schema_is_not_ready(empty: Database) -> None:
    with pytest.raises(DatabaseNotReady, match=f"is missing, this program needs {HEAD}") as caught:
        check_ready(empty)
    assert caught.value.way_out == "run `factotum init`"


def test_asking_does_not_make_a_file(sqlite_url: str, tmp_path: Path) -> None:
    with pytest.raises(DatabaseNotReady):
        check_ready(open_database(sqlite_url))
    assert not list(tmp_path.iterdir())


def test_an_older_schema_is_not_ready(database: Database) -> None:
    downgrade(database, "0002")
    with pytest.raises(DatabaseNotReady, match=f"is 0002, this program needs {HEAD}"):
        check_ready(database)


def test_a_newer_schema_is_left_alone(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseNewer, match="is 9999, newer than"):
        check_ready(database)
    with pytest.raises(DatabaseNewer):
        upgrade(database)


def test_being_ready_takes_one_statement(database: Database) -> None:
    with counted(database) as statements:
        check_ready(database)
    assert len(statements) == 1


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    with counted(database) as statements:
        upgrade(database)
    assert len(statements) == 1


def test_posted_documents_are_never_dropped(database: Database) -> None:
    with database.write() as connection:
        add_document(connection)
    with pytest.raises(MigrationRefused, match="posted documents, which are never dropped"):
        downgrade(database, "base")
    assert schema_revision(database) == HEAD
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.document)) == 1


def test_applied_parametrization_can_be_taken_down_with_its_schema(database: Database) -> None:
    with database.write() as connection:
        add(connection, tables.record, hash="h")
        add(connection, tables.revision)
        add(connection, tables.revision, id=2, parent=1)
        add(connection, tables.revision_change, hash="h")
        add(connection, tables.head, revision=2)
    downgrade(database, "base")
    assert schema_revision(database) is None


def test_a_number_nobody_knows_is_refused(database: Database) -> None:
    with pytest.raises(MigrationRefused, match="4711"):
        downgrade(database, "4711")


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnreachable, match="No such file or directory"):
        upgrade(open_database(f"sqlite:///{tmp_path}/absent/factotum.db"))


def test_a_path_may_hold_any_character(tmp_path: Path) -> None:
    folder = tmp_path / "50% of #1? à"
    folder.mkdir()
    database = open_database(f"sqlite:///{folder}/factotum.db".replace("?", "%3F"))  # ? starts options
    upgrade(database)
    check_ready(database)
    database.close()
    assert (folder / "factotum.db").is_file()


def test_programs_that_start_together_upgrade_once(database_url: str) -> None:
    program = f"from engine.storage.database import *; d = open_database({database_url!r}); upgrade(d); check_ready(d)"
    started = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) for _ in range(4)]
    assert [one.wait(300) for one in started] == [0, 0, 0, 0]


def test_a_normal_start_imports_neither_alembic_nor_psycopg(database: Database, sqlite_url: str) -> None:
    program = "import sys; from engine.storage.database import *"
    if database.dialect == "sqlite":
        program += f"; check_ready(open_database({sqlite_url!r}))"
    program += "; print({'alembic', 'psycopg'} & sys.modules.keys() or 'neither')"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "neither"


@pytest.mark.parametrize("file", sorted((ROOT / "migrations" / "versions").glob("*.py")), ids=lambda file: file.stem)
def test_each_step_says_why(file: Path) -> None:
    spec = importlib.util.spec_from_file_location("step", file)
    assert spec and spec.loader
    step = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(step)
    assert step.__doc__
