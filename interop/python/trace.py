"""W3C Trace Context for zerorpc: a middleware that joins traces across peers.

    context = zerorpc.Context()
    context.register_middleware(TraceContext())
    server = zerorpc.Server(Methods(), context=context)

A request that brings the header key traceparent makes a span: its task, and the
calls that the task makes in turn, belong to the caller's trace. The Go side is
zrpc's package interceptor/otel; anything that knows the two header keys will do.
It starts no traces and sends spans nowhere: give `on_span` what does.

As a program it is a relay for tests: its method calls a server further on.
"""

import collections
import os
import re

import gevent.local

# version, trace id, parent's span id, flags; later versions may have more fields
_TRACEPARENT = re.compile(
    r'\A([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z')

# Longer ones are not worth the memory: W3C asks for 512 to be carried.
_MAX_TRACESTATE = 512

Span = collections.namedtuple('Span', 'trace_id span_id parent_id flags state')


def parse(header):
    """Returns a new span, child of the one that a request's header names; None
    if it names none, or one that must be ignored."""
    parent, state = header.get('traceparent'), header.get('tracestate')
    match = _TRACEPARENT.match(parent) if isinstance(parent, str) else None
    if match is None:
        return None
    version, trace_id, parent_id, flags, more = match.groups()
    if version == 'ff' or (version == '00' and more):
        return None
    if not trace_id.strip('0') or not parent_id.strip('0'):
        return None
    if not isinstance(state, str) or len(state) > _MAX_TRACESTATE:
        state = None
    # Of the flags only those of version 00 are ours to pass on.
    flags = '%02x' % (int(flags, 16) & 1)
    return Span(trace_id, os.urandom(8).hex(), parent_id, flags, state)


class TraceContext(object):
    """The middleware. Each gevent task has its own current span."""

    def __init__(self, on_span=None):
        """on_span is called with each new Span, in the task that it is for."""
        self._local = gevent.local.local()
        self._on_span = on_span

    def current(self):
        """Returns the Span of this task, or None."""
        return getattr(self._local, 'span', None)

    # Hooks of zerorpc.

    def load_task_context(self, header):
        """A request came, or a task is forked: what it does is a span."""
        self._local.span = span = parse(header)
        if span is not None and self._on_span is not None:
            self._on_span(span)

    def get_task_context(self):
        """An event leaves: the peer is told of this task's span."""
        span = self.current()
        if span is None:
            return {}
        header = {'traceparent': '00-%s-%s-%s' % (span.trace_id, span.span_id, span.flags)}
        if span.state:
            header['tracestate'] = span.state
        return header


def main():
    import argparse
    import sys

    import zerorpc
    from spelling import say

    p = argparse.ArgumentParser(description='Relays calls to a server further on.')
    p.add_argument('--bind', metavar='ENDPOINT', required=True)
    p.add_argument('--connect', metavar='ENDPOINT', required=True)
    o = p.parse_args()

    trace = TraceContext()
    context = zerorpc.Context()
    context.register_middleware(trace)
    further = zerorpc.Client(o.connect, context=context)

    class Relay(object):
        def relay(self, method, *args):
            """Calls method further on; returns this task's span and the result."""
            gevent.sleep(0.01)  # others of the tasks run meanwhile
            span = trace.current()
            return [list(span) if span else None, further(method, *args)]

    def end_with_input():
        gevent.get_hub().threadpool.apply(sys.stdin.buffer.read)
        os._exit(0)

    server = zerorpc.Server(Relay(), context=context)
    server.bind(o.bind)
    at = server._events._socket.getsockopt(zerorpc.zmq.LAST_ENDPOINT)
    gevent.spawn(end_with_input)
    say('ready ' + at.rstrip(b'\0').decode())
    server.run()


if __name__ == '__main__':
    main()
