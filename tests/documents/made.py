"""Documents as people have them, and as nobody should: made here, byte by byte."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

GPUS = """\
# Requesting GPUs

## GPU quota
Every team has a quota of four cards in the shared cluster. To get more for training, open a ticket with the platform
team and name the cost centre. Requests under eight cards are approved within a day.

## Idle notebooks
Idle notebooks are shut down after two hours, so that others can train their models on the cards.
"""
APPROVAL = """\
# Approval of model changes

## The short way
A change of a model that keeps its inputs is approved by the second reviewer alone. Only new inputs go to the board,
which answers within three days. Nobody has to wait for the change advisory board for a retrained model.
"""
LUNCH = "# Cafeteria\n\nMonday pasta, Tuesday curry, Wednesday salad. The cafeteria is open from noon to two.\n"

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def write_docx(file: Path, title: str, paragraphs: Sequence[str], *, prologue: str = "", picture: str = "") -> None:
    """A Word document; `picture` is the address of a linked one, `prologue` stands before the root element."""
    heading = f'<w:p><w:pPr><w:pStyle w:val="Heading1"/></w:pPr><w:r><w:t>{title}</w:t></w:r></w:p>'
    said = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    if picture:
        said += (
            '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/'
            'wordprocessingDrawing"><a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main">'
            '<a:graphicData><pic:pic xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture">'
            f'<pic:blipFill><a:blip xmlns:r="{_OFFICE}" r:link="rId9"/></pic:blipFill></pic:pic></a:graphicData>'
            "</a:graphic></wp:inline></w:drawing></w:r></w:p>"
        )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        to_document = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="word/document.xml"/>'
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{_PACKAGE}">{to_document}</Relationships>')
        to_picture = f'<Relationship Id="rId9" Type="{_OFFICE}/image" Target="{picture}" TargetMode="External"/>'
        archive.writestr(
            "word/_rels/document.xml.rels", f'<Relationships xmlns="{_PACKAGE}">{to_picture}</Relationships>'
        )
        body = f'<w:document xmlns:w="{_WORD}"><w:body>{heading}{said}</w:body></w:document>'
        archive.writestr("word/document.xml", f'<?xml version="1.0"?>{prologue}{body}')


def write_zip_bomb(file: Path, unpacked_bytes: int = 300_000_000) -> None:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        with archive.open("word/document.xml", "w") as opened:
            for _ in range(unpacked_bytes // 1_000_000):
                opened.write(b"0" * 1_000_000)


def laughs() -> str:
    """Entities that stand for ten of the one before each: a billion at the end."""
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE w [<!ENTITY l0 "ha">{entities}]>'


def pdf(lines: Sequence[str]) -> bytes:
    """One page with these lines; with none it is what a scanner leaves: a page without text."""
    shown = "".join(f"({line}) Tj 0 -14 Td\n" for line in lines)
    stream = f"BT /F1 12 Tf 72 720 Td\n{shown}ET".encode() if lines else b"0 0 m"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = b"%PDF-1.4\n", list[int]()
    for number, each in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    tail = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(out))
    return out + head + table + tail
