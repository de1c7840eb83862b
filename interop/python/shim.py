"""The two names that zerorpc 0.6.3 uses and Python has dropped.

Import this before zerorpc and call install() to get the peer of Python 3.9;
leave it out to get what users of Python 3.11 really have: a server whose
_zerorpc_inspect and _zerorpc_args fail.
"""

import collections
import collections.abc
import inspect


def _getargspec(function):
    """inspect.getargspec as Python 3.10 had it (the four-part form)."""
    spec = inspect.getfullargspec(function)
    return (spec.args, spec.varargs, spec.varkw, spec.defaults)


def install():
    """Puts both names back where they are missing."""
    if not hasattr(inspect, 'getargspec'):  # gone in 3.11
        inspect.getargspec = _getargspec
    if not hasattr(collections, 'Iterator'):  # gone in 3.10
        collections.Iterator = collections.abc.Iterator
