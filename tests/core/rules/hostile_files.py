"""Files as they should be, and hostile ones, made here: nothing of the kind lies in the repository."""

import io
import struct
import zipfile
import zlib
from typing import Any

TYPES = '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'
LINK = '<Relationships><Relationship Type="http://x/relationships/{kind}" Target="{to}" TargetMode="External"/></Relationships>'


def office(part: str = "word/document.xml", /, **more: Any) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", more.pop("types", TYPES))
        archive.writestr(part, "<x/>")
        for name, content in more.items():
            archive.writestr(name.replace("__", "/"), content)
    return kept.getvalue()


def linked(kind: str, to: str = "https://example.org/") -> bytes:
    return office(**{"word/_rels/document.xml.rels": LINK.format(kind=kind, to=to)})


def pdf(*objects: bytes) -> bytes:
    body = b"".join(b"%d 0 obj\n%s\nendobj\n" % (number, each) for number, each in enumerate(objects, 1))
    return b"%PDF-1.7\n" + body + b"trailer\n<</Root 1 0 R>>\n%%EOF\n"


def packed(text: bytes, names: bytes = b"/Type /ObjStm /Filter /FlateDecode") -> bytes:
    content = zlib.compress(text)
    return b"<<%s /Length %d>>\nstream\n%s\nendstream" % (names, len(content), content)


def chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(*chunks: bytes, after: bytes = b"") -> bytes:
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND") + after


