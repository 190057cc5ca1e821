# SPDX-License-Identifier: Apache-2.0
"""json, zlib, decimal, pathlib, struct, re, mmap and one large file, in Python."""
import decimal
import hashlib
import json
import mmap
import pathlib
import re
import struct
import sys
import zlib

size = int(sys.argv[1])

table = {f"key {i}": [i, i / 3, None, True, "é" * (i % 5)] for i in range(2000)}
text = json.dumps(table, indent=1, sort_keys=True)
assert json.loads(text) == table
print("json", len(text), hashlib.sha256(text.encode()).hexdigest())

packed = zlib.compress(text.encode(), 9)
assert zlib.decompress(packed) == text.encode()
print("zlib", len(packed), zlib.crc32(packed))

decimal.getcontext().prec = 200
print("decimal", decimal.Decimal(2).sqrt() + 1 / decimal.Decimal(7))

block = struct.pack("<1000I", *(i * 2654435761 % 2**32 for i in range(1000)))
large = pathlib.Path("large")
with large.open("wb") as out:
    for _ in range(size // len(block)):
        out.write(block)
print("large", large.stat().st_size, hashlib.sha1(large.read_bytes()).hexdigest())
with large.open("r+b") as file, mmap.mmap(file.fileno(), 0) as view:
    view[5000:5004] = b"mark"
    print("mmap", view.find(b"mark"), len(view))
print("marked", hashlib.sha1(large.read_bytes()).hexdigest())

deep = pathlib.Path("a/b/c")
deep.mkdir(parents=True)
for name in ("one.txt", "two.txt", "three.bin"):
    (deep / name).write_text(name * 100)
(deep / "link").symlink_to("one.txt")
(deep / "one.txt").rename(deep / "uno.txt")
print("pathlib", sorted(str(p) for p in pathlib.Path("a").rglob("*")), (deep / "link").exists())
print("re", re.sub(r"(\d+)", lambda m: str(int(m[1]) * 2), "a1 b22 c333"))
try:
    pathlib.Path("/nonexistent/file").read_text()
except OSError as error:
    print("error", error)
sys.exit(9)
