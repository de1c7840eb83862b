"""What the Python peers offer: one service with a method for each thing that
a test wants to see cross the wire."""

import builtins
import json
import sys

import gevent
import gevent.local
import msgpack
import zerorpc

from spelling import say, spell


class CustomError(Exception):
    """An error class that no other side knows."""


class Surly(Exception):
    """An error whose text cannot be had: zerorpc sends no answer for it."""

    def __str__(self):
        raise RuntimeError('no text')


# One value of every msgpack format and of each format's edges, by name.
VALUES = {
    'nil': None, 'true': True, 'false': False,
    'int_0': 0, 'int_127': 127, 'int_128': 128, 'int_255': 255,
    'int_256': 256, 'int_65535': 65535, 'int_65536': 65536,
    'int_u32': 2 ** 32 - 1, 'int_2_32': 2 ** 32, 'int_2_53': 2 ** 53,
    'int_i64': 2 ** 63 - 1, 'int_2_63': 2 ** 63, 'int_u64': 2 ** 64 - 1,
    'int_m1': -1, 'int_m32': -32, 'int_m33': -33, 'int_m128': -128,
    'int_m129': -129, 'int_m32768': -32768, 'int_m32769': -32769,
    'int_m2_31': -2 ** 31, 'int_m2_31_1': -2 ** 31 - 1, 'int_m2_63': -2 ** 63,
    'float': 1.5, 'float_0': 0.0, 'float_m0': -0.0, 'float_1': 1.0,
    'float_max': sys.float_info.max, 'float_inf': float('inf'),
    'float_minf': float('-inf'), 'float_nan': float('nan'),
    'str_empty': '', 'str': 'text', 'str_31': 'x' * 31, 'str_32': 'x' * 32,
    'str_255': 'x' * 255, 'str_256': 'x' * 256, 'str_65536': 'x' * 65536,
    'str_utf8': 'h\u00e9 \u2603 \U0001f600', 'str_nul': 'a\0b',
    'bin_empty': b'', 'bin': b'\x00\xff', 'bin_256': b'\x01' * 256,
    'bin_65536': b'\x02' * 65536,
    'list_empty': [], 'list': [1, 'a', None], 'list_15': list(range(15)),
    'list_16': list(range(16)), 'list_65536': [0] * 65536,
    'list_nested': [[[]], [1, [2, [3]]]], 'tuple': (1, 2),
    'map_empty': {}, 'map': {'a': 1}, 'map_15': {'k%d' % i: i for i in range(15)},
    'map_16': {'k%d' % i: i for i in range(16)},
    'map_nested': {'a': {'b': [{'c': None}]}}, 'map_bin': {b'k': b'v'},
    'ext_1': msgpack.ExtType(5, b'a'), 'ext_16': msgpack.ExtType(5, b'a' * 16),
    'ext_3': msgpack.ExtType(1, b'abc'), 'ext_300': msgpack.ExtType(127, b'e' * 300),
    'time': msgpack.Timestamp(1, 0), 'time_ns': msgpack.Timestamp(2 ** 33, 5),
    'time_m': msgpack.Timestamp(-1, 999999999),
}


class Peer(object):
    """A peer that does whatever a test wants."""

    def __init__(self):
        self._server = None  # set by server.py; stats looks into it
        self._local = gevent.local.local()

    def hello(self, name):
        """Greets the caller.

        The second paragraph is for help alone."""
        return 'Hello, %s' % name

    def echo(self, x):
        """Returns its argument."""
        return x

    def add(self, a, b):
        """Adds."""
        return a + b

    def defaults(self, a, b=2, c='x', *rest):
        """Has defaults and takes more."""
        return [a, b, c, list(rest)]

    def undocumented(self):
        return True

    def kind(self, x):
        """Returns its argument as it arrived here, spelled out in JSON."""
        return json.dumps(spell(x))

    def value(self, name):
        """Returns one of the values of this peer's table."""
        return VALUES[name]

    def names(self):
        """Returns the names that value takes."""
        return list(VALUES)

    def big(self, size):
        """Returns so many bytes."""
        return b'\xa5' * size

    def sleep(self, seconds):
        """Sleeps as a gevent task should, and tells the test how it ended."""
        say({'note': 'begin', 'method': 'sleep'})
        try:
            gevent.sleep(seconds)
        except BaseException as e:
            say({'note': type(e).__name__, 'method': 'sleep'})
            raise
        return seconds

    def fail(self, name, message):
        """Raises an error of the class with that name."""
        known = {'CustomError': CustomError, 'Surly': Surly}
        raise (known.get(name) or getattr(builtins, name))(message)

    def unpackable(self):
        """Returns what msgpack cannot pack."""
        return {1, 2}

    @zerorpc.stream
    def streaming_range(self, fr, to, step=1):
        """Streams a range."""
        return iter(range(fr, to, step))

    @zerorpc.stream
    def slow_stream(self, count, seconds):
        """Streams with a pause before each item, and tells how it ended."""
        say({'note': 'begin', 'method': 'slow_stream'})
        try:
            for i in range(count):
                gevent.sleep(seconds)
                yield i
            say({'note': 'end', 'method': 'slow_stream'})
        except BaseException as e:
            say({'note': type(e).__name__, 'method': 'slow_stream'})
            raise

    @zerorpc.stream
    def values(self):
        """Streams every value of the table, as [name, value]."""
        return iter([name, value] for name, value in VALUES.items())

    @zerorpc.stream
    def fail_stream(self, count):
        """Streams some items, then fails."""
        for i in range(count):
            yield i
        raise ValueError('after %d' % count)

    @zerorpc.stream
    def not_iterable(self):
        """Claims to stream, and returns a number."""
        return 5

    def header(self):
        """Returns the header of this request, spelled out in JSON."""
        return json.dumps(spell(getattr(self._local, 'header', None)))

    def stats(self):
        """Returns what this server holds at the moment, this call included."""
        return {'channels': len(self._server._multiplexer._active_channels),
                'tasks': len(self._server._task_pool)}

    # The hook of zerorpc's middleware that sees each request's header.
    def _load_task_context(self, header):
        self._local.header = header
