"""Names that are legal on Linux, macOS and Windows alike, and paths that stay inside their folder.

Whatever a model, a taxonomy or a person proposes goes through here before it becomes a folder.
Knows nothing of the disk: it judges and repairs text.

Example:
    >>> legal_name("../CON: the *best*?")
    'CON the best'
    >>> problems("aux.txt")
    ['aux is a reserved name on Windows']
"""

from __future__ import annotations

import os
import re
import unicodedata

MAX_NAME_BYTES = 255
"""Longest name ext4, APFS, NTFS and exFAT all take, in bytes of UTF-8."""

MAX_FOLDER_BYTES = 80
"""Longest folder name ever proposed, in bytes of UTF-8; people's own may be longer."""

MAX_PATH_BYTES = 1000
"""Longest path below the root, in bytes: under macOS's 1,024 with room for the root's own."""

_FORBIDDEN = '<>:"/\\|?*'
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])", re.IGNORECASE)
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,4}$")
_JOINERS = "‌‍"


def _invisible(char: str) -> bool:
    """Control, format (direction marks included), surrogate, private or unassigned character."""
    return unicodedata.category(char)[0] == "C" and char not in _JOINERS


def _is_reserved(name: str) -> bool:
    return _RESERVED.fullmatch(name.split(".")[0].rstrip(" ")) is not None


def problems(name: str) -> list[str]:
    """Why `name` is not legal on all three systems, in words; empty when it is."""
    found = []
    if not name or name in (".", ".."):
        return ["a name cannot be empty, '.' or '..'"]
    bad = sorted({char for char in name if char in _FORBIDDEN})
    if bad:
        found.append(f"{' '.join(bad)} cannot be part of a name")
    if any(_invisible(char) or char in "\u2028\u2029" for char in name):
        found.append("it has invisible or control characters")
    if name[-1] in " .":
        found.append("it ends in a dot or a space")
    if name[0] == " ":
        found.append("it begins with a space")
    if _is_reserved(name):
        found.append(f"{name.split('.')[0]} is a reserved name on Windows")
    if len(name.encode("utf-8", "surrogateescape")) > MAX_NAME_BYTES:
        found.append(f"it is longer than {MAX_NAME_BYTES} bytes")
    if unicodedata.normalize("NFC", name) != name:
        found.append("its letters are not in composed form (NFC)")
    return found


def shorten(text: str, max_bytes: int) -> str:
    """The longest beginning of `text` of at most `max_bytes` of UTF-8 that splits no character."""
    cut = text.encode("utf-8", "surrogateescape")[:max_bytes].decode("utf-8", "ignore")
    if len(cut) < len(text):
        while cut and (unicodedata.combining(text[len(cut)]) or cut[-1] in _JOINERS):
            text, cut = text[: len(cut)], cut[:-1]
    return cut


def legal_name(text: str, fallback: str = "Unnamed", max_bytes: int = MAX_FOLDER_BYTES) -> str:
    """A folder name as near to `text` as is legal everywhere; `fallback` when nothing is left.

    A leading dot (hidden folder) and a file extension ("dogs.png") are taken off.
    """
    text = unicodedata.normalize("NFC", text)
    text = "".join(
        " " if char in _FORBIDDEN or char.isspace() or char in "\u2028\u2029" else char
        for char in text
        if char.isspace() or not _invisible(char)
    )
    text = " ".join(text.split()).strip(" .")
    text = _EXTENSION.sub("", text)
    text = unicodedata.normalize("NFC", shorten(text, max_bytes)).strip(" .")
    text = text.strip(_JOINERS)
    if _is_reserved(text):
        text = f"{text}_" if "." not in text else text.replace(".", "_", 1)
        text = text if not _is_reserved(text) else f"{text}_"
    return text or fallback


def legal_file_name(stem: str, extension: str) -> str:
    """A file name from a proposed `stem` and the file's own `extension` (".jpg" or "")."""
    room = MAX_NAME_BYTES - len(extension.encode("utf-8", "surrogateescape")) - 8
    return legal_name(stem, max_bytes=min(room, 120)) + extension


def collision_key(path: str) -> str:
    """Equal for two paths that some file system takes for one (case, composed letters)."""
    folded = unicodedata.normalize("NFC", path).casefold()
    return unicodedata.normalize("NFC", folded)


def path_problems(target: str, source: str = "") -> list[str]:
    """Why the relative path `target` is not allowed; empty when it is.

    The last part may be odd if it is the source's own name: a file keeps the name it has.

    Args:
        target: below the root, parts joined by "/".
        source: where the file lies now, in the same form.
    """
    if os.path.isabs(target) or (len(target) > 1 and target[1] == ":"):
        return ["it is not a path below the folder"]
    if len(os.fsencode(target)) > MAX_PATH_BYTES:
        return [f"the path is longer than {MAX_PATH_BYTES} bytes"]
    parts = target.split("/")
    own = source.split("/")
    found = []
    for place, part in enumerate(parts):
        if part in ("", ".", ".."):
            found.append("a part of the path is empty, '.' or '..'")
        elif place == len(parts) - 1 and part == own[-1]:
            continue
        elif own[: place + 1] == parts[: place + 1]:
            continue  # a folder that is there already
        else:
            found += [f"{part!r}: {problem}" for problem in problems(part)]
    return found
