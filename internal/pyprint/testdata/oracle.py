"""What Python makes of values and texts: the other side of the differential tests.

Usage: oracle.py values|texts SEED COUNT. Writes one JSON object a line. Standard library only: msgpack is packed by
hand, and the two classes of Python's msgpack that results may hold are rebuilt with their repr.
"""
import collections
import json
import math
import pprint
import random
import struct
import sys
import unicodedata

ExtType = collections.namedtuple("ExtType", "code data")
ExtType.__module__ = "msgpack.ext"


class Timestamp:
    def __init__(self, seconds, nanoseconds):
        self.seconds, self.nanoseconds = seconds, nanoseconds

    def __repr__(self):
        return "Timestamp(seconds=%d, nanoseconds=%d)" % (self.seconds, self.nanoseconds)


Timestamp.__module__ = "msgpack.ext"


def sized(n, fix, fixmax, codes, widths=("B", "H", "I")):
    if fix is not None and n <= fixmax:
        return bytes([fix | n])
    for code, width in zip(codes, widths):
        if n < 1 << 8 * struct.calcsize(width):
            return bytes([code]) + struct.pack(">" + width, n)


def pack(v):
    if v is None:
        return b"\xc0"
    if v is True or v is False:
        return b"\xc3" if v else b"\xc2"
    if isinstance(v, int):
        if 0 <= v < 128 or -32 <= v < 0:
            return struct.pack("b", v) if v < 0 else bytes([v])
        for code, fmt in ((0xCC, "B"), (0xCD, "H"), (0xCE, "I"), (0xCF, "Q")) if v >= 0 else (
                (0xD0, "b"), (0xD1, "h"), (0xD2, "i"), (0xD3, "q")):
            try:
                return bytes([code]) + struct.pack(">" + fmt, v)
            except struct.error:
                pass
        raise OverflowError("Integer value out of range")
    if isinstance(v, float):
        if rnd.random() < 0.1 and struct.unpack(">f", struct.pack(">f", v if abs(v) < 1e30 else 0.0))[0] == v:
            return b"\xca" + struct.pack(">f", v)
        return b"\xcb" + struct.pack(">d", v)
    if isinstance(v, str):
        s = v.encode("utf-8")
        return sized(len(s), 0xA0, 31, (0xD9, 0xDA, 0xDB)) + s
    if isinstance(v, bytes):
        return sized(len(v), None, 0, (0xC4, 0xC5, 0xC6)) + v
    if isinstance(v, list):
        return sized(len(v), 0x90, 15, (0xDC, 0xDD), ("H", "I")) + b"".join(map(pack, v))
    if isinstance(v, dict):
        return sized(len(v), 0x80, 15, (0xDE, 0xDF), ("H", "I")) + b"".join(pack(k) + pack(x) for k, x in v.items())
    if isinstance(v, Timestamp):
        if v.nanoseconds == 0 and 0 <= v.seconds < 1 << 32:
            return b"\xd6\xff" + struct.pack(">I", v.seconds)
        if 0 <= v.seconds < 1 << 34:
            return b"\xd7\xff" + struct.pack(">Q", v.nanoseconds << 34 | v.seconds)
        return b"\xc7\x0c\xff" + struct.pack(">Iq", v.nanoseconds, v.seconds)
    if isinstance(v, ExtType):
        n = len(v.data)
        if n in (1, 2, 4, 8, 16):
            return bytes([{1: 0xD4, 2: 0xD5, 4: 0xD6, 8: 0xD7, 16: 0xD8}[n]]) + struct.pack("b", v.code) + v.data
        return sized(n, None, 0, (0xC7, 0xC8, 0xC9)) + struct.pack("b", v.code) + v.data
    raise TypeError(type(v))


# Characters that matter: quotes, escapes, line ends, spaces, controls, combining, wide, astral, private, unassigned.
SPECIAL = ("'\"\\\n\r\t\v\f\0\x1b\x1c\x1d\x1e\x1f\x7f\x80\x85\xa0\xad\u0300\u1680\u2007\u200b\u2028\u2029\u202f\u205f"
           "\u3000\ufeff\ufffd\ue000\U0001f600\U000e0001\U0010ffff\u4e2d\xe9\r\n")


def char():
    r = rnd.random()
    if r < 0.55:
        return rnd.choice("abcdefghij,.-;_ABC0123456789")
    if r < 0.75:
        return " "
    if r < 0.9:
        return rnd.choice(SPECIAL)
    while True:
        c = chr(rnd.choice((rnd.randrange(0x250), rnd.randrange(0x10000), rnd.randrange(0x110000))))
        # What one Unicode version has not assigned, another may have: take characters that all have known for long.
        if unicodedata.ucd_3_2_0.category(c) not in ("Cs", "Cn"):
            return c


def text():
    n = rnd.choice((0, 1, 2, 5, 10, 30, 70, 75, 80, 90, 150, 300))
    plain = rnd.random() < 0.5
    return "".join(rnd.choice("abcdefg hij klm ") if plain else char() for _ in range(rnd.randrange(n + 1)))


