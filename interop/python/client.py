"""The real zerorpc client, driven by JSON lines on its input.

Each line is {"id": …, "op": …, …} and runs on its own; each outcome is one
line {"id": …, "ok": value, "ms": …} or {"id": …, "error": {…}, "ms": …} with
values as spelling.py spells them, and with --arrays arrays.py. It ends when its input ends.

Ops: new (client, kind, endpoint, bind, timeout, heartbeat, passive, headers,
hooks, names, loud: see middleware.py), hooks (client: what they saw so far),
call (client, method, args, timeout, reply_header), stream (the same and
limit, delay, slots, progress), many (client, method, args, count), header
(client: of its last answer), stats (client), close (client).
"""

import json
import os
import sys
import time

import gevent
import gevent.local

import shim

if '--arrays' in sys.argv:  # NumPy's travel too
    import arrays
    arrays.install()
from spelling import say, spell, unspell  # noqa: E402  (as they are now)

shim.install()
from middleware import Hooks  # noqa: E402
import zerorpc  # noqa: E402  (the names that it needs come first)

KINDS = {'client': zerorpc.Client, 'pusher': zerorpc.Pusher, 'publisher': zerorpc.Publisher}
clients = {}
hooked = {}  # what the hooks of each client that has some saw
seen = gevent.local.local()  # the last answer's header, a task each
last = {}  # the same, a client each


def op_new(c):
    context = zerorpc.Context()
    headers = c.get('headers', {})
    context.register_middleware({
        'get_task_context': lambda: {k: unspell(v) for k, v in headers.items()},
        'client_after_request': after_request(c['client']),
    })
    if c.get('hooks'):
        lines = hooked[c['client']] = []
        context.register_middleware(Hooks(
            lines.append, names=c.get('names'), loud=c.get('loud', False)))
    kind = c.get('kind', 'client')
    options = {}
    if kind == 'client':
        options = {'timeout': c.get('timeout', 30), 'heartbeat': c.get('heartbeat', 5),
                   'passive_heartbeat': c.get('passive', False)}
    client = KINDS[kind](context=context, **options)
    clients[c['client']] = client
    if c.get('bind'):
        client.bind(c['endpoint'])
        at = client._events._socket.getsockopt(zerorpc.zmq.LAST_ENDPOINT)
        return at.rstrip(b'\0').decode()
    client.connect(c['endpoint'])
    return c['endpoint']


def after_request(client):
    def hook(request, reply, exception=None):
        seen.header = last[client] = reply.header if reply is not None else None
    return hook


def invoke(c):
    options = {k: c[k] for k in ('timeout', 'slots') if k in c}
    client = clients[c['client']]
    args = [unspell(a) for a in c.get('args', [])]
    if c['op'] == 'call' and not isinstance(client, zerorpc.Client):
        return client(c['method'], *args)  # push and publish take no options
    return client(c['method'], *args, **options)


def op_call(c):
    result = invoke(c)
    if hasattr(result, '__next__'):
        raise TypeError('the answer is a stream')
    if c.get('reply_header'):
        return spell([result, seen.header])
    return spell(result)


def op_stream(c):
    result = invoke(c)
    if not hasattr(result, '__next__'):
        raise TypeError('the answer is no stream')
    items, limit = [], c.get('limit')
    try:
        for item in result:
            items.append(spell(item))
            if c.get('progress') and len(items) == 1:
                say({'id': c['id'], 'progress': 1})
            if limit is not None and len(items) >= limit:
                return {'items': items, 'end': 'stopped'}
            if c.get('delay'):
                gevent.sleep(c['delay'])
    except Exception as e:
        return {'items': items, 'end': 'error', 'error': describe(e)}
    finally:
        result.close()
    return {'items': items, 'end': 'done'}


def op_many(c):
    """So many calls at once, each with its number as the last argument."""
    client, args = clients[c['client']], [unspell(a) for a in c.get('args', [])]
    tasks = [gevent.spawn(client, c['method'], *(args + [i])) for i in range(c['count'])]
    gevent.joinall(tasks)
    return [spell(t.value) if t.successful() else {'error': describe(t.exception)} for t in tasks]


def op_hooks(c):
    lines = hooked[c['client']]
    seen_so_far = lines[:]
    del lines[:]
    return seen_so_far


def op_header(c):
    return spell(last.get(c['client']))


def op_stats(c):
    return {'channels': len(clients[c['client']]._multiplexer._active_channels)}


def op_close(c):
    clients.pop(c['client']).close()


def describe(e):
    d = {'type': type(e).__name__, 'message': str(e)}
    if isinstance(e, zerorpc.RemoteError):
        d.update(name=e.name, message=e.msg, traceback=e.traceback)
    return d


def perform(c):
    begun = time.time()
    try:
        outcome = {'ok': globals()['op_' + c['op']](c)}
    except Exception as e:
        outcome = {'error': describe(e)}
    outcome.update(id=c['id'], ms=int((time.time() - begun) * 1000))
    say(outcome)


def main():
    say('ready')
    while True:
        line = gevent.get_hub().threadpool.apply(sys.stdin.buffer.readline)
        if not line:
            os._exit(0)
        gevent.spawn(perform, json.loads(line))


if __name__ == '__main__':
    main()
