from tests.plugins.facturx.test_cii import GOLDEN, golden, xml_of

for name, build in GOLDEN.items():
    golden(name).write_bytes(xml_of(build()))
