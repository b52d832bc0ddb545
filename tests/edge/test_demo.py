"""The demo shows what it promises, and README shows what the demo prints."""

import os
import re
import subprocess
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest
from click.testing import CliRunner

from engine.edge.cli import main
from engine.edge.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    folder = tmp_path_factory.mktemp("demo")
    result = CliRunner().invoke(main, ["demo", "--output", str(folder)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output, folder


def squeezed(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip()


def test_every_line_of_the_readme_s_transcript_is_what_the_demo_prints_in_this_order(shown: tuple[str, Path]) -> None:
    printed = iter(map(squeezed, shown[0].splitlines()))
    transcript = (ROOT / "README.md").read_text(encoding="utf-8").split("```")[1]
    wanted = [squeezed(line) for line in transcript.splitlines() if line.strip() not in ("", "…")]
    assert len(wanted) > 15
    missing = [line for line in wanted if line not in printed]  # `in` on an iterator reads on: order counts
    assert not missing


def test_nothing_in_the_demo_is_refused_but_what_it_shows_as_refused(shown: tuple[str, Path]) -> None:
    assert shown[0].count("nothing was written") == 1
    assert "Traceback" not in shown[0]
    assert "10 documents in 8 series: numbers, chain, totals and balances hold." in shown[0]


def test_each_delivery_of_the_demo_arrives_with_its_pdf(shown: tuple[str, Path]) -> None:
    mails = [message_from_bytes(path.read_bytes(), policy=default) for path in (shown[1] / "mail").glob("*.eml")]
    assert len(mails) == 6
    for mail in mails:
        [attachment] = mail.iter_attachments()  # type: ignore[attr-defined]
        assert attachment.get_content_type() == "application/pdf"
        assert attachment.get_content().startswith(b"%PDF-")


def test_the_demo_reaches_its_mailbox_where_no_network_is_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FACTOTUM_ALLOWED_NETWORKS")
    result = CliRunner().invoke(main, ["demo", "--output", str(tmp_path)], catch_exceptions=False)
    assert result.exit_code == 0 and [*(tmp_path / "mail").glob("*.eml")]
    assert "FACTOTUM_ALLOWED_NETWORKS" not in os.environ


def test_every_invoice_of_the_demo_is_valid_under_an_independent_judge(shown: tuple[str, Path], shared: Path) -> None:
    judge = shared / "tools" / "validate_einvoice.py"
    files = sorted(shown[1].glob("*.pdf"))
    french = [str(path) for path in files if not path.name.startswith("MILANO")]
    italian = [str(path) for path in files if path.name.startswith("MILANO")]
    assert len(french) == 5
    assert len(italian) == 1
    for rules, paths in ((["--rules", "fr-ctc"], french), ([], italian)):
        judged = subprocess.run(
            [sys.executable, str(judge), "--warnings", *rules, *paths], capture_output=True, text=True, check=False
        )
        assert judged.returncode == 0, judged.stdout + judged.stderr
        assert judged.stdout.count("VALID") == len(paths)
        assert "INVALID" not in judged.stdout


def test_the_demo_runs_twice_into_the_same_folder(shown: tuple[str, Path]) -> None:
    again = CliRunner().invoke(main, ["demo", "--output", str(shown[1])], catch_exceptions=False)
    assert again.exit_code == 0
    assert "The relay: 6 sent" in again.output


def test_the_demo_runs_on_postgresql_and_a_second_time_answers_the_same(postgresql_url: str, tmp_path: Path) -> None:
    command = ["--database", postgresql_url, "demo", "--output", str(tmp_path)]
    first = CliRunner().invoke(main, command, catch_exceptions=False)
    second = CliRunner().invoke(main, command, catch_exceptions=False)
    assert (first.exit_code, second.exit_code) == (0, 0), first.output + second.output
    assert "10 documents in 8 series: numbers, chain, totals and balances hold." in second.output
    assert "The relay: nothing due" in second.output


def test_the_commands_of_the_readme_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    targets = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^    make (\w+)", readme, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", targets, flags=re.MULTILINE), target
    named = set(re.findall(r"`factotum (\w[\w-]*)", readme)) | set(
        re.findall(r"^    factotum ([\w-]+)", readme, flags=re.MULTILINE)
    )
    assert {"plan", "apply", "types", "post", "show", "verify", "init"} <= named
    assert named <= set(COMMANDS)
