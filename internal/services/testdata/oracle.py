"""Answers what Python answers, for the tests of this package.

    oracle.py record > python.jsonl   (then gzip -9n) the fixed cases, in several time zones: the recording that every test run replays
    oracle.py random SEED N           N random cases in the zone TZ

One JSON object a line: {"tz", "fn", "args", "result"} or {"tz", "fn", "args", "error": [name, text]}. Values are tagged
by their type, so that ints of any size, every float and bytes survive: {"i": "1"}, {"f": "0x1p+0"}, {"s": ""}, {"b":
base64}, {"l": []}, {"d": {}}, true, null. The first line names the C library, which does the formatting.
"""
import base64, json, os, platform, random, sys, time

def pack(v):
    if v is None or isinstance(v, bool): return v
    if isinstance(v, int): return {"i": str(v)}
    if isinstance(v, float): return {"f": v.hex()}
    if isinstance(v, str): return {"s": v}
    if isinstance(v, bytes): return {"b": base64.b64encode(v).decode()}
    if isinstance(v, (list, tuple)): return {"l": [pack(x) for x in v]}
    if isinstance(v, dict): return {"d": {k: pack(x) for k, x in v.items()}}
    raise TypeError("can not serialize '%s' object" % type(v).__name__)

def wire(v):
    """The result as a zerorpc server would send it: msgpack carries 64 bits and no complex numbers."""
    if isinstance(v, complex): raise TypeError("can not serialize 'complex' object")
    if isinstance(v, int) and not -2**63 <= v < 2**64: raise OverflowError("Integer value out of range")
    return v

def power(n, m):
    if type(n) in (int, bool) and type(m) in (int, bool) and abs(n) > 1 and m > 64:
        raise OverflowError("Integer value out of range")  # what it would end in, after a long time
    return n ** m

FN = {
    "add": lambda a, b: a + b,
    "subtract": lambda a, b: abs(a - b),
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / b,
    "getpow": power,
    "streaming_range": lambda a, b, c: list(range(a, b, c)),
    "ctime": time.ctime, "gmtime": time.gmtime, "localtime": time.localtime,
    # over the wire a tuple arrives as a list, which the Go service takes for the tuple that it was
    "strftime": lambda f, *t: time.strftime(f, *[tuple(x) if isinstance(x, list) else x for x in t]),
    "sleep": time.sleep,
}

def ask(fn, *args):
    case = {"tz": os.environ["TZ"], "fn": fn, "args": [pack(a) for a in args]}
    time.tzset()  # %Z of a tuple depends on what was converted before, else
    try:
        case["result"] = pack(wire(FN[fn](*args)))
    except Exception as e:
        case["error"] = [type(e).__name__, str(e)]
    print(json.dumps(case))

NAN, INF = float("nan"), float("inf")
CONVERSIONS = [chr(c) for c in range(33, 127)]
TUPLES = [
    [2026, 11, 23, 5, 7, 9, 0, 327, 0], [2024, 2, 29, 23, 59, 61, 3, 60, 1], [1, 1, 1, 0, 0, 0, 0, 1, -1],
    [-5, 12, 31, 12, 30, 0, 6, 366, 0], [123456, 6, 15, 13, 1, 2, 2, 166, 1], [999, 1, 1, 12, 0, 0, 4, 1, 0],
    [2020, 12, 31, 0, 0, 0, 3, 366, 0], [2021, 1, 3, 0, 0, 0, 6, 3, 0], [2020, 3, 4, 5, 6, 7, 1, 300, 0],
]

def zone_cases():
    for s in [0, 1, -1, 1.9, -1.5, 86399, 951782400, 1e9, 1770000000, 1790000000, 2**31, 1e11, -1e10, -6.3e10, 1e12, True]:
        if s == -6.3e10 and "," in os.environ["TZ"]: continue  # before year 1 glibc applies no rule, Go does
        for fn in "ctime", "gmtime", "localtime":
            ask(fn, s)
    for t in TUPLES:
        ask("strftime", "%a %A %b %B %c %C %d %D %e %F %g %G %H %I %j %k %l %m %M %p %P %r %R %S %T %u %U %V %w %W %x %X %y %Y %z %Z", t)
    for hour in range(0, 24, 5):  # around the changes of the year: %s reads the fields in the zone
        for mon, day in (3, 8), (3, 29), (4, 5), (10, 4), (10, 25), (11, 1):
            ask("strftime", "%s", [2026, mon, day, hour, 30, 0, 0, 1, -1])

