"""What may not be in the repository: other people's media, this machine's paths, a registry."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from tests.project.source import ROOT, tracked

TEXT = {".py", ".md", ".toml", ".lock", ".txt", ".sh", ".yaml", ".yml", ".cfg", ""}
ALLOWED_BIG = {"LICENSE"}
HERE = Path(__file__)

REGISTRY = re.compile(
    r"--(extra-)?index-url|--find-links|https?://[\w.-]*(artifactory|nexus|mirror)"
)
MACHINE = re.compile(r"(?<![\w.])/(work|tmp/w|opt/pypi|opt/wheels|root)(/|\b)")


def _texts() -> list[tuple[str, str]]:
    return [
        (str(path.relative_to(ROOT)), path.read_text(encoding="utf-8", errors="replace"))
        for path in tracked()
        if path.suffix in TEXT and path != HERE and "examples" not in path.parts
    ]


def test_lock_files_name_no_registry() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"https?:|--\w+-url|find-links|file:", text), name


def test_lock_files_pin_and_hash_everything_and_hold_no_torch() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        blocks = re.split(r"\n(?=\S)", re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).strip())
        assert blocks
        for block in blocks:
            assert re.match(r"[a-z0-9._-]+==\S+", block), block[:80]
            assert "--hash=sha256:" in block, block[:80]
        assert not re.search(r"^torch==", text, flags=re.MULTILINE)


def test_lock_files_hold_every_dependency() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for lock, wanted in (
        ("requirements.lock", project["project"]["dependencies"]),
        ("requirements-dev.lock", project["dependency-groups"]["dev"]),
    ):
        text = (ROOT / lock).read_text(encoding="utf-8")
        locked = {name.lower() for name in re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)}
        names = {re.split(r"[<>=!~\[; ]", line)[0].lower() for line in wanted}
        assert names - locked == set(), f"run make lock: {lock}"


def test_no_file_names_a_registry() -> None:
    assert [name for name, text in _texts() if REGISTRY.search(text)] == []


def test_no_file_holds_a_path_of_somebodys_machine() -> None:
    found = [
        f"{name}: {match.group(0)}" for name, text in _texts() if (match := MACHINE.search(text))
    ]
    assert found == []


def test_examples_are_small_and_each_names_its_source() -> None:
    folder = ROOT / "examples"
    files = [
        path
        for path in tracked()
        if folder in path.parents and path.name not in ("SOURCES.md", ".mammothignore")
    ]
    assert len(files) >= 30
    assert sum(path.stat().st_size for path in files) < 15_000_000
    sources = (folder / "SOURCES.md").read_text(encoding="utf-8")
    unnamed = [p.name for p in files if "documents" not in p.parts and f"`{p.name}`" not in sources]
    assert unnamed == []


def test_no_test_medium_is_in_the_repository(media: Path) -> None:
    """Bytes of the measuring media (their licences vary) are nowhere in the project."""
    ours = {path.stat().st_size: path for path in tracked() if path.stat().st_size > 200}
    theirs = {hashlib.sha256(p.read_bytes()).hexdigest(): p for p in _same_size(media, set(ours))}
    for path in tracked():
        if path.stat().st_size > 200:
            twin = theirs.get(hashlib.sha256(path.read_bytes()).hexdigest())
            assert twin is None or "pocketsphinx" in str(twin) or "librivox" in str(twin), path


def _same_size(media: Path, sizes: set[int]) -> list[Path]:
    return [p for p in media.rglob("*") if p.is_file() and p.stat().st_size in sizes]


def test_every_third_party_package_is_in_the_notices() -> None:
    notices = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8").lower()
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    names = set(re.findall(r"^([A-Za-z0-9._-]+)==[^;\n]*\\$", lock, re.MULTILINE))
    assert names
    assert {name for name in names if f"| {name.lower()} " not in notices} == set()
