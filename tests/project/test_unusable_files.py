"""A file that is there and cannot be used is a sentence; only one that is absent means that nobody wants it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

import pytest

from lookout.errors import LookoutError
from lookout.notify.settings.load import load_settings
from lookout.project.files import find_project, is_there, read_artifact, read_definition, read_if_there
from lookout.project.profiles import load_profile, profiles_directory
from lookout.report.history.summaries import summaries
from lookout.tracking.sdk.spool import Spool
from tests.conftest import Observed, Said


def _a_folder(file: Path) -> None:
    file.mkdir(parents=True)


def _a_link_that_leads_nowhere(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.symlink_to("nowhere")


UNUSABLE = {"it is a folder": _a_folder, "it is a link that leads nowhere": _a_link_that_leads_nowhere}
READERS: dict[str, Callable[[Path], object]] = {
    "lookout.yml": lambda root: load_settings(root, {}),
    "profiles.yml": lambda root: load_profile(profiles_directory(None, root) or root, "shop"),
    "dbt_project.yml": lambda root: read_definition(find_project(root)),
    "run_results.json": lambda root: read_artifact(root / "run_results.json", "run `dbt build`"),
    "selectors.yml": lambda root: read_if_there(root / "selectors.yml"),
}


@pytest.mark.parametrize("reason", UNUSABLE)
@pytest.mark.parametrize("name", READERS)
def test_what_is_there_and_unusable_is_named(
    name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DBT_PROFILES_DIR", raising=False)
    UNUSABLE[reason](tmp_path / name)
    with pytest.raises(LookoutError, match=rf"{name} cannot be read.* {reason}") as raised:
        READERS[name](tmp_path)
    assert len(str(raised.value).splitlines()) == 1


def test_what_is_absent_is_not_wanted(tmp_path: Path) -> None:
    assert not is_there(tmp_path / "lookout.yml")
    assert not is_there(tmp_path / "lookout.yml" / "lookout.yml")
    assert load_settings(tmp_path, {}).targets == {}
    assert read_if_there(tmp_path / "selectors.yml") is None
    assert summaries(tmp_path / "history", before=datetime.now(timezone.utc)) == []
    assert Spool(tmp_path / "spool").problem() == ""


def test_a_spool_and_a_history_that_are_something_else(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert Spool(tmp_path / "file").problem().startswith(f"{tmp_path / 'file'} is no folder")
    with pytest.raises(LookoutError, match=r"The summaries in .*file cannot be read"):
        summaries(tmp_path / "file", before=datetime.now(timezone.utc))
    for make in UNUSABLE.values():
        make(tmp_path / "spool" / "events.jsonl")
        assert "events.jsonl is no file: events of pipelines may wait there" in Spool(tmp_path / "spool").problem()
        shutil.rmtree(tmp_path / "spool")


def test_a_run_says_so_and_exits_with_2(
    observed: Observed, lookout: Callable[..., Said], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    observed.declare({})
    monkeypatch.setenv("LOOKOUT_SPOOL", str(tmp_path / "spool"))
    made = [tmp_path / "spool" / "events.jsonl", observed.root / "target" / "sources.json"]
    try:
        for file in made:
            _a_folder(file)
        said = lookout("collect", cwd=observed.root)
        assert said.code == 2
        assert "events.jsonl is no file" in said.out
        assert "sources.json cannot be read, it is a folder" in said.out
        made.append(observed.root / "lookout.yml")
        _a_folder(made[-1])
        said = lookout("collect", cwd=observed.root)
        assert said.code == 2
        assert "lookout.yml cannot be read: it is a folder." in said.err
    finally:
        for file in made:
            file.rmdir()
