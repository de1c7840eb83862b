"""A middleware with all ten hooks of zerorpc, which writes down what it sees.

The lines are the same as those of the interceptors in ../middleware_test.go, so
that a test can compare what the two see of the same calls.
"""

import json

import zerorpc.patterns

from spelling import spell


class Refused(Exception):
    """What the middleware makes of a remote Refused, instead of a RemoteError."""


class Loud(zerorpc.patterns.ReqRep):
    """A pattern for answers of one result, which it puts in capitals if it can."""

    def process_answer(self, *args):
        result = super(Loud, self).process_answer(*args)
        return result.upper() if isinstance(result, str) else result


class Hooks(object):
    """The middleware; write is called with each line, names are aliases of endpoints."""

    def __init__(self, write, names=None, loud=False, headers=None):
        self._write = write
        self._names = names or {}
        self._loud = loud
        self._headers = headers or {}

    def resolve_endpoint(self, endpoint):
        return self._names.get(endpoint, endpoint)

    def load_task_context(self, header):
        self._write('load %s' % header.get('trace_id'))

    def get_task_context(self):
        return self._headers

    def server_before_exec(self, request):
        self._write('before %s %s' % (request.name, arguments(request)))

    def server_after_exec(self, request, reply):
        # Where there is no answer, push and publish, there is no reply either.
        self._write('after %s %s' % (request.name, reply.name if reply else None))

    def server_inspect_exception(self, request, reply, task_context, exc_infos):
        error = exc_infos[1]
        self._write('inspect %s %s: %s' % (request.name, type(error).__name__, error))

    def client_handle_remote_error(self, event):
        name, message = event.args[0], event.args[1]
        self._write('remote %s: %s' % (name, message))
        return Refused(message) if name == 'Refused' else None

    def client_before_request(self, request):
        self._write('before %s %s' % (request.name, arguments(request)))

    def client_after_request(self, request, reply, exception=None):
        how = reply.name if reply is not None else 'timeout'
        self._write('after %s %s' % (request.name, how))

    def client_patterns_list(self, patterns):
        return [Loud()] + patterns if self._loud else patterns


def arguments(event):
    return json.dumps(spell(list(event.args)), separators=(',', ':'))
