"""The archive: what it is told to keep, what it lets go, and the names of segments."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from config.runtime.archive import Archive, Need, configuration, generation_of, lay_out, note, prune, segment_of
from config.runtime.backups.errors import BackupError
from config.runtime.backups.moments import Until
from core.archive import keep_copy


def test_a_place_in_the_log_has_its_segment() -> None:
    assert segment_of(1, "0/3000028") == "000000010000000000000003"
    assert segment_of(2, "1A/FF000000") == "000000020000001A000000FF"


def test_segments_that_a_kept_backup_needs_stay(tmp_path: Path) -> None:
    archive, into = Archive(tmp_path / "archive"), tmp_path / "backups"
    (tmp_path / "home").mkdir()
    wal, generation = lay_out(archive, tmp_path / "home"), generation_of(tmp_path / "home")
    names = [f"00000001000000000000000{number}.gz" for number in range(1, 6)]
    for name in (*names, "00000002.history.gz"):
        (wal / name).touch()
    assert prune(archive, generation, into) == []
    for name, start, since in (("purser-1", names[1], "2026-01-01"), ("purser-2", names[3], "2026-02-01")):
        (into / name).mkdir(parents=True)
        note(archive, generation, Need(name, str((into / name).resolve()), start[:24], since))
    for name, moment in (("old", "2025-12-31"), ("between", "2026-01-15")):
        keep_file(archive.folder, name, gone=moment)
    assert prune(archive, generation, into) == names[:1]
    assert not (archive.folder / "files" / "old").exists()
    assert (archive.folder / "files" / "between").exists()
    (into / "purser-1").rmdir()
    assert prune(archive, generation, into) == names[1:3]
    assert sorted(path.name for path in wal.iterdir()) == [*names[3:], "00000002.history.gz"]
    assert not (archive.folder / "files" / "between").exists()


def test_a_backup_that_lies_elsewhere_counts_as_kept(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "archive")
    wal = lay_out(archive, tmp_path)
    (wal / "000000010000000000000001.gz").touch()
    note(archive, generation_of(tmp_path), Need("purser-1", "/elsewhere/purser-1", "000000010000000000000001", ""))
    assert prune(archive, generation_of(tmp_path), tmp_path / "backups") == []
    assert len(list(wal.iterdir())) == 1


def keep_file(folder: Path, name: str, *, gone: str) -> None:
    (folder / "files").mkdir(exist_ok=True)
    (folder / "files" / name).touch()
    (folder / "files" / f"{name}.gone").write_text(f"{gone}\n")


def test_a_segment_is_kept_whole_once_and_never_as_another(tmp_path: Path) -> None:
    lay_out(Archive(tmp_path / "archive"), tmp_path)
    folder, segment = tmp_path / "kept", tmp_path / "segment"
    folder.mkdir()
    segment.write_bytes(b"one" * 1000)
    keep = [str(tmp_path / "keep_wal"), str(segment), "0001", str(folder)]
    assert subprocess.run(keep, check=False).returncode == 0
    assert subprocess.run(keep, check=False).returncode == 0
    assert [path.name for path in folder.iterdir()] == ["0001.gz"]
    fetch = [str(tmp_path / "fetch_wal"), "0001", str(tmp_path / "back"), str(folder)]
    assert subprocess.run(fetch, check=False).returncode == 0
    assert (tmp_path / "back").read_bytes() == segment.read_bytes()
    assert subprocess.run([*fetch[:1], "0002", *fetch[2:]], check=False).returncode == 1
    segment.write_bytes(b"two" * 1000)
    assert subprocess.run(keep, check=False).returncode != 0


def test_the_server_is_told_in_words_that_it_reads(tmp_path: Path) -> None:
    (tmp_path / "it's here").mkdir()
    told = configuration(Archive(tmp_path / "it's here"), tmp_path)
    assert "it''s here" in told
    assert configuration(None, tmp_path) == "archive_mode = off\n"


@pytest.mark.usefixtures("db")
def test_kept_files_are_copied_at_once_and_their_end_is_noted(tmp_path: Path, settings: Any) -> None:
    settings.MEDIA_ROOT, settings.ARCHIVE_DIR = tmp_path / "files", tmp_path / "archive"
    name = default_storage.save("attachments/a.bin", ContentFile(b"offer"))
    copy = tmp_path / "archive" / "files" / name
    assert copy.read_bytes() == b"offer"
    default_storage.delete(name)
    assert copy.read_bytes() == b"offer"
    assert copy.with_name("a.bin.gone").read_text().startswith("20")


def test_another_file_of_a_name_is_kept_beside_it(tmp_path: Path, settings: Any) -> None:
    settings.ARCHIVE_DIR = tmp_path / "archive"
    for content in (b"one", b"one", b"two"):
        (tmp_path / "a").write_bytes(content)
        keep_copy(tmp_path / "a", "anchors/a")
    assert sorted(path.read_bytes() for path in (tmp_path / "archive" / "anchors").iterdir()) == [b"one", b"two"]


def test_a_moment_is_said_with_its_zone_or_by_a_name() -> None:
    assert "2026-11-27 13:20:00.000000+00" in Until("2026-11-27T14:20:00+01:00").settings()[0]
    assert Until("2026-11-27T14:20:00Z").settings()[0] == "recovery_target_time = '2026-11-27 14:20:00.000000+00'"
    assert Until("before the import").settings()[0] == "recovery_target_name = 'before the import'"
    assert Until("latest").settings() == []
    with pytest.raises(BackupError, match="in which zone"):
        Until("2026-11-27T14:20:00").settings()
