"""NumPy arrays for the peers: how they are spelled, and a server of them.

    import arrays
    arrays.install()    # before zerorpc and spelling are used

From then on zerorpc carries arrays, by the package msgpack-numpy, and they are
spelled {"nd": [dtype, shape, "hex"]}, the elements in C order; a scalar of NumPy's
is {"np": [dtype, "hex"]}. A fourth "F" makes an array in Fortran order.
"""

import msgpack_numpy
import numpy

import spelling


def install():
    """Teaches msgpack, and so zerorpc, and the spelling arrays."""
    msgpack_numpy.patch()
    plain_spell, plain_unspell = spelling.spell, spelling.unspell

    def spell(value):
        if isinstance(value, numpy.ndarray):
            return {'nd': [value.dtype.str, list(value.shape), value.tobytes('C').hex()]}
        if isinstance(value, numpy.generic):  # some are Python's float too, so before those
            return {'np': [value.dtype.str, value.tobytes().hex()]}
        return plain_spell(value)

    def unspell(value):
        if not isinstance(value, dict) or not {'nd', 'np'} & set(value):
            return plain_unspell(value)
        (tag, (dtype, *more)), = value.items()
        flat = numpy.frombuffer(bytes.fromhex(more.pop() if tag == 'np' else more[1]), dtype=dtype)
        if tag == 'np':
            return flat[0]
        array = flat.reshape(more[0])
        return numpy.asfortranarray(array) if more[2:] == ['F'] else array

    # They call themselves for what is inside lists and maps.
    spelling.spell, spelling.unspell = spell, unspell


class Arrays(object):
    """What the server offers."""

    def echo(self, x):
        """Returns its argument."""
        return x

    def seen(self, x):
        """Returns its argument's type, dtype, shape and elements, as text."""
        return [type(x).__name__, str(x.dtype), list(x.shape), repr(x.tolist())]

    def make(self, dtype, shape, order):
        """Returns 0, 1, 2 … as an array."""
        n = int(numpy.prod(shape))
        return numpy.arange(n).astype(dtype).reshape(shape).copy(order=order)

    def scalar(self, dtype, n):
        """Returns a scalar of NumPy's."""
        return numpy.dtype(dtype).type(n)

    def every_other(self, x):
        """Returns a view with gaps in memory."""
        return x[::2]

    def records(self):
        """Returns what has no form in Go."""
        return numpy.array([(1, 2.0)], dtype=[('a', '<i4'), ('b', '<f8')])

    def objects(self):
        """Returns what would be sent as a pickle."""
        return numpy.array([None, 'x'], dtype=object)


def main():
    import argparse
    import os
    import sys

    p = argparse.ArgumentParser(description='Serves arrays.')
    p.add_argument('--bind', metavar='ENDPOINT', required=True)
    o = p.parse_args()

    install()
    import gevent
    import zerorpc

    class Served(Arrays):
        @zerorpc.stream
        def rows(self, x):
            """Streams the rows of a matrix."""
            return iter(x)

    def end_with_input():
        gevent.get_hub().threadpool.apply(sys.stdin.buffer.read)
        os._exit(0)

    server = zerorpc.Server(Served())
    server.bind(o.bind)
    at = server._events._socket.getsockopt(zerorpc.zmq.LAST_ENDPOINT)
    gevent.spawn(end_with_input)
    spelling.say('ready ' + at.rstrip(b'\0').decode())
    server.run()


if __name__ == '__main__':
    main()
