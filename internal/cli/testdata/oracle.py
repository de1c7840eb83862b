"""The other side of the argument parsing test: Python's argparse with the options of the zerorpc command.

Reads command lines from standard input, each a JSON list on a line, and writes what argparse makes of each: the
options, the positionals in order, or the error. Standard library only.
"""
import argparse
import json
import sys


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise ValueError(message)

    def exit(self, status=0, message=None):
        raise SystemExit(message)

    def print_help(self, file=None):
        pass


parser = Parser(prog="zrpc")
mode = parser.add_mutually_exclusive_group()
mode.add_argument("--client", action="store_true", default=True)
mode.add_argument("--server", action="store_false", dest="client")
parser.add_argument("--connect", action="append", default=None)
parser.add_argument("--bind", action="append", default=None)
parser.add_argument("--timeout", type=int, default=30)
parser.add_argument("--heartbeat", type=int, default=5)
parser.add_argument("--pool-size", type=int, default=None)
for names in (("-j", "--json"), ("-pj", "--print-json"), ("-?", "--inspect"), ("--active-hb",), ("-d", "--debug")):
    parser.add_argument(*names, action="store_true", default=False)
for name, nargs in (("address", "?"), ("command", "?"), ("params", "*")):
    parser.add_argument(name, nargs=nargs)

for line in sys.stdin:
    try:
        n = parser.parse_args(json.loads(line))
    except ValueError as e:
        out = {"error": str(e)}
    except SystemExit:
        out = {"help": True}
    else:
        out = {
            "server": not n.client, "connect": n.connect or [], "bind": n.bind or [], "timeout": n.timeout,
            "heartbeat": n.heartbeat, "pool": n.pool_size or 0,
            "flags": [n.json, n.print_json, n.inspect, n.active_hb, n.debug],
            "positionals": [x for x in [n.address, n.command] if x is not None] + n.params,
        }
    out["minor"] = sys.version_info[1]
    print(json.dumps(out))
