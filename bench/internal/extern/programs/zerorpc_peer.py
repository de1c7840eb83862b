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
import gevent.event
import gevent.fileobject
import gevent.server
import gevent.socket
import zerorpc

PAYLOAD = "0123456789"
FIRST_ITEMS, MAX_ITEMS, GROW = 1000, 1 << 20, 0.05
RECEIPT_EVERY, PROBE, PROBE_WAIT, QUIET = 128, 0.005, 10, 0.3


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


class Fan(object):
    """The publisher's side of pub-sub and push-pull; see Fan of package wire."""

    def __init__(self):
        self.out = self.probes = self.receipts = None

    def do(self, c):
        if c["do"] == "open" and c["work"] in ("pub", "push"):
            return self.open(c)
        if c["do"] == "run" and self.out:
            return self.run(c)
        if c["do"] == "close":
            self.close()
        return {}

    def open(self, c):
        self.close()
        self.out = zerorpc.Publisher() if c["work"] == "pub" else zerorpc.Pusher()
        self.out.bind("tcp://127.0.0.1:*")
        endpoint = self.out._events._socket.getsockopt_string(zerorpc.zmq.LAST_ENDPOINT)
        self.probes = gevent.spawn(self.probe)
        return {"ready": endpoint[len("tcp://"):]}

    def probe(self):
        while True:
            self.out.message(b"p")
            gevent.sleep(PROBE)

    def close(self):
        if self.probes:
            self.probes.kill()
        if self.out:
            self.out.close()
        if self.receipts:
            self.receipts.close()
        self.out = self.probes = self.receipts = None

    def run(self, c):
        self.probes.kill()
        if self.receipts:
            self.receipts.close()
        window, sent, received = c.get("window", 0), 0, 0
        if window:
            host, port = c["addr"].split(":")
            self.receipts = gevent.socket.create_connection((host, int(port)))
            self.receipts.settimeout(QUIET)
        message = bytes(c["size"])
        start = time.perf_counter()
        end = start + c["millis"] / 1e3
        while time.perf_counter() < end:
            for _ in range(RECEIPT_EVERY):
                self.out.message(message)
            sent += RECEIPT_EVERY
            gevent.sleep(0)  # let libzmq and the commands have their turn
            if window and sent - received > window - RECEIPT_EVERY:
                try:
                    received += len(self.receipts.recv(64)) * RECEIPT_EVERY
                except gevent.socket.timeout:
                    break  # messages were lost: the client will count them
        return {"ops": sent, "seconds": time.perf_counter() - start}


class Subscribers(object):
    """The client's side. One interpreter counts them all, so no lock is needed."""

    def __init__(self, c):
        self.push, self.size, self.window = c["work"] == "push", c["size"], c.get("window", 0)
        self.counts, self.probed = [0] * c["conns"], set()
        self.pace, self.owed, self.passed = None, 0, {}
        self.server = gevent.server.StreamServer(("127.0.0.1", 0), self.accept)
        self.server.start()
        self.subs = []
        for i in range(c["conns"]):
            methods = {"message": lambda m, i=i: self.got(i, m)}
            sub = zerorpc.Puller(methods) if self.push else zerorpc.Subscriber(methods)
            sub.connect("tcp://" + c["addr"])
            self.subs.append((sub, gevent.spawn(sub.run)))
        with gevent.Timeout(PROBE_WAIT):
            while len(self.probed) < len(self.subs):
                gevent.sleep(PROBE)

    def accept(self, conn, _):
        self.pace = conn
        if self.owed:
            conn.sendall(bytes(self.owed))
        self.owed = 0
        gevent.event.Event().wait()  # the server closes the connection when this ends

    def got(self, i, message):
        if len(message) != self.size:
            self.probed.add(i)
            return
        self.counts[i] += 1
        at = self.counts[i]
        if self.window and at % RECEIPT_EVERY == 0:
            self.passed[at] = self.passed.get(at, 0) + 1
            if self.passed[at] == len(self.subs):
                if self.pace:
                    self.pace.sendall(b"r")
                else:
                    self.owed += 1

    def run(self, c):
        want = c["n"] * (1 if self.push else len(self.subs))
        have, start = sum(self.counts), time.perf_counter()
        last = start
        while have < want and time.perf_counter() - last < QUIET:
            gevent.sleep(0.0005)
            n = sum(self.counts)
            if n != have:
                have, last = n, time.perf_counter()
        if self.pace:
            self.pace.close()
        self.counts, self.pace, self.owed, self.passed = [0] * len(self.subs), None, 0, {}
        return {"ops": have, "lost": max(0, want - have), "seconds": last - start}

    def close(self):
        for sub, run in self.subs:
            run.kill()
            sub.close()
        self.server.stop(timeout=0)


def serve():
    server = zerorpc.Server(Service())
    server.bind("tcp://127.0.0.1:*")
    endpoint = server._events._socket.getsockopt_string(zerorpc.zmq.LAST_ENDPOINT)
    gevent.spawn(server.run)
    say(ready=endpoint[len("tcp://"):])
    obey(Fan().do)


class Session(object):
    def __init__(self, addr):
        self.endpoint, self.clients, self.work, self.items = "tcp://" + addr, [], {}, FIRST_ITEMS
        self.subs = None

    def do(self, c):
        return getattr(self, "do_" + c["do"])(c)

    def do_procs(self, c):
        return {}  # one interpreter, one thread: nothing to set

    def do_open(self, c):
        self.do_close(c)
        self.work, self.items = c, FIRST_ITEMS
        if c["work"] in ("pub", "push"):
            self.subs = Subscribers(c)
            return {"ready": "127.0.0.1:%d" % self.subs.server.server_port}
        if c["work"] not in ("echo", "bytes", "stream") or c.get("rate"):
            return {"unsupported": True}
        for _ in range(c["conns"]):
            client = zerorpc.Client()
            client.connect(self.endpoint)
            self.clients.append(client)
        return {}

    def do_close(self, c):
        for client in self.clients:
            client.close()
        self.clients = []
        if self.subs:
            self.subs.close()
            self.subs = None
        return {}

    def do_collect(self, c):
        return {}

    def do_run(self, c):
        if self.subs:
            return self.subs.run(c)
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
        while True:
            got = client.echo(arg)
            if len(got) != len(arg) or got[-8:] != arg[-8:]:
                raise ValueError("echo of %d bytes is something else of %d" % (len(arg), len(got)))
            t1 = time.perf_counter()
            took.append(t1 - t0)
            t0 = t1
            if t1 >= end:
                return took

    def streams(self, end):
        ops = 0
        while True:
            t0 = time.perf_counter()
            i = -1
            for i, item in enumerate(self.clients[0].count(self.items)):
                if item != i:
                    raise ValueError("stream item %d is %r" % (i, item))
            if i + 1 != self.items:
                raise ValueError("stream ended after %d of %d items" % (i + 1, self.items))
            ops += self.items
            t1 = time.perf_counter()
            if t1 - t0 < GROW and self.items < MAX_ITEMS:
                self.items *= 2
            if t1 >= end:
                return ops


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    elif len(sys.argv) == 3 and sys.argv[1] == "drive":
        say(ready=sys.argv[2])
        obey(Session(sys.argv[2]).do)
    else:
        sys.exit("usage: zerorpc_peer.py serve | drive HOST:PORT")
