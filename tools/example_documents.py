"""The invented documents of `examples/`: office files, PDFs, mail, a receipt, a scanned letter.

Office files are zips of hand-written XML, PDFs are drawn through PDFium, pictures by Pillow with
its built-in font, so nothing here needs an office suite or a system font. Every person, firm,
address and number is invented.
"""

from __future__ import annotations

import ctypes
import zipfile
from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from PIL import Image, ImageDraw, ImageFilter, ImageFont

REPORT = [
    (
        "Allotment report 2024",
        "Plot 12, Millbrook Gardens|Written by Ines Farrow for the garden association||"
        "The year began late. Frost stayed in the ground until the second week of April,|"
        "so the broad beans went in three weeks after our usual date. From May on the|"
        "weather was kind: long dry spells, broken by four heavy thunderstorms.||"
        "This report lists what was grown, what it cost and what we plan for next year.",
    ),
    (
        "Harvest",
        "Potatoes, variety Linda: 48 kg from 14 plants|Tomatoes under glass: 61 kg, first ripe on"
        " 2 July|Runner beans: 17 kg|Pumpkins: 9 pieces, the largest 11.5 kg||"
        "The tomatoes did best. Watering in the morning instead of the evening kept blight|"
        "away until the middle of September. Slugs took nearly all of the lettuce.",
    ),
    (
        "Costs and plans",
        "Seeds and young plants: 86.40|Compost, two deliveries: 130.00|Repair of the greenhouse"
        " door: 45.00|Total: 261.40||"
        "Next year we build a rain water tank of 1,000 litres behind the shed, and leave|"
        "the north bed to wild flowers for the bees.",
    ),
]
INVOICE = (
    "Harbour Bicycle Workshop|14 Quay Street, Lowhaven||Invoice number: HB-2024-0173|"
    "Date: 2024-05-28|Customer: Tomas Lindqvist||1 x Full service, touring bicycle      89.00|"
    "2 x Brake cable with fitting          24.00|1 x Chain, 11 speed                   32.50||"
    "Subtotal   145.50|VAT 20 %    29.10|Total      174.60||"
    "Please pay within 14 days to account LH 00 1234 5678."
)
RECEIPT = (
    "CORNER BAKERY|3 Mill Lane, Lowhaven|Tel 555 0142||2024-06-15  08:42||"
    "Rye bread           4.20|Croissant x 3       5.70|Coffee large        3.10||"
    "TOTAL              13.00|CASH               15.00|CHANGE              2.00||Thank you!"
)
LETTER = (
    "Lowhaven, 3 March 1987||Dear Margaret,||thank you for the parcel with the sailing charts."
    "|They arrived dry, which is more than can be said|of the postman. We mean to sail to the"
    " northern|islands in June, if the engine is repaired by then.||Give my love to the children."
    "||Yours,|Edwin"
)
MINUTES = [
    "Minutes of the choir meeting",
    "Thursday 12 September 2024, parish hall. Present: Ana, Bertil, Chloe, Dmitri, Esra.",
    "The autumn concert is on Saturday 23 November at 19:30. Dmitri books the church.",
    "Programme: three madrigals, the cantata, and two carols as encores.",
    "Esra prints 200 posters. The budget for printing is 120.",
    "Next meeting: 10 October.",
]
BUDGET = [
    ["Trip to the northern islands", "Planned", "Paid"],
    ["Ferry tickets", 184, 184],
    ["Cabin, five nights", 425, 200],
    ["Food", 210, 0],
    ["Bicycle hire", 96, 96],
]
RECIPE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Lentil soup with lemon</title></head>
<body><h1>Lentil soup with lemon</h1>
<p>For four people, 35 minutes.</p>
<ul><li>250 g red lentils</li><li>1 onion, 2 carrots</li><li>1 teaspoon cumin</li>
<li>juice of one lemon</li></ul>
<p>Fry onion and carrots with the cumin, add the lentils and a litre of water, simmer for 25
minutes, blend, and stir in the lemon juice.</p></body></html>
"""
NOTES = """# Islands, day 3

Up at six. Cycled from the harbour to the lighthouse, 27 km, headwind all the way.
Saw two seals on the rocks and a colony of puffins on the cliff.

