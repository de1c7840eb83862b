"""The benchmark's zerorpc-python peer: the real zerorpc package as server and client.

It speaks the lines of JSON of package wire on standard input and output.

    zerorpc_peer.py serve           zerorpc_peer.py drive HOST:PORT
"""
import json
import os
import resource
import sys
import time

import gevent
import gevent.fileobject
import zerorpc

PAYLOAD = "0123456789"
FIRST_ITEMS, MAX_ITEMS, GROW = 1000, 1 << 20, 0.05


def say(**reply):
    sys.stdout.write(json.dumps(reply) + "\n")
    sys.stdout.flush()


def usage():
    u = resource.getrusage(resource.RUSAGE_SELF)  # all threads, libzmq's too
    return {"cpu": (u.ru_utime + u.ru_stime) * 1e6}


def obey(do):
    # A cooperative file: waiting for a command must not stop the greenlets.
    for line in gevent.fileobject.FileObject(sys.stdin.buffer, "rb"):
        command = json.loads(line)
        try:
            say(**(usage() if command["do"] == "usage" else do(command)))
        except Exception as e:  # named to the parent, which decides
            say(error="%s: %s" % (type(e).__name__, e))
    # zerorpc's own greenlets would keep the interpreter from ending.
    os._exit(0)


class Service(object):
    def echo(self, s):
        return s

    @zerorpc.stream
    def count(self, n):
        return iter(range(n))


def serve():
    server = zerorpc.Server(Service())
    server.bind("tcp://127.0.0.1:*")
    endpoint = server._events._socket.getsockopt_string(zerorpc.zmq.LAST_ENDPOINT)
    gevent.spawn(server.run)
    say(ready=endpoint[len("tcp://"):])
    obey(lambda command: {})


class Session(object):
    def __init__(self, addr):
        self.endpoint, self.clients, self.work, self.items = "tcp://" + addr, [], {}, FIRST_ITEMS

    def do(self, c):
        return getattr(self, "do_" + c["do"])(c)

    def do_procs(self, c):
        return {}  # one interpreter, one thread: nothing to set

    def do_open(self, c):
        self.do_close(c)
        self.work, self.items = c, FIRST_ITEMS
        for _ in range(c["conns"]):
            client = zerorpc.Client()
            client.connect(self.endpoint)
            self.clients.append(client)
        return {}

    def do_close(self, c):
        for client in self.clients:
            client.close()
        self.clients = []
        return {}

    def do_run(self, c):
        start = time.perf_counter()
        end = start + c["millis"] / 1e3
        if self.work["work"] == "stream":
            ops, latencies = self.streams(end), []
        else:
            size = self.work["size"]
            arg = bytes(size) if self.work["work"] == "bytes" else PAYLOAD * (size // 10)
            callers = [gevent.spawn(self.calls, client, arg, end)
                       for _ in range(self.work["inflight"]) for client in self.clients]
            latencies = sorted(t for caller in gevent.joinall(callers, raise_error=True) for t in caller.value)
            ops = len(latencies)
        reply = {"ops": ops, "seconds": time.perf_counter() - start}
        if latencies:
            for name, q in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999)):
                reply[name] = latencies[min(int(q * ops), ops - 1)] * 1e6
        return reply

    @staticmethod
    def calls(client, arg, end):
        took, t0 = [], time.perf_counter()
        while t0 < end:
            got = client.echo(arg)
            if len(got) != len(arg) or got[-8:] != arg[-8:]:
                raise ValueError("echo of %d bytes is something else of %d" % (len(arg), len(got)))
            t1 = time.perf_counter()
            took.append(t1 - t0)
            t0 = t1
        return took

    def streams(self, end):
        ops = 0
        while True:
            t0 = time.perf_counter()
            if t0 >= end:
                return ops
            i = -1
            for i, item in enumerate(self.clients[0].count(self.items)):
                if item != i:
                    raise ValueError("stream item %d is %r" % (i, item))
            if i + 1 != self.items:
                raise ValueError("stream ended after %d of %d items" % (i + 1, self.items))
            ops += self.items
            if time.perf_counter() - t0 < GROW and self.items < MAX_ITEMS:
                self.items *= 2


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    elif len(sys.argv) == 3 and sys.argv[1] == "drive":
        say(ready=sys.argv[2])
        obey(Session(sys.argv[2]).do)
    else:
        sys.exit("usage: zerorpc_peer.py serve | drive HOST:PORT")
