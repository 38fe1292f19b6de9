"""Settings kept in a file: below the environment, above the defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from mammothbox.config_file import write_value
from mammothbox.errors import UsageError
from mammothbox.settings import load_settings


def test_the_file_lies_between_environment_and_defaults(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('profile = "full"\nmemory_bytes = "3GB"\nthreads = 2\n')
    named = {"MAMMOTHBOX_CONFIG": str(path)}
    settings = load_settings(named)
    assert (settings.profile, settings.memory_bytes, settings.threads) == ("full", 3 * 10**9, 2)
    assert load_settings(named | {"MAMMOTHBOX_PROFILE": "lite"}).profile == "lite"
    assert load_settings(named, profile="lite").profile == "lite"
    assert load_settings({}).profile == "lite"


def test_writing_keeps_the_other_lines(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config.toml"
    write_value(path, "profile", "full")
    path.write_text("# mine\nthreads = 2\n" + path.read_text())
    write_value(path, "profile", "lite")
    assert path.read_text() == '# mine\nthreads = 2\nprofile = "lite"\n'


@pytest.mark.parametrize(
    "text", ["profile = lite", "profile = []", 'colour = "red"', 'profile = "huge"', "\xff"]
)
def test_a_bad_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, "latin-1")
    with pytest.raises(UsageError):
        load_settings({"MAMMOTHBOX_CONFIG": str(path)})
