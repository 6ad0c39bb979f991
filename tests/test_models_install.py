"""Model archives and folders that are broken or malicious: a clear error, and nothing left behind."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from asr_models.__main__ import main
from asr_models.folder import check_folder, verify_folder
from asr_models.install import LOCK_FILE, install
from asr_models.registry import VOSK_LAYOUTS
from hotline.errors import ModelError

FILES = VOSK_LAYOUTS[0]


def _model(folder: Path) -> Path:
    for name in FILES:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def _archive(path: Path, change: Callable[[zipfile.ZipFile], None] = lambda packed: None) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name in FILES:
            packed.writestr(f"vosk-model-cn/{name}", name)
        change(packed)
    return path


def left_in(folder: Path) -> list[str]:
    """Return what is there beside the lock file, which holds nothing."""
    return sorted(path.name for path in folder.iterdir() if path.name != LOCK_FILE)


def _link(packed: zipfile.ZipFile) -> None:
    member = zipfile.ZipInfo("vosk-model-cn/link")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed.writestr(member, "/etc/passwd")


def test_an_archive_and_a_folder_become_a_verified_model(tmp_path: Path) -> None:
    for source in (_archive(tmp_path / "model.zip"), _model(tmp_path / "folder")):
        target = install(source, tmp_path / "models" / "m", "zh")
        assert verify_folder(target) == len(FILES)
    assert left_in(tmp_path / "models") == ["m"]


def test_damage_after_installation_is_found(tmp_path: Path) -> None:
    target = install(_archive(tmp_path / "model.zip"), tmp_path / "m", "zh")
    (target / FILES[0]).write_text("other")
    with pytest.raises(ModelError, match="损坏"):
        verify_folder(target)


@pytest.mark.parametrize(
    "change",
    [
        lambda packed: packed.writestr("../outside", "x"),
        lambda packed: packed.writestr("/outside", "x"),
        lambda packed: packed.writestr("vosk-model-cn/..\\..\\outside", "x"),
        _link,
        lambda packed: packed.writestr("vosk-model-cn/bomb", b"\0" * 50_000_000),
    ],
    ids=["parent", "absolute", "backslashes", "link", "bomb"],
)
def test_malicious_archives_are_refused(tmp_path: Path, change: Callable[[zipfile.ZipFile], None]) -> None:
    source = _archive(tmp_path / "model.zip", change)
    with pytest.raises(ModelError, match="不安全"):
        install(source, tmp_path / "models" / "m", "zh")
    assert not left_in(tmp_path / "models")
    assert not (tmp_path / "outside").exists()


def test_truncated_foreign_and_missing_sources(tmp_path: Path) -> None:
    whole = _archive(tmp_path / "model.zip").read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "text.zip").write_text("not an archive")
    for name in ("cut.zip", "text.zip", "absent.zip"):
        with pytest.raises(ModelError):
            install(tmp_path / name, tmp_path / "models" / "m", "zh")
    assert not (tmp_path / "models" / "m").exists()


def test_a_wrong_checksum_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="校验不符"):
        install(_archive(tmp_path / "model.zip"), tmp_path / "m", "zh", checksum="0" * 64)


def test_a_failed_installation_keeps_the_former_model(tmp_path: Path) -> None:
    target = install(_archive(tmp_path / "model.zip"), tmp_path / "m", "zh")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError):
        install(tmp_path / "empty", target, "zh")
    assert verify_folder(target) == len(FILES)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_without_one_of_its_files_names_it(tmp_path: Path, name: str) -> None:
    folder = _model(tmp_path / "m")
    (folder / name).write_text("")
    with pytest.raises(ModelError) as error:
        check_folder(folder, "vosk")
    assert "am/final.mdl" not in str(error.value) or name == "am/final.mdl"


def test_members_that_share_their_bytes_are_a_bomb_too(tmp_path: Path) -> None:
    source = tmp_path / "model.zip"
    with zipfile.ZipFile(source, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("m/kernel", bytes(90_000))
        kernel = packed.filelist[0]
        for number in range(200):
            twin = zipfile.ZipInfo(f"m/{number}")
            for name in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
                setattr(twin, name, getattr(kernel, name))
            packed.filelist.append(twin)
            packed.NameToInfo[twin.filename] = twin
        packed._didModify = True  # type: ignore[attr-defined]
    with pytest.raises(ModelError, match="不安全"):
        install(source, tmp_path / "models" / "m", "zh")
    assert not left_in(tmp_path / "models")


def test_a_folder_with_a_link_is_refused(tmp_path: Path) -> None:
    folder = _model(tmp_path / "m")
    (folder / "link").symlink_to("/etc/passwd")
    with pytest.raises(ModelError, match="不安全"):
        install(folder, tmp_path / "models" / "m", "zh")
    assert not left_in(tmp_path / "models")


def test_the_command_line_names_all_of_a_model_and_every_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOTLINE_DATA_DIR", str(tmp_path))
    assert main(["info", "vosk-model-cn-0.22"]) == 0
    told = capsys.readouterr().out
    assert all(part in told for part in ("1358736686", "Apache-2.0", "SpeechIO", "alphacephei.com", "16000"))
    for name in ("good", "bad"):
        assert main(["import", str(_model(tmp_path / name))]) == 0
    (tmp_path / "models" / "bad" / FILES[0]).write_text("other")
    assert main(["verify"]) == 2
    told = capsys.readouterr()
    assert f"good: {len(FILES)} files ok" in told.out
    assert "bad" in told.err
    assert main(["remove", "bad"]) == 0
    assert main(["verify"]) == 0
    assert main(["remove", "../models"]) == 2
