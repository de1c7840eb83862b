"""Uses the calculator, be it Go or Python. A zerorpc client is a stub by itself: any method name will do.

    pip install zerorpc
    python3 client.py [ENDPOINT]
"""
import sys

import zerorpc

if __name__ == "__main__":
    calc = zerorpc.Client()
    calc.connect(sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:4242")
    print("1 + 2 =", calc.add(1, 2))
    for square in calc.squares(1, 2, 3):
        print("square", square)
    try:
        calc.divide(1, 0)
    except zerorpc.RemoteError as e:
        print("1 / 0 is a", e.name)
    calc.close()
