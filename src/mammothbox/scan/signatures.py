"""Formats that the first bytes name by themselves: (offset, bytes, kind, media type).

Longer and rarer signatures stand before shorter ones. Formats that need a second look (containers,
text) are in `containers` and `text`; the extension plays no part here.
"""

from __future__ import annotations

from mammothbox.records import Kind

Verdict = tuple[Kind, str]
"""A kind and a media type."""

_I, _V, _A, _D, _O = Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.DOCUMENT, Kind.OTHER

SIGNATURES: tuple[tuple[int, bytes, Kind, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", _I, "image/png"),
    (0, b"\xff\xd8\xff", _I, "image/jpeg"),
    (0, b"GIF87a", _I, "image/gif"),
    (0, b"GIF89a", _I, "image/gif"),
    (0, b"\x00\x00\x00\x0cjP  \r\n\x87\n", _I, "image/jp2"),
    (0, b"\xff\x4f\xff\x51", _I, "image/x-jp2-codestream"),
    (0, b"\x00\x00\x00\x0cJXL \r\n\x87\n", _I, "image/jxl"),
    (0, b"\xff\x0a", _I, "image/jxl"),
    (0, b"8BPS\x00", _I, "image/vnd.adobe.photoshop"),
    (0, b"FUJIFILMCCD-RAW", _I, "image/x-fuji-raf"),
    (0, b"IIU\x00", _I, "image/x-panasonic-rw2"),
    (0, b"IIRO", _I, "image/x-olympus-orf"),
    (0, b"IIRS", _I, "image/x-olympus-orf"),
    (0, b"MMOR", _I, "image/x-olympus-orf"),
    (0, b"\x00MRM", _I, "image/x-minolta-mrw"),
    (0, b"FOVb", _I, "image/x-sigma-x3f"),
    (0, b"DDS |", _I, "image/vnd-ms.dds"),
    (0, b"BLP1", _I, "image/x-blp"),
    (0, b"BLP2", _I, "image/x-blp"),
    (0, b"icns", _I, "image/icns"),
    (0, b"v/1\x01", _I, "image/x-exr"),
    (0, b"#?RADIANCE", _I, "image/vnd.radiance"),
    (0, b"qoif", _I, "image/qoi"),
    (0, b"FLIF", _I, "image/flif"),
    (0, b"SIMPLE  =", _I, "image/fits"),
    (0, b"gimp xcf ", _I, "image/x-xcf"),
    (0, b"fLaC", _A, "audio/flac"),
    (0, b".snd\x00", _A, "audio/basic"),
    (0, b"caff\x00", _A, "audio/x-caf"),
    (0, b"MAC \x90\x0f", _A, "audio/ape"),
    (0, b"MAC ", _A, "audio/ape"),
    (0, b"wvpk", _A, "audio/x-wavpack"),
    (0, b"TTA1", _A, "audio/x-tta"),
    (0, b"MPCK", _A, "audio/x-musepack"),
    (0, b"DSD \x1c", _A, "audio/x-dsf"),
    (0, b"#!AMR", _A, "audio/amr"),
    (0, b"\x0b\x77", _A, "audio/ac3"),
    (0, b"MThd\x00\x00\x00\x06", _O, "audio/midi"),
    (0, b"FLV\x01", _V, "video/x-flv"),
    (0, b"\x00\x00\x01\xba", _V, "video/mpeg"),
    (0, b"\x00\x00\x01\xb3", _V, "video/mpeg"),
    (0, b".RMF\x00\x00", _V, "application/vnd.rn-realmedia"),
    (0, b"YUV4MPEG2 ", _V, "video/x-yuv4mpeg"),
    (0, b"\x06\x0e\x2b\x34\x02\x05\x01\x01", _V, "application/mxf"),
    (0, b"DKIF\x00\x00", _V, "video/x-ivf"),
    (0, b"%PDF-", _D, "application/pdf"),
    (0, b"{\\rtf", _D, "text/rtf"),
    (0, b"%!PS", _D, "application/postscript"),
    (0, b"\xdb\xa5\x2d\x00", _D, "application/msword"),
    (0, b"\x31\xbe\x00\x00", _D, "application/x-mswrite"),
    (0, b"AT&TFORM", _D, "image/vnd.djvu"),
    (0, b"ITSF\x03", _D, "application/vnd.ms-htmlhelp"),
    (60, b"BOOKMOBI", _D, "application/x-mobipocket-ebook"),
    (60, b"TEXtREAd", _D, "application/vnd.palm"),
    (60, b"PNRdPPrs", _D, "application/vnd.palm"),
    (0, b"L\x00R\x00F\x00", _D, "application/x-sony-bbeb"),
    (0, b"\xffWPC", _D, "application/vnd.wordperfect"),
    (0, b"\x00\x00\x02\x00\x06\x04\x06\x00", _D, "application/vnd.lotus-1-2-3"),
    (0, b"SNBP000B", _D, "application/x-snb"),
    (0, b"\x1f\x8b", _O, "application/gzip"),
    (0, b"BZh", _O, "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", _O, "application/x-xz"),
    (0, b"7z\xbc\xaf\x27\x1c", _O, "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", _O, "application/vnd.rar"),
    (0, b"(\xb5/\xfd", _O, "application/zstd"),
    (0, b"MSCF\x00\x00\x00\x00", _O, "application/vnd.ms-cab-compressed"),
    (257, b"ustar", _O, "application/x-tar"),
    (0, b"SQLite format 3\x00", _O, "application/vnd.sqlite3"),
    (0, b"\x7fELF", _O, "application/x-elf"),
    (0, b"\xca\xfe\xba\xbe", _O, "application/java-vm"),
    (0, b"\xcf\xfa\xed\xfe", _O, "application/x-mach-binary"),
    (0, b"\xce\xfa\xed\xfe", _O, "application/x-mach-binary"),
    (0, b"\x00asm\x01", _O, "application/wasm"),
    (0, b"wOFF", _O, "font/woff"),
    (0, b"wOF2", _O, "font/woff2"),
    (0, b"\x00\x01\x00\x00\x00", _O, "font/ttf"),
    (0, b"OTTO\x00", _O, "font/otf"),
    (0, b"GGUF", _O, "application/x-gguf"),
)

_BY_FIRST: dict[int, list[tuple[bytes, Verdict]]] = {}
_ELSEWHERE: list[tuple[int, bytes, Verdict]] = []
for _offset, _magic, _kind, _mime in SIGNATURES:
    if _offset:
        _ELSEWHERE.append((_offset, _magic, (_kind, _mime)))
    else:
        _BY_FIRST.setdefault(_magic[0], []).append((_magic, (_kind, _mime)))


def by_signature(head: bytes) -> Verdict | None:
    """What the first bytes say by themselves, or None."""
    for magic, verdict in _BY_FIRST.get(head[0], ()) if head else ():
        if head.startswith(magic):
            return verdict
    for offset, magic, verdict in _ELSEWHERE:
        if head.startswith(magic, offset):
            return verdict
    return None
