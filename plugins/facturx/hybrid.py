"""The Factur-X mark in a PDF: its XMP, so that a machine knows that `factur-x.xml` inside is the invoice.

In: a PDF/A-3b with the attachment, from page. Out: the same, declared. Bytes depend on the input only.
Typst writes the extension schemas of PDF/A itself but cannot take ours (typst#5667), so it is added here; this can go
when it can.
"""

from __future__ import annotations

from io import BytesIO

ATTACHMENT = "factur-x.xml"
LEVEL = "EN 16931"
VERSION = "1.0"
NAMESPACE = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"

# A second pdfaExtension:schemas would make the XMP invalid: ours joins the bag that typst opened.
_SCHEMAS_END = b"</rdf:Bag></pdfaExtension:schemas>"
_DESCRIPTION_END = b"</rdf:Description></rdf:RDF>"
_PROPERTIES = (
    ("DocumentFileName", ATTACHMENT, "The name of the embedded XML document"),
    ("DocumentType", "INVOICE", "The type of the hybrid document in capital letters, e.g. INVOICE or ORDER"),
    ("Version", VERSION, "The version of the standard of the embedded XML document"),
    ("ConformanceLevel", LEVEL, "The conformance level of the embedded XML document"),
)


def extension_schema() -> str:
    properties = "".join(
        '<rdf:li rdf:parseType="Resource">'
        f"<pdfaProperty:name>{name}</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType>"
        "<pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{words}</pdfaProperty:description></rdf:li>"
        for name, _, words in _PROPERTIES
    )
    return (
        '<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>'
        f"<pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{properties}</rdf:Seq></pdfaSchema:property></rdf:li>"
    )


def declared(xmp: bytes) -> bytes:
    """XMP with our schema declared first and used after it."""
    if xmp.count(_SCHEMAS_END) != 1 or xmp.count(_DESCRIPTION_END) != 1:
        raise ValueError("typst writes its XMP otherwise than we know: the Factur-X properties have no place")
    values = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, value, _ in _PROPERTIES)
    block = f'<rdf:Description rdf:about="" xmlns:fx="{NAMESPACE}">{values}</rdf:Description>'
    xmp = xmp.replace(_SCHEMAS_END, extension_schema().encode() + _SCHEMAS_END)
    return xmp.replace(_DESCRIPTION_END, b"</rdf:Description>" + block.encode() + b"</rdf:RDF>")


def declare(pdf: bytes) -> bytes:
    import pikepdf

    with pikepdf.open(BytesIO(pdf)) as opened:
        metadata = opened.Root.Metadata
        metadata.write(declared(metadata.read_bytes()))
        out = BytesIO()
        # Uncompressed metadata: some validators cannot read it otherwise. The id is a digest of the content.
        opened.save(out, deterministic_id=True, compress_streams=False)
    return out.getvalue()
