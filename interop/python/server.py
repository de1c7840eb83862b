"""A zerorpc server, puller or subscriber as a process for tests.

It prints `ready ENDPOINT` once it is bound (or told to connect), then a JSON
line for each thing that a test may wait for, and ends when its input ends.
"""

import argparse
import json
import logging
import os
import sys

import gevent
import gevent.hub

from spelling import say, spell


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    where = p.add_mutually_exclusive_group(required=True)
    where.add_argument('--bind', metavar='ENDPOINT')
    where.add_argument('--connect', metavar='ENDPOINT', action='append')
    p.add_argument('--kind', choices=('server', 'puller', 'subscriber'), default='server')
    p.add_argument('--heartbeat', type=float, default=5, metavar='SECONDS')
    p.add_argument('--pool', type=int, default=None, metavar='TASKS')
    p.add_argument('--name', default=None)
    p.add_argument('--headers', type=json.loads, default={}, metavar='JSON',
                   help='header keys that a middleware adds to each answer')
    p.add_argument('--hooks', action='store_true',
                   help='note what each hook of a middleware sees')
    p.add_argument('--name-endpoint', nargs=2, action='append', default=[], metavar=('NAME', 'ENDPOINT'),
                   help='a name that a middleware resolves')
    p.add_argument('--shim', action='store_true', help='put back the names that Python dropped')
    return p.parse_args()


class Listener(object):
    """The methods of a puller or subscriber: each prints what it was given."""

    def __init__(self):
        self._header = None

    def event(self, *args):
        say({'event': spell(list(args)), 'header': spell(self._header)})

    def fail(self, message):
        raise ValueError(message)

    def _load_task_context(self, header):
        self._header = header


def end_with_input():
    """Ends this process when the test's end of the pipe is gone."""
    gevent.get_hub().threadpool.apply(sys.stdin.buffer.read)
    os._exit(0)


def main():
    o = arguments()
    if o.shim:
        import shim
        shim.install()
    import zerorpc
    import services
    logging.basicConfig(level=logging.WARNING)

    context = zerorpc.Context()
    if o.kind == 'server':
        methods = services.Peer()
        peer = zerorpc.Server(methods, name=o.name, context=context,
                              pool_size=o.pool, heartbeat=o.heartbeat)
        methods._server = peer
    else:
        methods = Listener()
        kind = zerorpc.Puller if o.kind == 'puller' else zerorpc.Subscriber
        peer = kind(methods, context=context)
    context.register_middleware({
        'load_task_context': methods._load_task_context,
        'get_task_context': lambda: o.headers,
    })
    if o.hooks:
        from middleware import Hooks
        context.register_middleware(Hooks(
            lambda line: say({'note': 'hook', 'text': line}), names=dict(o.name_endpoint)))

    if o.bind:
        peer.bind(o.bind)
        at = peer._events._socket.getsockopt(zerorpc.zmq.LAST_ENDPOINT)
        at = at.rstrip(b'\0').decode()
    else:
        for at in o.connect:
            peer.connect(at)
    gevent.spawn(end_with_input)
    say('ready ' + at)
    peer.run()


if __name__ == '__main__':
    main()