def fixed_cases():
    operands = [0, 1, -1, 2, 3, 7, -8, 64, 65, 2**31, 2**53 + 1, 2**63 - 1, -2**63, 2**63, 2**64 - 1, 0.0, -0.0, 0.5, -2.5,
                1e308, 5e-324, INF, -INF, NAN, True, False, None, "2", "ab", b"x", [1], {"a": 1}]
    for a in operands:
        for b in operands:
            for fn in "add", "subtract", "divide", "multiply":
                if fn == "multiply" and any(isinstance(x, (str, bytes, list)) for x in (a, b)):
                    continue  # repeats the sequence; the Go service refuses
                ask(fn, a, b)
            ask("getpow", a, b)
    for r in (0, 3, 1), (0, 0, 1), (10, 0, -3), (0, 10, -1), (1, 5, 0), (-2, 2, 2), (2**63 - 3, 2**63 - 1, 2**62), (-2**63 + 2, -2**63, -2**62):
        ask("streaming_range", *r)
    for fn in "ctime", "gmtime", "localtime":
        for args in ["1"], [[1]], [b"1"], [NAN], [INF], [1e30], [2**63], [2**62], [1e17], [67768036191676800], [-67768040609740801], [1, 2]:
            ask(fn, *args)
    ask("gmtime", 67768036191676799)
    ask("gmtime", -67768040609740800)
    for s in "1", None, [1], -1, -0.5, NAN, 1e30, INF, 0:
        ask("sleep", s)
    good = TUPLES[0]
    for i, v in [(0, 2**31 - 1), (0, 2**31), (0, -2**31), (0, -2**31 + 1900), (0, -2**31 - 1), (0, 1.5), (0, "x"), (0, True), (1, 0), (1, 13),
                 (1, -1), (1, None), (2, 0), (2, 32), (3, 24), (4, 60), (5, 61), (5, 62), (6, 7), (6, -1), (6, -2), (6, -8), (6, -9), (7, 0),
                 (7, 366), (7, 367), (7, -1), (8, 5), (8, -5)]:
        ask("strftime", "%Y-%m-%d %H:%M:%S %w %j %Z %z", good[:i] + [v] + good[i + 1:])
    for t in [1], None, 5, "123456789", [], good[:8], good + [0]:
        ask("strftime", "%Y", t)
    ask("strftime", "%Y", good, good)
    for f in ["", "%", "a%", "a\0b", "%5", "%-", "%E", "é %é %5é %^é", "%5%", "%100000Y", "%2000d", "%99999999999999d", "%1023d", "x%5000Y"]:
        ask("strftime", f, good)
    for t in TUPLES[:4]:
        for c in CONVERSIONS:
            for f in "%{}", "%-{}", "%_{}", "%0{}", "%^{}", "%#{}", "%^#{}", "%6{}", "%-6{}", "%_6{}", "%06{}", "%E{}", "%O{}", "%#12{}", "%^012O{}":
                if c in "_-0^#123456789EOs": continue
                ask("strftime", f.format(c), t)

def random_cases(rnd, n):
    for _ in range(n):
        t = [rnd.choice([2026, 1970, 5, -300, 9999, rnd.randint(-10**5, 10**5)]), rnd.randint(0, 12), rnd.randint(0, 31), rnd.randint(0, 23),
             rnd.randint(0, 59), rnd.randint(0, 61), rnd.randint(-1, 7), rnd.randint(0, 366), rnd.randint(-1, 1)]
        f = "".join("%" + "".join(rnd.choices("_-0^#", k=rnd.choice([0, 0, 1, 2]))) + rnd.choice(["", "", "3", "11"]) + rnd.choice(["", "", "", "E", "O"])
                    + rnd.choice([c for c in CONVERSIONS if c != "s"]) + rnd.choice(["", " ", "|"]) for _ in range(rnd.randint(1, 6)))
        ask("strftime", f, t)
        s = rnd.choice([rnd.randint(-2**33, 2**33), rnd.uniform(0, 2**32), rnd.randint(0, 2**31)])
        ask(rnd.choice(["ctime", "gmtime", "localtime"]), s)
        a, b = (rnd.choice([rnd.randint(-2**63, 2**64 - 1), rnd.randint(-9, 9), rnd.uniform(-9, 9)]) for _ in "ab")
        ask(rnd.choice(["add", "subtract", "multiply", "divide"]), a, b)
        ask("getpow", rnd.randint(-20, 20), rnd.randint(0, 20))

ZONES = ["UTC", "America/New_York", "Europe/Berlin", "Europe/Dublin", "Asia/Kolkata", "Asia/Tokyo", "Australia/Lord_Howe",
         "CET-1CEST,M3.5.0,M10.5.0/3", "<+0330>-3:30", "EST5EDT4,M3.2.0,M11.1.0", "AAA+3BBB,J60/0,J300/12"]

def main():
    print(json.dumps({"libc": platform.libc_ver()[0]}))
    if sys.argv[1] == "random":
        return random_cases(random.Random(int(sys.argv[2])), int(sys.argv[3]))
    for i, zone in enumerate(ZONES):
        os.environ["TZ"] = zone
        time.tzset()
        if i == 0: fixed_cases()
        zone_cases()

main()