def octets():
    n = rnd.randrange(rnd.choice((1, 4, 5, 20, 60, 80, 200)))
    if rnd.random() < 0.5:
        return bytes(rnd.choice(b"abcdef'\"\\ \n") for _ in range(n))
    return bytes(rnd.randrange(256) for _ in range(n))


def integer():
    return rnd.choice((rnd.randrange(-40, 200), rnd.randrange(-1 << 15, 1 << 17), rnd.randrange(-1 << 63, 1 << 64),
                       1 << 63, (1 << 64) - 1, -1 << 63))


def real():
    r = rnd.random()
    if r < 0.3:
        return rnd.choice((0.0, -0.0, 1e16, 9999999999999998.0, 1e15, 1e-4, 1e-5, 0.1, 1e22, 1e23, 5e-324, math.inf,
                           -math.inf, math.nan, 1.7976931348623157e308, 123456789.0, 1.5, 2.5e-7, 1e100))
    if r < 0.6:
        return struct.unpack(">d", rnd.getrandbits(64).to_bytes(8, "big"))[0]
    return rnd.uniform(-1, 1) * 10 ** rnd.randrange(-20, 30)


def scalar():
    r = rnd.random()
    if r < 0.35:
        return text()
    if r < 0.5:
        return integer()
    if r < 0.6:
        return real()
    if r < 0.7:
        return octets()
    if r < 0.75:
        return Timestamp(rnd.choice((0, 1, 1 << 33, 1 << 40, -5)), rnd.choice((0, 1, 999999999)))
    if r < 0.8:
        return ExtType(rnd.choice((-128, -2, 0, 5, 127)), octets())
    return rnd.choice((None, True, False))


def key(kind):
    if kind == "text":
        return text() if rnd.random() < 0.3 else "".join(rnd.choice("abcxyz") for _ in range(rnd.randrange(1, 12)))
    # Mixed kinds, of which pprint's comparison still makes a total order: one kind of number at a time.
    r = rnd.random()
    if r < 0.4:
        return text()[:20]
    if r < 0.6:
        return octets()[:9]
    if r < 0.7:
        return None
    if r < 0.75:
        return ExtType(rnd.randrange(0, 3), octets()[:3])
    if kind == "ints":
        return integer()
    if kind == "floats":
        return rnd.choice((rnd.uniform(-3, 3), float(rnd.randrange(5))))
    return rnd.random() < 0.5


def value(depth):
    r = rnd.random()
    if depth == 0 or r < 0.35:
        return scalar()
    n = rnd.randrange(rnd.choice((1, 3, 6, 12, 30)) if depth < 3 else 4)
    if r < 0.65:
        return [value(depth - 1) for _ in range(n)]
    kind = rnd.choice(("text", "text", "text", "ints", "floats", "bools"))
    return {key(kind): value(depth - 1) for _ in range(n)}


def values(count):
    for _ in range(count):
        v = value(rnd.choice((0, 1, 2, 3, 5)))
        try:
            dumped = json.dumps(v)
        except TypeError as e:
            dumped = "TypeError: %s" % e
        yield {"raw": pack(v).hex(), "pretty": pprint.pformat(v), "json": dumped}


PIECES = ['{', '}', '[', ']', ',', ':', '"', '"a"', '"k":', '1', '-', '0', '.5', 'e3', 'E', '+', 'null', 'true', 'false',
          'NaN', 'Infinity', '-Infinity', ' ', '\n', '\t', '\\', '\\u', '\\ud800', '\\udc00', '\\u00e9', '\\n', '\\/', '\xe9',
          '\U0001f600', '12345678901234567890', '18446744073709551616', '-9223372036854775809', '1e400', '01', '\x00', 'n']


def document():
    r = rnd.random()
    if r < 0.4:
        return "".join(rnd.choice(PIECES) for _ in range(rnd.randrange(8)))

    def plain(depth):
        k = rnd.random()
        if depth and k < 0.3:
            return [plain(depth - 1) for _ in range(rnd.randrange(4))]
        if depth and k < 0.6:
            return {rnd.choice(("a", "b", text()[:5])): plain(depth - 1) for _ in range(rnd.randrange(4))}
        return rnd.choice((text, integer, real))()
    s = json.dumps(plain(3), ensure_ascii=rnd.random() < 0.5, indent=rnd.choice((None, 1)))
    for _ in range(rnd.choice((0, 0, 1, 2))):  # spoil it in a place or two
        at = rnd.randrange(len(s) + 1)
        s = s[:at] + rnd.choice(PIECES + [""]) + s[at + rnd.randrange(3):]
    return s


def texts(count):
    for _ in range(count):
        s = document()
        out = {"text": s}
        try:
            out["raw"] = pack(json.loads(s)).hex()
        except json.JSONDecodeError as e:
            out["error"] = "json.decoder.JSONDecodeError: %s" % e
        except (OverflowError, UnicodeEncodeError) as e:
            out["error"] = "%s: %s" % (type(e).__name__, e)
        yield out


rnd = random.Random(int(sys.argv[2]))
for line in {"values": values, "texts": texts}[sys.argv[1]](int(sys.argv[3])):
    print(json.dumps(line))
