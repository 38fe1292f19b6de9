"""Formats whose outside says little: which of their family is it?

ISO media (mp4, mov, heic, avif, m4a, cr3), Matroska, Ogg, RIFF, IFF, ASF, zip, OLE2, TIFF and raw
photos. Each function gets the first bytes, and a `Look` for the few that must read elsewhere; each
reads a bounded number of bytes and never raises on nonsense.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable

from mammothbox.records import Kind
from mammothbox.scan.signatures import Verdict

Look = Callable[[int, int], bytes]
"""look(offset, count): bytes of the file there; a negative offset counts from its end."""

_I, _V, _A, _D, _O = Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.DOCUMENT, Kind.OTHER

_BRANDS: dict[bytes, Verdict] = {
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis"), (_I, "image/heic")),
    **dict.fromkeys((b"hevc", b"hevx", b"hevm", b"hevs"), (_I, "image/heic-sequence")),
    **dict.fromkeys((b"avif", b"avis"), (_I, "image/avif")),
    **dict.fromkeys((b"M4A ", b"M4B ", b"M4P "), (_A, "audio/mp4")),
    b"crx ": (_I, "image/x-canon-cr3"),
}
_GENERIC_IMAGE = frozenset({b"mif1", b"mif2", b"msf1", b"miaf", b"MiHE", b"MiHB", b"1pic", b"unif"})
_BOXES = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"moof", b"styp"})


def iso_media(head: bytes, extension: str, look: Look) -> Verdict | None:
    """MP4, QuickTime and their picture and sound cousins."""
    if head[4:8] != b"ftyp":
        sane = int.from_bytes(head[:4], "big") >= 8 or head[:4] == b"\0\0\0\1"
        return (_V, "video/quicktime") if head[4:8] in _BOXES and sane else None
    length = min(max(int.from_bytes(head[:4], "big"), 16), 256)
    major = head[12:16] if head[8:12] == b"mif3" else head[8:12]  # mif3 is the short form
    brands = [major] + [head[at : at + 4] for at in range(16, length - 3, 4)]
    for brand in brands[:1] + (brands[1:] if brands[0] in _GENERIC_IMAGE else []):
        if brand in _BRANDS:
            return _BRANDS[brand]
    if brands[0] in _GENERIC_IMAGE:
        return _I, "image/heif"
    movie = _movie_box(look)
    if b"soun" in movie and b"vide" not in movie:
        return _A, "audio/mp4"
    if brands[0] == b"qt  ":
        return _V, "video/quicktime"
    return _V, "video/3gpp" if brands[0][:2] == b"3g" else "video/mp4"


def _movie_box(look: Look) -> bytes:
    """At most 1 MiB of the box that describes the tracks, wherever it is; empty if not found."""
    offset = 0
    for _ in range(64):
        header = look(offset, 16)
        if len(header) < 8:
            return b""
        size, kind = struct.unpack(">I4s", header[:8])
        if kind == b"moov":
            return look(offset, min(size, 1 << 20))
        if size == 1 and len(header) == 16:
            size = struct.unpack(">Q", header[8:])[0]
        if size < 8:
            return b""
        offset += size
    return b""


def matroska(head: bytes, extension: str, look: Look) -> Verdict | None:
    """Matroska and WebM; without a video track they are sound."""
    if not head.startswith(b"\x1a\x45\xdf\xa3"):
        return None
    webm = b"webm" in head[:64]
    has_video, has_sound = re.search(rb"V_[A-Z]{2}", head), re.search(rb"A_[A-Z]{2}", head)
    if not has_video and (has_sound or extension in (".mka", ".weba")):
        return _A, "audio/webm" if webm else "audio/matroska"
    return _V, "video/webm" if webm else "video/matroska"


def ogg(head: bytes, extension: str, look: Look) -> Verdict | None:
    """Ogg: video where a Theora or Dirac stream begins, else sound."""
    if not head.startswith(b"OggS"):
        return None
    video = any(mark in head[:8192] for mark in (b"\x80theora", b"BBCD\x00", b"\x01video\x00"))
    return (_V, "video/ogg") if video else (_A, "audio/ogg")


def riff(head: bytes, extension: str, look: Look) -> Verdict | None:
    """RIFF and IFF."""
    if head[:4] in (b"RIFF", b"RF64", b"BW64", b"RIFX"):
        known = {
            b"WAVE": (_A, "audio/wav"),
            b"AVI ": (_V, "video/x-msvideo"),
            b"WEBP": (_I, "image/webp"),
            b"CDXA": (_V, "video/mpeg"),
        }
        return known.get(head[8:12], (_O, "application/x-riff"))
    if head[:4] == b"FORM":
        sound = head[8:12] in (b"AIFF", b"AIFC", b"8SVX")
        picture = head[8:12] in (b"ILBM", b"PBM ")
        if sound:
            return _A, "audio/aiff"
        return (_I, "image/x-ilbm") if picture else (_O, "application/x-iff")
    return None


def asf(head: bytes, extension: str, look: Look) -> Verdict | None:
    """Windows Media: video where a video stream is described."""
    if not head.startswith(bytes.fromhex("3026b2758e66cf11")):
        return None
    video = bytes.fromhex("c0ef19bc4d5bcf11a8fd00805f5c442b") in head
    return (_V, "video/x-ms-wmv") if video else (_A, "audio/x-ms-wma")


_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIP_MEMBERS: tuple[tuple[bytes, Verdict], ...] = (
    (b"word/document", (_D, _OFFICE + "wordprocessingml.document")),
    (b"xl/workbook", (_D, _OFFICE + "spreadsheetml.sheet")),
    (b"ppt/presentation", (_D, _OFFICE + "presentationml.presentation")),
    (b"META-INF/container.xml", (_D, "application/epub+zip")),
    (b"Index/Document.iwa", (_D, "application/vnd.apple.iwork")),
    (b"AndroidManifest.xml", (_O, "application/vnd.android.package-archive")),
    (b"META-INF/MANIFEST.MF", (_O, "application/java-archive")),
)
_ZIP_EXTENSIONS: dict[str, Verdict] = {
    ".docx": (_D, _OFFICE + "wordprocessingml.document"),
    ".xlsx": (_D, _OFFICE + "spreadsheetml.sheet"),
    ".pptx": (_D, _OFFICE + "presentationml.presentation"),
    ".odt": (_D, "application/vnd.oasis.opendocument.text"),
    ".epub": (_D, "application/epub+zip"),
    ".cbz": (_D, "application/vnd.comicbook+zip"),
    ".htmlz": (_D, "application/x-htmlz"),
    ".txtz": (_D, "application/x-txtz"),
    ".pmlz": (_D, "application/x-pmlz"),
}


def zipped(head: bytes, extension: str, look: Look) -> Verdict | None:
    """Zip: office, e-book, or an archive. Names of members decide; nothing is unpacked."""
    if not head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")):
        return None
    declared = re.match(rb"PK\x03\x04.{22}(?s:.{4})mimetype", head[:64], re.DOTALL)
    if declared:
        mime = re.match(rb"application/[a-z0-9.+-]+", head[declared.end() : declared.end() + 100])
        if mime:
            return _D, mime[0].removesuffix(b"PK").decode()
    names = head + look(-65_536, 65_536)
    for member, verdict in _ZIP_MEMBERS:
        if member in names:
            return verdict
    return _ZIP_EXTENSIONS.get(extension, (_O, "application/zip"))


_OLE: tuple[tuple[str, str], ...] = (
    ("WordDocument", "application/msword"),
    ("PowerPoint Document", "application/vnd.ms-powerpoint"),
    ("Workbook", "application/vnd.ms-excel"),
    ("Book", "application/vnd.ms-excel"),
    ("__properties_version1.0", "application/vnd.ms-outlook"),
    ("__substg1.0_", "application/vnd.ms-outlook"),
)
_OLE_EXTENSIONS = {
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".msg": "application/vnd.ms-outlook",
}


def ole(head: bytes, extension: str, look: Look) -> Verdict | None:
    """The office files of the nineties, and Outlook's messages: names of their streams decide."""
    if not head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return None
    shift, sector = 9, 0
    if len(head) >= 52:
        shift, sector = struct.unpack_from("<H", head, 30)[0], struct.unpack_from("<I", head, 48)[0]
    directory = look((sector + 1) << shift, 8192) if shift in (9, 12) and sector < 2**24 else b""
    for name, mime in _OLE:
        if name.encode("utf-16-le") in directory:
            return _D, mime
    if extension in _OLE_EXTENSIONS:
        return _D, _OLE_EXTENSIONS[extension]
    return _O, "application/x-ole-storage"


