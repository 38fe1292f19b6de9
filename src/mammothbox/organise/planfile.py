"""The plan as a YAML file that a person can read and edit.

Every folder lists its files, one a line. To rename a folder, change its line; to put a file
elsewhere, move its line; to leave a file where it is, delete its line; ``old.jpg: new.jpg`` gives
a new name. What the files were when the plan was made stands at the end, so that a line can be
moved freely. Written and read line by line: 100,000 files take seconds.

Example of the file::

    plan: 1
    root: /home/ann/Mess
    folders:
      "Dogs":
        reason: dog, grass
        confidence: 0.93
        files:
        - IMG_1.jpg
        - "IMG_7.jpg": "Dog by the sea.jpg"
    known:
      IMG_1.jpg: [2048, 1700000000000000000, 5d41...]
"""

from __future__ import annotations

import json
import math
import posixpath
import re
from collections.abc import Iterator
from io import StringIO
from typing import Any

import yaml

from mammothbox.errors import UsageError
from mammothbox.organise.plan import Folder, Move, Plan
from mammothbox.records import Digest

VERSION = 1
"""Of the file's shape; a higher one is refused."""

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./ ()&+-]*[A-Za-z0-9_)+]")
_SURROGATE = re.compile(r"\\ud[89a-f]", re.IGNORECASE)
"""A byte of a name that is not UTF-8, as an escape."""
_WORDS = frozenset(["y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"])

_HEAD = """\
# A plan of MammothBox. Nothing has been moved yet. Edit it as you like:
#   rename a folder      change its line
#   put a file elsewhere move its line to another folder
#   leave a file alone   delete its line
#   give a new name      - old.jpg: new.jpg
# Then see what it would do:  mammothbox plan --check THIS_FILE
# and do it:                  mammothbox apply THIS_FILE
"""

_FOOT = """\
# What each file was when the plan was made: size, time, digest, proposed folder.
# Not for editing.
"""


def _scalar(text: str) -> str:
    """A YAML scalar: plain where that is safe, else in double quotes."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS and "  " not in text:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    if quoted.isprintable():
        return quoted
    return "".join(char if char.isprintable() else _escape(char) for char in quoted)


def _escape(char: str) -> str:
    return f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}"


def dump(plan: Plan) -> str:
    """The text of the file."""
    out = StringIO()
    out.write(f"{_HEAD}plan: {VERSION}\nroot: {_scalar(plan.root)}\n")
    for name, values in (("options", plan.options), ("cost", plan.cost)):
        out.write(f"{name}: {json.dumps(dict(values), ensure_ascii=True)}\n")
    out.write("folders:\n" if plan.moves else "folders: {}\n")
    known = {folder.path: folder for folder in plan.folders}
    for path, moves in plan.members().items():
        if moves:
            _dump_folder(out, known.get(path, Folder(path)), moves)
    out.write(_FOOT)
    out.write("known:\n" if plan.moves else "known: {}\n")
    for move in plan.moves:
        digest = move.digest or '""'
        facts = f"{move.size}, {move.mtime_ns}, {digest}, {json.dumps(move.proposed)}"
        out.write(f"  {_scalar(move.source)}: [{facts}]\n")
    return out.getvalue()


def _dump_folder(out: StringIO, folder: Folder, moves: tuple[Move, ...]) -> None:
    out.write(f"  {_scalar(folder.path or '.')}:\n")
    out.write(f"    reason: {_scalar(folder.reason)}\n")
    out.write(f"    confidence: {folder.confidence:.2f}\n    files:\n")
    for move in moves:
        name = posixpath.basename(move.target)
        new = "" if name == posixpath.basename(move.source) else f": {_scalar(name)}"
        out.write(f"    - {_scalar(move.source)}{new}\n")


def parse(text: str) -> Plan:
    """The plan in the text of a file that a person may have edited.

    Raises:
        UsageError: it is no plan; the message names the line.
    """
    fast = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loader = yaml.SafeLoader if _SURROGATE.search(text) else fast  # libyaml refuses those
    try:
        tree = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        raise UsageError(f"the plan is not valid YAML: {' '.join(str(error).split())}") from error
    top = dict(_pairs(tree, "the plan"))
    version = _text(top.get("plan"))
    if version != str(VERSION):
        raise UsageError(f"this is no plan of version {VERSION} (plan: {version or 'missing'})")
    if not posixpath.isabs(_text(top.get("root"))):
        raise UsageError("the plan names no root, the absolute path of its folder")
    known = {path: _fingerprint(node) for path, node in _pairs(top.get("known"), "known")}
    folders: dict[str, Folder] = {}
    moves: list[Move] = []
    for written, node in _pairs(top.get("folders"), "folders"):
        path = "" if written == "." else written.strip("/")
        fields = dict(_pairs(node, f"folder {written}"))
        confidence = _number(fields.get("confidence"))
        folders.setdefault(path, Folder(path, _text(fields.get("reason")), confidence))
        for source, name in _files(fields.get("files")):
            target = posixpath.join(path, name)
            moves.append(Move(source, target, *known.get(source, ())))
    return Plan(
        _text(top["root"]), tuple(folders.values()), tuple(moves),
        _json(top.get("options")), _json(top.get("cost")),
    )  # fmt: skip


def _pairs(node: yaml.Node | None, what: str) -> Iterator[tuple[str, yaml.Node]]:
    """Keys and values in order, double keys too (two folders may be given one name)."""
    if node is None or (isinstance(node, yaml.ScalarNode) and node.value in ("", "{}")):
        return
    if not isinstance(node, yaml.MappingNode):
        raise UsageError(f"{what} should have lines of the form name: value{_place(node)}")
    for key, value in node.value:
        yield _text(key), value


def _place(node: yaml.Node) -> str:
    return f" (line {node.start_mark.line + 1})" if node.start_mark else ""


def _text(node: yaml.Node | None) -> str:
    if node is None:
        return ""
    if not isinstance(node, yaml.ScalarNode):
        raise UsageError(f"a single value is expected{_place(node)}")
    return str(node.value)


def _number(node: yaml.Node | None) -> float:
    try:
        number = float(_text(node) or "1")
    except ValueError:
        return 1.0
    return number if math.isfinite(number) else 1.0


def _files(node: yaml.Node | None) -> Iterator[tuple[str, str]]:
    """(source, name) of each file of a folder."""
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        return
    if not isinstance(node, yaml.SequenceNode):
        raise UsageError(f"files should be lines that begin with a dash{_place(node)}")
    for entry in node.value:
        if isinstance(entry, yaml.MappingNode):
            for source, name in _pairs(entry, "a file"):
                yield source, _text(name)
        else:
            yield _text(entry), posixpath.basename(_text(entry))


def _fingerprint(node: yaml.Node) -> tuple[int, int, Digest, str]:
    if isinstance(node, yaml.SequenceNode) and len(node.value) in (3, 4):
        size, mtime, digest, *rest = (_text(value) for value in node.value)
        if size.lstrip("-").isdigit() and mtime.lstrip("-").isdigit():
            return int(size), int(mtime), Digest(digest), rest[0] if rest else ""
    raise UsageError(f"the plan's list of known files is damaged{_place(node)}")


def _json(node: yaml.Node | None) -> dict[str, Any]:
    if node is None:
        return {}
    value = yaml.safe_load(yaml.serialize(node))
    return value if isinstance(value, dict) else {}