- Lunch at the old fish market
- Ferry back at 17:40 from pier 2
- Remember: the lighthouse keeper closes the tower at four
"""
BIRDS = "date,place,species,count\n2024-05-04,reed bed,grey heron,2\n2024-05-04,lake,mallard,14\n"
BIRDS += "2024-05-11,wood edge,green woodpecker,1\n2024-05-11,lake,great crested grebe,4\n"
FRENCH = (
    "Chère Hélène,\n\nle café près de la gare a rouvert. On y sert à nouveau la tarte aux pommes"
    " de ta grand-mère. Viens dès que tu peux, la fête du village est le 14 août.\n\nÀ bientôt,"
    "\nBenoît\n"
)
_STAMP = (2024, 1, 1, 0, 0, 0)


def _zip(path: Path, parts: dict[str, str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
            archive.writestr(zipfile.ZipInfo(name, _STAMP), head + text)


def _package(main: str, kind: str) -> dict[str, str]:
    """The two parts every office file has: content types and the pointer to the main part."""
    office = "http://schemas.openxmlformats.org"
    return {
        "[Content_Types].xml": f'<Types xmlns="{office}/package/2006/content-types">'
        '<Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{main}" ContentType='
        f'"application/vnd.openxmlformats-officedocument.{kind}.main+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{office}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{office}/officeDocument/2006/relationships/officeDocument" '
        f'Target="{main}"/></Relationships>',
    }


def write_docx(path: Path, paragraphs: Sequence[str]) -> None:
    """A Word file of plain paragraphs."""
    body = "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in paragraphs)
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    parts = _package("word/document.xml", "wordprocessingml.document")
    parts["word/document.xml"] = (
        f'<w:document xmlns:w="{space}"><w:body>{body}</w:body></w:document>'
    )
    _zip(path, parts)


def write_xlsx(path: Path, rows: Sequence[Sequence[str | int]]) -> None:
    """An Excel file of one sheet."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    links = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    lines = []
    for row in rows:
        cells = [
            f"<c><v>{cell}</v></c>"
            if isinstance(cell, int)
            else f'<c t="inlineStr"><is><t>{escape(cell)}</t></is></c>'
            for cell in row
        ]
        lines.append(f"<row>{''.join(cells)}</row>")
    parts = _package("xl/workbook.xml", "spreadsheetml.sheet")
    sheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        "</Types>",
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{sheet_type}"/></Types>',
    )
    parts["xl/workbook.xml"] = (
        f'<workbook xmlns="{main}" xmlns:r="{links}"><sheets>'
        '<sheet name="Budget" sheetId="1" r:id="r1"/></sheets></workbook>'
    )
    parts["xl/_rels/workbook.xml.rels"] = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{links}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>"
    )
    parts["xl/worksheets/sheet1.xml"] = (
        f'<worksheet xmlns="{main}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
    )
    _zip(path, parts)


def write_pdf(path: Path, pages: Sequence[tuple[str, str]]) -> None:
    """A PDF with a text layer: (heading, lines joined by ``|``) a page, A4."""
    document = pypdfium2.PdfDocument.new()
    for heading, text in pages:
        page = document.new_page(595, 842)
        _line(document, page, heading, 20, 770)
        for number, line in enumerate(text.split("|")):
            _line(document, page, line, 11, 730 - 18 * number)
        page.gen_content()
    document.save(path)


def _line(
    document: pypdfium2.PdfDocument, page: pypdfium2.PdfPage, text: str, size: float, y: float
) -> None:
    if not text:
        return
    item = pdfium.FPDFPageObj_NewTextObj(document.raw, b"Helvetica", size)
    encoded = (text + "\0").encode("utf-16-le")
    words = (ctypes.c_ushort * (len(encoded) // 2)).from_buffer_copy(encoded)
    pdfium.FPDFText_SetText(item, words)
    pdfium.FPDFPageObj_Transform(item, 1, 0, 0, 1, 60, y)
    pdfium.FPDFPage_InsertObject(page.raw, item)


def draw_text(text: str, size: tuple[int, int], font_px: int, tilt: float) -> Image.Image:
    """Lines (joined by ``|``) on paper with grain and a slight tilt in degrees."""
    sheet = Image.new("L", size, 246)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(font_px)
    for number, line in enumerate(text.split("|")):
        pen.text((size[0] * 0.1, size[1] * 0.07 + number * font_px * 1.5), line, 30, font)
    sheet = sheet.rotate(tilt, resample=Image.Resampling.BICUBIC, fillcolor=225)
    grain = np.random.default_rng(7).normal(0, 5, (size[1], size[0]))
    return Image.fromarray(np.clip(np.asarray(sheet) + grain, 0, 255).astype(np.uint8)).filter(
        ImageFilter.GaussianBlur(0.6)
    )


def _mail() -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Northern Ferries <booking@ferries.example>"
    mail["To"] = "Tomas Lindqvist <tomas@mail.example>"
    mail["Date"] = "Tue, 04 Jun 2024 09:12:00 +0000"
    mail["Subject"] = "Your ferry booking NF-88231"
    mail.set_content(
        "Dear Tomas,\n\nyour booking is confirmed.\n\nOutward: 21 June 2024, 07:30, pier 2\n"
        "Return: 26 June 2024, 17:40\nPassengers: 2, bicycles: 2\nTotal paid: 184.00\n\n"
        "Please be at the pier 30 minutes before departure.\n"
    )
    return mail


def write(out: Path) -> None:
    """All documents into the new folder `out`."""
    out.mkdir(parents=True)
    write_pdf(out / "allotment-report.pdf", REPORT)
    write_pdf(out / "bicycle-invoice.pdf", [("INVOICE", INVOICE)])
    draw_text(RECEIPT, (620, 900), 30, 1.2).save(out / "scan_0001.jpg", quality=80)
    draw_text(LETTER, (1000, 1000), 30, -0.8).save(
        out / "scan_0002.pdf", resolution=120, quality=70
    )
    write_docx(out / "minutes.docx", MINUTES)
    write_xlsx(out / "trip-budget.xlsx", BUDGET)
    (out / "soup.html").write_text(RECIPE, encoding="utf-8")
    (out / "day3.md").write_text(NOTES, encoding="utf-8")
    (out / "birds.csv").write_text(BIRDS, encoding="utf-8")
    (out / "lettre.txt").write_bytes(FRENCH.encode("iso-8859-1"))
    (out / "ferry-booking.eml").write_bytes(bytes(_mail()))