_RAW = {
    ".nef": "image/x-nikon-nef",
    ".nrw": "image/x-nikon-nrw",
    ".cr2": "image/x-canon-cr2",
    ".dng": "image/x-adobe-dng",
    ".arw": "image/x-sony-arw",
    ".sr2": "image/x-sony-sr2",
    ".pef": "image/x-pentax-pef",
    ".srw": "image/x-samsung-srw",
    ".3fr": "image/x-hasselblad-3fr",
    ".iiq": "image/x-phaseone-iiq",
    ".erf": "image/x-epson-erf",
    ".kdc": "image/x-kodak-kdc",
    ".dcr": "image/x-kodak-dcr",
    ".mos": "image/x-leaf-mos",
    ".mef": "image/x-mamiya-mef",
}


def tiff(head: bytes, extension: str, look: Look) -> Verdict | None:
    """TIFF, or a raw photo that dresses as one."""
    if not head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return None
    if head[8:10] == b"CR":
        return _I, _RAW[".cr2"]
    order = "<" if head[:2] == b"II" else ">"
    if len(head) > 10:
        start = struct.unpack_from(order + "I", head, 4)[0]
        entries = look(start, 2 + 12 * 80)
        count = struct.unpack_from(order + "H", entries)[0] if len(entries) > 2 else 0
        ends = range(2, min(2 + 12 * count, len(entries) - 11), 12)
        if any(struct.unpack_from(order + "H", entries, at)[0] == 0xC612 for at in ends):
            return _I, _RAW[".dng"]
    return _I, _RAW.get(extension, "image/tiff")


CONTAINERS = (iso_media, matroska, ogg, riff, asf, zipped, ole, tiff)
"""Every container, tried in this order."""