def jpeg(comment: bytes = b"camera", after: bytes = b"") -> bytes:
    def segment(marker: int, content: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content

    return b"\xff\xd8" + segment(0xE0, b"JFIF\0") + segment(0xFE, comment) + segment(0xDA, b"\0") + b"\x12\x34\xff\xd9" + after


def bomb() -> bytes:
    return office(**{"word/media/wide.bin": b"\0" * 30_000_000})


def many_parts(count: int = 60_000) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w") as archive:
        for number in range(count):
            archive.writestr(f"{number}", b"")
    return kept.getvalue()


def encrypted_office() -> bytes:
    content = bytearray(office())
    at = content.rfind(b"PK\x01\x02")
    content[at + 8] |= 1
    return bytes(content)


GOOD: dict[str, tuple[str, bytes]] = {
    "plain PDF": ("offer.pdf", pdf(b"<</Type /Catalog>>", packed(b"<</Type /Page>>"))),
    "PDF with pixels that look like words": ("offer.pdf", pdf(b"<</Length 9>>\nstream\n/JS /AA<swf\nendstream")),
    "PNG": ("scan.PNG", png(chunk(b"tEXt", b"Author\0Somebody <somebody@example.org>"))),
    "JPEG": ("scan.jpeg", jpeg()),
    "JPEG with a small one after it": ("scan.jpg", jpeg(after=jpeg())),
    "sheet of text": ("rows.csv", b"a,b\n1,2\n=SUM(A1),<5\n"),
    "note": ("note.txt", "\ufeffGr\u00fc\u00dfe".encode()),
    "old note": ("old.txt", "Gr\u00fc\u00dfe".encode("latin-1")),
    "document": ("offer.docx", office("word/document.xml")),
    "workbook": ("rows.xlsx", office("xl/workbook.xml")),
}
NOTED: dict[str, tuple[str, bytes, str]] = {
    "PDF that carries an invoice as XML": ("invoice.pdf", pdf(b"<</EF <</F 3 0 R>> /Type /Filespec>>"), "other files"),
    "document with a link": ("offer.docx", linked("hyperlink"), "links"),
}
BAD: dict[str, tuple[str, bytes, str]] = {
    "nothing": ("empty.txt", b"", "empty"),
    "program": ("tool.exe", b"MZ\x90\0", "kind"),
    "macro document by its name": ("offer.docm", office(), "kind"),
    "macro workbook by its name": ("rows.xlsm", office("xl/workbook.xml"), "kind"),
    "drawing by its name": ("drawing.svg", b"<svg/>", "kind"),
    "page by its name": ("page.html", b"<p>", "kind"),
    "no ending": ("noending", b"text", "kind"),
    "program called PDF": ("offer.pdf", b"MZ\x90\0", "not_what_it_says"),
    "PDF called PNG": ("scan.png", pdf(), "not_what_it_says"),
    "page called text": ("page.txt", b"<!DOCTYPE html><script>alert(1)</script>", "not_what_it_says"),
    "page after white space": ("page.txt", b"\xef\xbb\xbf \n\t<HTML>", "not_what_it_says"),
    "page after a comment": ("page.csv", b"a,b\n<!-- x --><script src=x>", "not_what_it_says"),
    "drawing called text": ("drawing.txt", b"<svg onload='x'/>", "not_what_it_says"),
    "XML called text": ("data.txt", b"<?xml version='1.0'?><x/>", "not_what_it_says"),
    "GIF and script": ("gif.txt", b"GIF89a=1;alert(1)//", "not_what_it_says"),
    "script with its caller": ("run.txt", b"#!/bin/sh\nrm", "not_what_it_says"),
    "rich text": ("rich.txt", b"{\\rtf1 \\object}", "not_what_it_says"),
    "mail with a page": ("mail.txt", b"MIME-Version: 1.0\n\n", "not_what_it_says"),
    "PDF inside text": ("odd.txt", b"hello\n%PDF-1.7\n", "not_what_it_says"),
    "NULs": ("rows.csv", b"a,b\0", "not_what_it_says"),
    "another document": ("rows.xlsx", office("word/document.xml"), "not_what_it_says"),
    "any archive": ("rows.xlsx", office("whatever.txt"), "not_what_it_says"),
    "archive that ends early": ("offer.docx", b"PK\x03\x04 and nothing more", "damaged"),
    "archive cut off": ("offer.docx", office()[:-30], "damaged"),
    "PDF and archive": ("offer.pdf", pdf() + office(), "polyglot"),
    "PNG and archive": ("scan.png", png(after=office()), "polyglot"),
    "JPEG and archive": ("scan.jpg", jpeg(after=office()), "polyglot"),
    "text and archive": ("note.txt", b"hello " + office(), "polyglot"),
    "archive with something before": ("offer.docx", b"PK\x03\x04xx" + office(), "polyglot"),
    "archive with something after": ("offer.docx", office() + b"<script>", "polyglot"),
    "PDF and page": ("offer.pdf", b"%PDF-1.7\n<html><script>" + pdf(), "polyglot"),
    "page in a PNG": ("scan.png", png(chunk(b"tEXt", b"Comment\0<script>alert(1)</script>")), "polyglot"),
    "something after a PNG": ("scan.png", png(after=b"<?php"), "polyglot"),
    "page in a JPEG": ("scan.jpg", jpeg(comment=b"<svg onload=alert(1)>"), "polyglot"),
    "page after a JPEG": ("scan.jpg", jpeg(after=b"<html>"), "polyglot"),
    "PNG cut off": ("scan.png", png()[:-9], "damaged"),
    "JPEG cut off": ("scan.jpg", jpeg()[:-2], "damaged"),
    "bomb": ("offer.docx", bomb(), "bomb"),
    "too many parts": ("offer.docx", many_parts(), "too_many_parts"),
    "archive in an archive": ("offer.docx", office(**{"word/inner.zip": office()}), "nested"),
    "embedded object": ("offer.docx", office(**{"word/embeddings/oleObject1.bin": b"x"}), "nested"),
    "password": ("offer.docx", encrypted_office(), "encrypted"),
    "macros": ("offer.docx", office(**{"word/vbaProject.bin": b"x"}), "macros"),
    "old macros": ("rows.xlsx", office("xl/workbook.xml", **{"xl/macrosheets/sheet1.xml": "<x/>"}), "macros"),
    "macros by type": ("offer.docx", office(types="<T x='vnd.ms-word.document.macroEnabled.main+xml'/>"), "macros"),
    "template from elsewhere": ("offer.docx", linked("attachedTemplate"), "pulls_in"),
    "object from elsewhere": ("offer.docx", linked("oleObject", "file:///etc/passwd"), "pulls_in"),
    "way out of the folder": ("offer.docx", office(**{"../../etc/cron.d/x": b"x"}), "damaged"),
    "PDF with a script": ("offer.pdf", pdf(b"<</OpenAction <</S /JavaScript /JS (app.alert(1))>> >>"), "active"),
    "PDF with a script under another spelling": ("offer.pdf", pdf(b"<</S /J#61vaScript>>"), "active"),
    "PDF with a packed script": ("offer.pdf", pdf(packed(b"<</S /JavaScript /JS (x)>>")), "active"),
    "PDF that starts a program": ("offer.pdf", pdf(b"<</S /Launch /F (cmd.exe)>>"), "active"),
    "PDF that sends a form": ("offer.pdf", pdf(b"<</S /SubmitForm /F (https://x)>>"), "active"),
    "PDF with XFA": ("offer.pdf", pdf(b"<</AcroForm <</XFA 3 0 R>> >>"), "active"),
    "PDF with a password": ("offer.pdf", pdf(b"<</Encrypt 3 0 R>>"), "encrypted"),
    "PDF packed twice": ("offer.pdf", pdf(packed(b"x", b"/Type /ObjStm /Filter [/ASCIIHexDecode /FlateDecode]")), "too_much"),
    "PDF packed wrongly": ("offer.pdf", pdf(b"<</Type /ObjStm /Filter /FlateDecode>>\nstream\nxxxx\nendstream"), "damaged"),
    "PDF bomb": ("offer.pdf", pdf(*[packed(b"\0" * 4_000_000)] * 9), "too_much"),
}  # fmt: skip
