"""Files nobody should send: XML and PDF that attack their reader. Made from a seed, the same every time.

Each is (name, content, how it is refused): `how` is a word of the reason. `hits` is a port that nobody may call.
"""

from __future__ import annotations

import base64
import gzip
import random
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

CII = """<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
 xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
 xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
<rsm:ExchangedDocument><ram:ID>@ID@</ram:ID><ram:TypeCode>380</ram:TypeCode><ram:IssueDateTime>
<udt:DateTimeString format="102">@DATE@</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction><ram:IncludedSupplyChainTradeLineItem>
<ram:SpecifiedTradeProduct><ram:Name@ATTRIBUTE@>@NAME@</ram:Name></ram:SpecifiedTradeProduct>
<ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>@PRICE@</ram:ChargeAmount>
</ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
<ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="C62">1</ram:BilledQuantity>
</ram:SpecifiedLineTradeDelivery>
<ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax><ram:CategoryCode>S</ram:CategoryCode>
<ram:RateApplicablePercent>20</ram:RateApplicablePercent></ram:ApplicableTradeTax>
<ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>100</ram:LineTotalAmount>
</ram:SpecifiedTradeSettlementLineMonetarySummation></ram:SpecifiedLineTradeSettlement>
</ram:IncludedSupplyChainTradeLineItem><ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty>
<ram:Name>Acme</ram:Name><ram:PostalTradeAddress><ram:CountryID>FR</ram:CountryID></ram:PostalTradeAddress>
</ram:SellerTradeParty></ram:ApplicableHeaderTradeAgreement><ram:ApplicableHeaderTradeSettlement>
<ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode><ram:SpecifiedTradeSettlementHeaderMonetarySummation>
<ram:GrandTotalAmount>@TOTAL@</ram:GrandTotalAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>
</ram:ApplicableHeaderTradeSettlement></rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"""
GOOD = {
    "ID": "A-1", "DATE": "20261102", "NAME": "Lampe", "PRICE": "100", "TOTAL": "120", "ATTRIBUTE": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attack:
    name: str
    content: bytes
    how: str  # a pattern that the reason matches


def cii(head: str = "", **changes: str) -> str:
    """A small invoice that is read, with changes; `head` comes before its root."""
    text = CII
    for name, value in (GOOD | changes).items():
        text = text.replace(f"@{name}@", value)
    return head + text


def _xml(name: str, text: str, how: str) -> Attack:
    return Attack(f"{name}.xml", text.encode(), how)


def hostile(seed: int, hits: int) -> Iterator[Attack]:
    """Every attack. XML first, then PDF."""
    yield from _doctypes(hits)
    yield from _sizes()
    yield from _encodings()
    yield from _values()
    yield from _tricks()
    yield from _cut(random.Random(seed))  # noqa: S311 - a seed that replays
    yield from _pdfs(random.Random(seed))  # noqa: S311


DOCTYPE = "DOCTYPE"


def _doctypes(hits: int) -> Iterator[Attack]:
    """Entities that read files, call servers, and multiply."""
    url = f"http://127.0.0.1:{hits}/evil.dtd"
    laughs = '<!ENTITY a0 "ha">' + "".join(
        f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
    )  # fmt: skip
    heads = {
        "xxe-file": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        "xxe-http": f'<!DOCTYPE r [<!ENTITY x SYSTEM "{url}">]>',
        "xxe-php": '<!DOCTYPE r [<!ENTITY x SYSTEM "php://filter/read=string.rot13/resource=/etc/passwd">]>',
        "xxe-public": f'<!DOCTYPE r [<!ENTITY x PUBLIC "any" "{url}">]>',
        "xxe-parameter": f'<!DOCTYPE r [<!ENTITY % p SYSTEM "{url}"> %p; <!ENTITY x "1">]>',
        "xxe-device": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///dev/zero">]>',
        "external-dtd": f'<!DOCTYPE r SYSTEM "{url}">',
        "external-dtd-public": f'<!DOCTYPE r PUBLIC "-//W3C//DTD XHTML 1.0//EN" "{url}">',
        "empty-doctype": "<!DOCTYPE r>",
        "doctype-after-comment": "<!-- a --><?x y?>\n<!DOCTYPE r []>",
        "billion-laughs": f"<!DOCTYPE r [{laughs}]>",
        "laughs-in-attribute": f"<!DOCTYPE r [{laughs}]>",
        "quadratic": f'<!DOCTYPE r [<!ENTITY x "{"a" * 50_000}">]>',
        "recursive": '<!DOCTYPE r [<!ENTITY x "&y;"><!ENTITY y "&x;">]>',
        "default-attribute": '<!DOCTYPE r [<!ATTLIST Name a CDATA "b"><!ENTITY x "1">]>',
        "notation": f'<!DOCTYPE r [<!NOTATION n SYSTEM "{url}"><!ENTITY x SYSTEM "{url}" NDATA n>]>',
    }
    for name, head in heads.items():
        attribute = ' a="&a11;"' if name == "laughs-in-attribute" else ""
        many = 20_000 if name == "quadratic" else 1
        body = "&a11;" if "laughs" in name else "&x;" * many
        yield _xml(f"{name}", cii(head, NAME=body, ATTRIBUTE=attribute), DOCTYPE)
    inside = cii("<!DOCTYPE r [<!ENTITY x 'y'>]>", NAME="&x;")
    yield Attack("doctype-utf16.xml", inside.encode("utf-16"), DOCTYPE)
    yield Attack("doctype-latin1.xml", ('<?xml version="1.0" encoding="latin1"?>' + inside).encode("latin-1"), DOCTYPE)
    yield _xml("unknown-entity", cii(NAME="&nowhere;"), "well-formed")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="http://127.0.0.1:{hits}/x"/>'
    yield _xml("xinclude", cii(NAME=f"a{include}b"), "cannot be read")
    style = f'<?xml-stylesheet href="http://127.0.0.1:{hits}/x.xsl"?><!DOCTYPE a>'
    yield _xml("stylesheet", cii(style), DOCTYPE)


def _sizes() -> Iterator[Attack]:
    yield _xml("six-megabytes", cii(NAME="a" * 6_000_000), "bytes")
    yield _xml("one-long-text", cii(NAME="a" * 4_000_000), "longer than")
    yield _xml("one-long-attribute", cii(ATTRIBUTE=f' a="{"b" * 4_000_000}"'), "longer than")
    yield _xml("deep", cii(NAME="<a>" * 200 + "</a>" * 200), "deep")
    yield _xml("very-deep", cii(NAME="<a>" * 100_000 + "</a>" * 100_000), "well-formed|deep")
    yield _xml("wide", cii(NAME="<a/>" * 900_000), "elements")
    many = " ".join(f'a{n}="1"' for n in range(200_000))
    yield _xml("many-attributes", cii(ATTRIBUTE=f" {many}"), "too many attributes")
    spaces = " ".join(f'xmlns:n{n}="u{n}"' for n in range(100_000))
    yield _xml("many-namespaces", cii(ATTRIBUTE=f" {spaces}", NAME="<a/>"), "too many attributes")
    yield _xml("long-name", cii(NAME=f"<{'a' * 1_000_000}/>"), "longer than")
    yield Attack(
        "comments.xml", cii("<!--" + "a" * 100 + "-->" + "<!-- b -->" * 200_000, DATE="").encode(), "not recognised"
    )
    yield _xml("open-comments", cii("<!--" * 1_000_000), "not recognised")
    yield _xml("open-declarations", cii("<?x " * 1_000_000), "not recognised")
    yield _xml("spaces", cii(" " * 4_000_000 + "<!DOCTYPE a>"), "not recognised")
    references = "&#x41;" * 500_000
    after = cii().replace("<rsm:ExchangedDocument>", "<!--" * 900_000 + "<rsm:ExchangedDocument>", 1)
    yield _xml("open-comments-inside", after, "elements|well-formed")
    tags = "".join(f"<a{n} {' '.join(f'b{m}=1' for m in range(98))}/>" for n in range(5000))
    yield _xml("attributes-everywhere", cii(NAME=tags), "well-formed|cannot be read|elements")
    yield _xml("references", cii(NAME=references), "longer than")


def _encodings() -> Iterator[Attack]:
    declared = '<?xml version="1.0" encoding="{}"?>'
    for name in ("utf-7", "ebcdic-cp-be", "utf-32", "cp037", "ISO-2022-JP", "x-user-defined", "rot13", "idna", "zlib"):
        content = (declared.format(name) + cii()).encode()
        yield Attack(f"encoding-{name}.xml", content, "encoding")
    yield Attack("not-utf8.xml", cii(NAME="é").encode("latin-1"), "not written in")
    yield Attack("overlong.xml", cii().encode().replace(b"Lampe", b"\xc0\xbcscript"), "not written in")
    yield Attack("surrogate.xml", cii().encode().replace(b"Lampe", b"\xed\xa0\x80"), "not written in")
    yield _xml("says-utf16", (declared.format("utf-16") + cii()), "UTF-16")
    yield Attack("half-utf16.xml", cii().encode("utf-16")[:-1], "not written in")
    yield _xml("null", cii(NAME="a\x00b"), "well-formed|null")
    yield _xml("null-first", "\x00" + cii(), "well-formed|null")
    yield _xml("bell", cii(NAME="a\x07b"), "well-formed")
    yield _xml("half-character", cii(NAME="&#xD800;"), "well-formed")
    yield _xml("no-character", cii(NAME="&#xFFFFFFFF;"), "well-formed")
    for other in ("utf-8", "utf-16", "utf-7", "cp037"):
        twice = declared.format("utf-8") + declared.format(other) + cii()
        yield _xml(f"two-declarations-{other}", twice, "two declarations")


def _values() -> Iterator[Attack]:
    """What is no number and no day, and what only looks like one."""
    wrong = "cannot be read"
    numbers = (
        "NaN", "INF", "-INF", "1e3", "1E999999999", "0x64", "1,000.00", "100,00", "٣٤", "１００", "1_000", "--1", "+-1",
        "1.2.3", "9" * 400, "0." + "0" * 400 + "1", "Infinity", "sNaN", "1 000", "", ".", "½", "100\u202e", "1e-999999",
    )  # fmt: skip
    for n, text in enumerate(numbers):
        yield _xml(f"total-{n}", cii(TOTAL=text), wrong)
    for n, text in enumerate(("1e9999999", "NaN", "1,5", "9" * 30)):
        yield _xml(f"price-{n}", cii(PRICE=text), wrong)
    days = (
        "20261302", "20260230", "00000101", "99991231", "18991231", "2026-11-02", "261102", "20261102T000000",
        "tomorrow",
        "２０２６１１０２", "-0261102", "20260000", "20261102 00", "",
    )  # fmt: skip
    for n, text in enumerate(days):
        yield _xml(f"date-{n}", cii(DATE=text), wrong)
    yield _xml("no-number", cii(ID="  "), wrong)


def _tricks() -> Iterator[Attack]:
    """What people read as one thing and machines as another; and what is no XML at all."""
    yield _xml("elements-in-a-total", cii(TOTAL="1<b/>20"), "cannot be read")
    twice = cii().replace(
        "</ram:GrandTotalAmount>", "</ram:GrandTotalAmount><ram:GrandTotalAmount>1</ram:GrandTotalAmount>"
    )
    yield _xml("two-totals", twice, "cannot be read")
    yield Attack(
        "two-numbers.xml", cii().replace("<ram:TypeCode>", "<ram:ID>B</ram:ID><ram:TypeCode>").encode(), "cannot"
    )
    yield _xml("two-roots", (cii() * 2), "well-formed")
    yield _xml("trailing", (cii() + "PK\x03\x04"), "well-formed")
    yield Attack(
        "wrong-namespace.xml", cii().replace("CrossIndustryInvoice:100", "CrossIndustryInvoice:99").encode(), "root"
    )
    yield Attack(
        "zugferd-1.xml", cii().replace("CrossIndustryInvoice ", "CrossIndustryDocument ").encode(), "well-formed"
    )
    yield _xml("cdata-open", cii(NAME="<![CDATA[ x"), "well-formed")
    yield _xml("unbound-prefix", cii(NAME="<zzz:a/>"), "well-formed|cannot")
    yield _xml("same-attribute-twice", cii(ATTRIBUTE=' a="1" a="2"'), "well-formed")


def _cut(rng: random.Random) -> Iterator[Attack]:
    whole = cii().encode()
    for offset in sorted(rng.sample(range(60, len(whole) - 1), 40)):
        yield Attack(f"cut-at-{offset}.xml", whole[:offset], "well-formed")


# --- PDF ------------------------------------------------------------------------------------------------------------


def pdf(objects: list[bytes], trailer: bytes = b"/Root 1 0 R", head: bytes = b"%PDF-1.7\n") -> bytes:
    """A PDF of these objects, numbered from 1, with a cross-reference table that fits."""
    out, places = BytesIO(), []
    out.write(head)
    for n, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (n, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    for place in places:
        out.write(b"%010d 00000 n \n" % place)
    out.write(b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, start))
    return out.getvalue()


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def hybrid(
    attachment: bytes | None = None, names: bytes = b"", pages: bytes = b"<< /Type /Pages /Kids [] /Count 0 >>",
    name: str = "factur-x.xml", relation: str = "Data", filters: bytes = b"/Filter /FlateDecode",
    more: tuple[bytes, ...] = (),
) -> bytes:  # fmt: skip
    """A PDF with one attachment: catalog 1, pages 2, file specification 3, its stream 4, more from 5."""
    tree = names or b"<< /EmbeddedFiles << /Names [(a) 3 0 R] >> >>"
    content = zlib.compress(cii().encode()) if attachment is None else attachment
    spec = b"<< /Type /Filespec /F (%s) /UF (%s) /AFRelationship /%s /EF << /F 4 0 R >> >>"
    return pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R /Names %s /AF [3 0 R] >>" % tree, pages,
            spec % (name.encode(), name.encode(), relation.encode()),
            stream(content, b"/Type /EmbeddedFile /Subtype /text#2Fxml " + filters), *more,
        ]
    )  # fmt: skip


