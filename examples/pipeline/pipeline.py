"""Pushes ten tasks and sums what comes of them; the workers are Go or Python.

    pip install zerorpc
    python3 pipeline.py [TASKS RESULTS]
"""
import sys

import gevent
import zerorpc


class Sink(object):
    def __init__(self):
        self.sum = self.count = 0

    def squared(self, n, square):
        self.sum += square
        self.count += 1


if __name__ == "__main__":
    tasks, results = sys.argv[1:] or ("tcp://127.0.0.1:4244", "tcp://127.0.0.1:4245")
    pusher = zerorpc.Pusher()
    pusher.bind(tasks)
    sink = Sink()
    puller = zerorpc.Puller(sink)
    puller.bind(results)
    gevent.spawn(puller.run)
    for n in range(10):
        pusher.square(n)
    while sink.count < 10:
        gevent.sleep(0.01)
    print("sum of squares", sink.sum)
