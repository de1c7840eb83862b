"""Records what the real zerorpc client and server say to each other.

A proxy of plain sockets stands between them and writes each conversation to
../testdata/NAME.hex: `> hex` for an event to the server, `< hex` for one to the
client, in the order in which they passed. The Go tests replay the files with no
Python about. Run it again only when zerorpc's version changes; the files come
out the same each time, because the ids are counted and tracebacks replaced (a
real one would name the paths of one machine).
"""

import os
import threading
import traceback

import gevent
import zmq

import zerorpc

from services import Peer, VALUES

TESTDATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'testdata')


class Counted(zerorpc.Context):
    """A context whose ids are a counter in zerorpc's own form."""

    base = b'0' * 24

    def new_msgid(self):
        self.__dict__['n'] = self.__dict__.get('n', 0) + 1
        return b'%08x' % self.__dict__['n'] + self.base


class ClientContext(Counted):
    base = b'c11e47c11e47c11e47c11e47'


class ServerContext(Counted):
    base = b'5e77e75e77e75e77e75e77e7'


class Proxy(threading.Thread):
    """ROUTER in front, DEALER behind, and a list of the bodies that passed."""

    def __init__(self, back, types=(zmq.ROUTER, zmq.DEALER)):
        super(Proxy, self).__init__(daemon=True)
        context = zmq.Context()
        self.front, self.back = context.socket(types[0]), context.socket(types[1])
        port = self.front.bind_to_random_port('tcp://127.0.0.1')
        self.endpoint = 'tcp://127.0.0.1:%d' % port
        self.back.connect(back)
        self.one_way = types[0] != zmq.ROUTER
        self.lines = []

    def run(self):
        poller = zmq.Poller()
        poller.register(self.front, zmq.POLLIN)
        if not self.one_way:
            poller.register(self.back, zmq.POLLIN)
        while True:
            for socket, _ in poller.poll():
                frames = socket.recv_multipart()
                if not self.one_way:  # identity, delimiter, body and no more
                    assert len(frames) == 3 and frames[1] == b'', frames
                to, mark = (self.back, '>') if socket is self.front else (self.front, '<')
                self.lines.append('%s %s' % (mark, frames[-1].hex()))
                to.send_multipart(frames)


def write(name, about, lines):
    with open(os.path.join(TESTDATA, name + '.hex'), 'w') as f:
        f.write('# %s\n' % about)
        f.writelines(line + '\n' for line in lines)


def start_server():
    server = zerorpc.Server(Peer(), name='Peer', context=ServerContext(), heartbeat=0.5)
    server.bind('tcp://127.0.0.1:*')
    gevent.spawn(server.run)
    at = server._events._socket.getsockopt(zmq.LAST_ENDPOINT)
    return at.rstrip(b'\0').decode()


def swallow(call):
    """Runs a call to its end, whatever that is. The pause lets the server use
    up its credit before the next is given: else their order is a matter of luck."""
    try:
        result = call()
        if hasattr(result, '__next__'):
            for _ in result:
                gevent.sleep(0.01)
    except zerorpc.RemoteError:
        pass


CONVERSATIONS = [
    ('hello', 'one call, one answer', lambda c: c.hello('RPC')),
    ('add', 'two arguments', lambda c: c.add(1, 2)),
    ('undocumented', 'no argument', lambda c: c.undocumented()),
    ('stream-empty', 'a stream of no item', lambda c: c.streaming_range(0, 0)),
    ('stream-one', 'a stream of one item', lambda c: c.streaming_range(0, 1)),
    ('stream-ten', 'a stream of ten items', lambda c: c.streaming_range(0, 20, 2)),
    ('stream-slots', 'a stream of 25 items to a client with a queue of 10',
     lambda c: c('streaming_range', 0, 25, slots=10)),
    ('error', 'a method that raises', lambda c: c.fail('ValueError', 'x')),
    ('error-custom', 'a method that raises a class of its own', lambda c: c.fail('CustomError', 'h\u00e9')),
    ('error-name', 'a method that is not there', lambda c: c.nope()),
    ('error-stream', 'a stream that ends in an error after two items', lambda c: c.fail_stream(2)),
    ('error-stream-first', 'a stream that fails before its first item', lambda c: c.fail_stream(0)),
    ('ping', 'the built-in ping', lambda c: c._zerorpc_ping()),
    ('name', 'the built-in name', lambda c: c._zerorpc_name()),
    ('help', 'the built-in help', lambda c: c._zerorpc_help('hello')),
    ('heartbeat', 'a call of 1.3 s, heartbeats of 0.6 s from the client and 0.5 s from the server',
     lambda c: c.sleep(1.3)),
]


def main():
    traceback.format_exc = lambda: 'Traceback (most recent call last):\n'
    os.makedirs(TESTDATA, exist_ok=True)
    back = start_server()
    for name, about, call in CONVERSATIONS:
        record(back, name, about, call)
    record(back, 'echo', 'every value of msgpack there and back',
           lambda c: [c.echo(v) for v in VALUES.values() if size(v) < 70])
    record(back, 'headers', 'a request with header keys of a middleware',
           lambda c: c.hello('RPC'), {'trace_id': 'T1', 'n': [1, 2]})
    record_one_way('push', zerorpc.Pusher, zmq.PULL, zmq.PUSH)
    record_one_way('publish', zerorpc.Publisher, zmq.SUB, zmq.PUB)


def size(value):
    return len(value) if hasattr(value, '__len__') else 1


def record(back, name, about, call, headers=None):
    proxy = Proxy(back)
    proxy.start()
    context = ClientContext()
    context.register_middleware({'get_task_context': lambda: headers or {}})
    client = zerorpc.Client(proxy.endpoint, context=context, heartbeat=0.6)
    swallow(lambda: call(client))
    gevent.sleep(0.1)  # what was sent last has passed by then
    client.close()
    write(name, about, proxy.lines)


def record_one_way(name, kind, front, back):
    sink = zmq.Context.instance().socket(zmq.PULL)
    port = sink.bind_to_random_port('tcp://127.0.0.1')
    proxy = Proxy('tcp://127.0.0.1:%d' % port, (front, zmq.PUSH))
    if front == zmq.SUB:
        proxy.front.setsockopt(zmq.SUBSCRIBE, b'')
    proxy.start()
    sender = kind(context=ClientContext())
    sender.connect(proxy.endpoint)
    gevent.sleep(0.3)  # a subscription takes a moment, and PUB does not wait
    sender.event('a', 1, {'k': b'v'})
    gevent.sleep(0.3)
    sender.close()
    write(name, 'one event of a %s' % kind.__name__, proxy.lines)


if __name__ == '__main__':
    main()
