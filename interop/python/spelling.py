"""Values spelled out in JSON, so that no msgpack type is lost between the
tests and the peers.

nil, booleans, text and lists are themselves. Integers are JSON integers, as
text in {"int": "…"} beyond 2**53. The rest is tagged: {"float": "1.5"},
{"bin": "hex"}, {"map": [[key, value], …]}, {"ext": [type, "hex"]} and
{"time": [seconds, nanoseconds]}. What has no spelling becomes {"repr": "…"}.
"""

import json
import sys
import threading

import msgpack

_EXACT = 2 ** 53  # the last integer that every JSON reader takes exactly


def spell(value):
    """Returns the JSON-able spelling of a value."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return value if -_EXACT <= value <= _EXACT else {'int': str(value)}
    if isinstance(value, float):
        return {'float': repr(value)}
    if isinstance(value, (bytes, bytearray)):
        return {'bin': bytes(value).hex()}
    if isinstance(value, msgpack.Timestamp):
        return {'time': [value.seconds, value.nanoseconds]}
    if isinstance(value, msgpack.ExtType):  # a tuple too, so before tuples
        return {'ext': [value.code, value.data.hex()]}
    if isinstance(value, (list, tuple)):
        return [spell(item) for item in value]
    if isinstance(value, dict):
        return {'map': [[spell(k), spell(v)] for k, v in value.items()]}
    return {'repr': repr(value)}


def unspell(value):
    """Returns the value of a spelling."""
    if isinstance(value, list):
        return [unspell(item) for item in value]
    if not isinstance(value, dict):
        return value
    (tag, body), = value.items()
    if tag == 'int':
        return int(body)
    if tag == 'float':
        return float(body)
    if tag == 'bin':
        return bytes.fromhex(body)
    if tag == 'map':
        return {unspell(k): unspell(v) for k, v in body}
    if tag == 'ext':
        return msgpack.ExtType(body[0], bytes.fromhex(body[1]))
    if tag == 'time':
        return msgpack.Timestamp(body[0], body[1])
    raise ValueError('no spelling is tagged %r' % tag)


_lock = threading.Lock()  # raw socket peers print from several threads


def say(line):
    """Prints one line (a dict as JSON) and lets the tests see it at once."""
    if not isinstance(line, str):
        line = json.dumps(line)
    with _lock:
        sys.stdout.write(line + '\n')
        sys.stdout.flush()