def zeros(megabytes: int) -> bytes:
    return zlib.compress(b"\x00" * (megabytes * 1024 * 1024), 9)


def _pdfs(rng: random.Random) -> Iterator[Attack]:
    bomb = zeros(300)
    yield Attack("bomb.pdf", hybrid(bomb), "larger than")
    twice = zlib.compress(bomb, 9)
    yield Attack("bomb-twice.pdf", hybrid(twice, filters=b"/Filter [/FlateDecode /FlateDecode]"), "packed")
    yield Attack("bomb-ten.pdf", hybrid(twice, filters=b"/Filter [" + b"/FlateDecode " * 10 + b"]"), "packed")
    yield Attack("lzw.pdf", hybrid(b"\x80\x0b\x60", filters=b"/Filter /LZWDecode"), "packed")
    yield Attack("run-length.pdf", hybrid(b"\x81\x00" * 1000, filters=b"/Filter /RunLengthDecode"), "packed")
    predictor = b"/Filter /FlateDecode /DecodeParms << /Predictor 15 /Columns 100000000 >>"
    yield Attack("predictor.pdf", hybrid(zlib.compress(b"x"), filters=predictor), "packed")
    yield Attack("no-flate.pdf", hybrid(b"this is no zlib stream"), "unfold")
    yield Attack("cut-flate.pdf", hybrid(zlib.compress(cii().encode())[:-20]), "cut off")
    yield Attack("laughs-inside.pdf", hybrid(zlib.compress(cii("<!DOCTYPE a>").encode())), DOCTYPE)
    yield Attack("no-xml-inside.pdf", hybrid(zlib.compress(b"%PDF-1.7 again")), "well-formed")
    yield Attack(
        "no-attachment.pdf", hybrid(names=b"<< >>").replace(b"/AF [3 0 R]", b"/XX [3 0 R]"), "no factur-x|damaged"
    )
    yield Attack("another-name.pdf", hybrid(name="invoice.txt"), "no factur-x")
    for n, name in enumerate(("../../factur-x.xml", "CON", "a\\x00b.xml", "aux.xml/../..", "\\u202elmx.a")):
        yield Attack(f"named-{n}.pdf", hybrid(name=name, relation="Unspecified"), "no factur-x")
    many = b" ".join(b"(%d) 3 0 R" % n for n in range(10_000))
    yield Attack("ten-thousand.pdf", hybrid(names=b"<< /EmbeddedFiles << /Names [%s] >> >>" % many), "attachments")
    specs = tuple(
        b"<< /Type /Filespec /F (%d.xml) /EF << /F %d 0 R >> >>" % (n, 5 + 2 * n + 1)
        if not odd else stream(b"x") for n in range(40) for odd in (0, 1)
    )  # fmt: skip
    listed = b" ".join(b"(%d) %d 0 R" % (n, 5 + 2 * n) for n in range(40))
    yield Attack(
        "forty.pdf", hybrid(names=b"<< /EmbeddedFiles << /Names [%s] >> >>" % listed, more=specs), "attachments"
    )
    loop = b"<< /EmbeddedFiles 5 0 R >>"
    yield Attack("names-loop.pdf", hybrid(names=loop, more=(b"<< /Kids [5 0 R] >>",)), "no tree")
    yield Attack("names-wide.pdf", hybrid(names=loop, more=(b"<< /Kids [" + b"5 0 R " * 5000 + b"] >>",)), "no tree")
    yield Attack("names-number.pdf", hybrid(names=b"<< /EmbeddedFiles 7 >>"), "damaged")
    kids = b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>"
    yield Attack("pages-loop.pdf", hybrid(pages=kids), "damaged|memory or time")
    mutual = b"<< /Type /Pages /Kids [5 0 R 5 0 R] /Count 2 >>"
    yield Attack(
        "pages-mutual.pdf", hybrid(pages=mutual, more=(b"<< /Type /Pages /Kids [2 0 R 2 0 R] >>",)), "damaged|memory"
    )
    deep = b"[" * 100_000 + b"]" * 100_000
    yield Attack("deep-array.pdf", hybrid(names=b"<< /EmbeddedFiles %s >>" % deep), "damaged|memory|no factur-x")
    two = b"<< /EmbeddedFiles << /Names [(a) 3 0 R (b) 5 0 R] >> >>"
    other = (
        b"<< /Type /Filespec /F (factur-x.xml) /AFRelationship /Data /EF << /F 6 0 R >> >>",
        stream(cii(TOTAL="9").encode()),
    )
    yield Attack("two-invoices.pdf", hybrid(names=two, more=other), "several")
    yield Attack("encrypted.pdf", _encrypted(), "encrypted")
    yield Attack("encrypted-empty-password.pdf", _encrypted(""), "encrypted")
    yield Attack("object-streams.pdf", _object_stream_bomb(), "damaged|memory or time|memory")
    yield from _disguised()
    whole = hybrid(names=b"<< /EmbeddedFiles << /Names [(a) 3 0 R] >> >>", more=(stream(rng.randbytes(24_000)),))
    for offset in range(1024, len(whole), 1024):
        yield Attack(f"cut-at-{offset // 1024}k.pdf", whole[:offset], "damaged")


