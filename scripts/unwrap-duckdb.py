"""unwrap-duckdb.py WHEEL LIBRARY: takes DuckDB's shared library out of its Python package.

The package's Python half leaves symbols for libpython to define. Nothing behind the C API calls
them, so they are made weak: they may stay undefined, and no libpython is demanded.
"""

import re
import struct
import sys
import zipfile

SHT_DYNSYM, STB_GLOBAL, STB_WEAK, UNDEFINED = 11, 1, 2, 0

wheel_path, library_path = sys.argv[1:]
with zipfile.ZipFile(wheel_path) as wheel:
    [name] = [n for n in wheel.namelist() if re.fullmatch(r"_duckdb\.[\w.-]*so", n)]
    image = bytearray(wheel.read(name))

if image[:6] != b"\x7fELF\x02\x01":
    sys.exit(f"{name} is not a 64-bit little-endian ELF file")
(section_offset,) = struct.unpack_from("<Q", image, 0x28)
section_size, section_count = struct.unpack_from("<HH", image, 0x3A)
sections = [
    struct.unpack_from("<IIQQQQIIQQ", image, section_offset + index * section_size)
    for index in range(section_count)
]
for _, kind, _, _, start, size, link, *_ in sections:
    if kind != SHT_DYNSYM:
        continue
    strings = sections[link][4]
    for symbol in range(start, start + size, 24):
        at, info, _, section = struct.unpack_from("<IBBH", image, symbol)
        python = re.match(rb"_?Py", image[strings + at : strings + at + 4])
        if section == UNDEFINED and info >> 4 == STB_GLOBAL and python:
            image[symbol + 4] = STB_WEAK << 4 | info & 15

with open(library_path, "wb") as library:
    library.write(image)
