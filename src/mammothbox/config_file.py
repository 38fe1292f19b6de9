"""The settings a person keeps in a file: ``config.toml`` in the platform's config directory.

`settings.load_settings` reads it below the environment; ``mammothbox models use`` writes it. The
file holds ``name = value`` lines, one per field of `Settings`; MAMMOTHBOX_CONFIG names another.

Example:
    >>> write_value(Path("/tmp/config.toml"), "profile", "lite")           # doctest: +SKIP
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_config_dir

from mammothbox.errors import UsageError

VARIABLE = "MAMMOTHBOX_CONFIG"


def config_path(environ: Mapping[str, str]) -> Path:
    """Where the file lies, whether or not it is there."""
    named = environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    return Path(user_config_dir("mammothbox", appauthor=False)) / "config.toml"


def written(environ: Mapping[str, str]) -> list[Path]:
    """The file, if it is there: what a purge of everything removes."""
    path = config_path(environ)
    return [path] if path.is_file() else []


def read_values(path: Path) -> dict[str, str]:
    """Name → value as text; empty when there is no file.

    Raises:
        UsageError: it is not TOML, or a value is no text, number or truth.
    """
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} cannot be read ({error}); repair or delete it") from error
    for name, value in values.items():
        if not isinstance(value, str | int | float):
            raise UsageError(f"{path}: {name} must be one value; write for example {name} = 1")
    return {name: str(value) for name, value in values.items()}


def write_value(path: Path, name: str, value: str) -> None:
    """Set one name, keeping the file's other lines; the file is replaced at once.

    Raises:
        UsageError: the file that is there is not readable.
    """
    read_values(path)
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    kept = [line for line in lines if not re.match(rf"\s*{re.escape(name)}\s*=", line)]
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_text("\n".join([*kept, f"{name} = {json.dumps(value)}"]) + "\n", "utf-8")
    fresh.replace(path)
