"""What the benches' commands share: which parts are asked for, and how the answer is shown.

Knows nothing of what is measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from bench.quality.report import print_tables
from mammothbox.errors import MammothboxError


def answer(
    options: argparse.Namespace,
    parts: Sequence[str],
    title: str,
    work: Callable[[list[str]], dict[str, Any]],
) -> int:
    """Exit status 0, 2 for an unknown part, or the error's own when the product refuses.

    Args:
        options: with `only`, comma-separated parts or empty for all, and `json`.
        parts: those there are.
        title: stands above the tables.
        work: measures the parts it is given.
    """
    only = options.only.split(",") if options.only else list(parts)
    unknown = sorted(set(only) - set(parts))
    if unknown:
        print(f"unknown parts: {', '.join(unknown)}; known: {', '.join(parts)}", file=sys.stderr)
        return 2
    return shown(options, title, lambda: work(only))


def shown(
    options: argparse.Namespace, title: str, work: Callable[[], dict[str, Any]], part: str = ""
) -> int:
    """Exit status 0, or the error's own when the product refuses.

    Args:
        options: with `json`.
        title: stands above the tables.
        work: measures.
        part: what the result is called in the tables where it is a single part.
    """
    try:
        result = work()
    except MammothboxError as error:
        print(str(error), file=sys.stderr)
        return error.exit_code
    if options.json:
        print(json.dumps(result, ensure_ascii=False, indent=1))
    else:
        print_tables(title, {part: result} if part else result)
    return 0
