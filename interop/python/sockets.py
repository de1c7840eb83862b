"""Raw ZeroMQ sockets of libzmq (through pyzmq), driven by JSON lines.

Each line is {"id": …, "op": …, "socket": NAME, …}; each outcome is one line as
client.py prints it. Frames are hex. Lines run one after the other, so what a
test asks for happens in the order asked; a `recv` that waits holds up the
lines behind it. It ends when its input ends.

Ops: open (type, bind or connect, options by libzmq name), send (frames),
burst (frames, count: the number as 4 bytes is appended to the last frame),
recv (timeout), drain (count, timeout: how many came), echo (until close: a
thread sends back what comes), poll (libzmq takes in new connections only
when it is called), subscribe, unsubscribe (topic), connect
(endpoint), disconnect (endpoint), close.
"""

import json
import struct
import sys
import threading
import time

import zmq

from spelling import say

context = zmq.Context()
sockets = {}
echoes = {}  # name -> (thread, stop event); its socket is that thread's alone


def op_open(c):
    s = context.socket(getattr(zmq, c['type']))
    s.setsockopt(zmq.LINGER, 1000)
    for name, value in c.get('options', {}).items():
        value = value.encode() if isinstance(value, str) else value
        s.setsockopt(getattr(zmq, name), value)
    sockets[c['socket']] = s
    if 'bind' in c:
        s.bind(c['bind'])
        return s.getsockopt(zmq.LAST_ENDPOINT).rstrip(b'\0').decode()
    s.connect(c['connect'])
    return c['connect']


def op_send(c):
    s = sockets[c['socket']]
    s.setsockopt(zmq.SNDTIMEO, int(c.get('timeout', 10) * 1000))
    s.send_multipart([bytes.fromhex(f) for f in c['frames']])


def op_burst(c):
    s = sockets[c['socket']]
    s.setsockopt(zmq.SNDTIMEO, int(c.get('timeout', 30) * 1000))
    frames = [bytes.fromhex(f) for f in c['frames']]
    for i in range(c['count']):
        s.send_multipart(frames[:-1] + [frames[-1] + struct.pack('>I', i)])


def op_recv(c):
    s = sockets[c['socket']]
    s.setsockopt(zmq.RCVTIMEO, int(c.get('timeout', 10) * 1000))
    return [f.hex() for f in s.recv_multipart()]


def op_drain(c):
    """Counts messages, and says whether their numbers came in order."""
    s = sockets[c['socket']]
    s.setsockopt(zmq.RCVTIMEO, int(c.get('timeout', 10) * 1000))
    numbers = []
    while len(numbers) < c['count']:
        try:
            numbers.append(struct.unpack('>I', s.recv_multipart()[-1][-4:])[0])
        except zmq.Again:
            break
    return {'count': len(numbers), 'ordered': numbers == sorted(numbers)}


def op_echo(c):
    s, stop = sockets.pop(c['socket']), threading.Event()

    def run():
        while not stop.is_set():
            if s.poll(50):
                s.send_multipart(s.recv_multipart())
        s.close()

    thread = threading.Thread(target=run, daemon=True)
    echoes[c['socket']] = (thread, stop)
    thread.start()


def op_poll(c):
    return sockets[c['socket']].poll(int(c.get('timeout', 0) * 1000))


def op_subscribe(c):
    sockets[c['socket']].setsockopt(zmq.SUBSCRIBE, c['topic'].encode())


def op_unsubscribe(c):
    sockets[c['socket']].setsockopt(zmq.UNSUBSCRIBE, c['topic'].encode())


def op_connect(c):
    sockets[c['socket']].connect(c['endpoint'])


def op_disconnect(c):
    sockets[c['socket']].disconnect(c['endpoint'])


def op_close(c):
    if c['socket'] in echoes:
        thread, stop = echoes.pop(c['socket'])
        stop.set()
        thread.join()
    else:
        sockets.pop(c['socket']).close()


def main():
    say('ready')
    for line in sys.stdin:
        c = json.loads(line)
        begun = time.time()
        try:
            outcome = {'ok': globals()['op_' + c['op']](c)}
        except Exception as e:
            outcome = {'error': {'type': type(e).__name__, 'message': str(e)}}
        outcome.update(id=c['id'], ms=int((time.time() - begun) * 1000))
        say(outcome)
    context.destroy(linger=0)


if __name__ == '__main__':
    main()