def _disguised() -> Iterator[Attack]:
    """Another file behind the first bytes of a PDF; a reader that looks at names only is taken in."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../../factur-x.xml", cii())
    yield Attack("zip.pdf", b"%PDF-1.7\n" + packed.getvalue(), "damaged")
    yield Attack("gzip.pdf", b"%PDF-1.7\n" + gzip.compress(cii().encode(), mtime=0), "damaged")
    yield Attack("html.pdf", b"%PDF-1.7\n<html><script>alert(1)</script></html>", "damaged")
    yield Attack("xml.pdf", b"%PDF-1.7\n" + cii().encode(), "damaged")
    yield Attack("base64.pdf", b"%PDF-1.7\n" + base64.b64encode(hybrid()), "damaged")
    yield Attack("only-a-head.pdf", b"%PDF-1.7\n", "damaged")
    yield Attack("xref-far-away.pdf", b"%PDF-1.7\nstartxref\n99999999999999999999\n%%EOF\n", "damaged")
    yield Attack("xref-to-itself.pdf", hybrid().replace(b"/Root 1 0 R", b"/Root 1 0 R /Prev 9"), "damaged")


def _encrypted(word: str = "opens") -> bytes:
    import pikepdf

    out = BytesIO()
    with pikepdf.open(BytesIO(hybrid())) as opened:
        opened.save(out, encryption=pikepdf.Encryption(owner="owner", user=word), static_id=True)
    return out.getvalue()


def _object_stream_bomb() -> bytes:
    """The catalog lies in an object stream of 600 MB; whoever opens the file unfolds it."""
    bomb = zlib.compressobj(9)
    head = b"1 0 << /Type /Catalog /Pages 3 0 R >> "
    parts = [bomb.compress(head)]
    parts += [bomb.compress(b" " * (1024 * 1024)) for _ in range(600)]
    packed = b"".join((*parts, bomb.flush()))
    body = b"%PDF-1.7\n"
    at = {2: len(body)}
    body += b"2 0 obj\n" + stream(packed, b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode") + b"\nendobj\n"
    at[3] = len(body)
    body += b"3 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    at[4] = len(body)
    rows = [(0, 0, 255), (2, 2, 0), (1, at[2], 0), (1, at[3], 0), (1, at[4], 0)]
    table = b"".join(bytes((kind,)) + place.to_bytes(4, "big") + bytes((third,)) for kind, place, third in rows)
    body += b"4 0 obj\n" + stream(table, b"/Type /XRef /Size 5 /W [1 4 1] /Root 1 0 R") + b"\nendobj\n"
    return body + b"startxref\n%d\n%%%%EOF\n" % at[4]


def worst_names() -> tuple[str, ...]:
    """Names of files that lead elsewhere, or that some system cannot hold."""
    return (
        "../../etc/passwd", "..\\..\\windows\\system32", "/etc/passwd", "C:\\boot.ini", "a\x00b.xml", "CON", "nul.xml",
        "COM1.pdf", "\u202efdp.exe", "a" * 5000 + ".xml", "", ".", "..", " ", "a/b/c.xml", "~root", "$(reboot).xml",
        "`id`.xml", "a\r\nBcc: x@y.xml", "\ud800.xml", "fichier\u0301.xml", "%2e%2e%2f.xml", "aux", "a:b.xml", "-rf",
    )  # fmt: skip
