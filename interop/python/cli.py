"""The real zerorpc command line, with the two names that Python dropped: without
them it fails on Python 3.10 and later after every reply."""

import sys

import shim

shim.install()
from zerorpc import cli  # noqa: E402  (the names that it needs come first)

if __name__ == '__main__':
    sys.exit(cli.main())
