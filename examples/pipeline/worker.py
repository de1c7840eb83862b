"""A worker, for the pipeline in Go or in Python.

    pip install zerorpc
    python3 worker.py [TASKS RESULTS]
"""
import sys

import zerorpc


class Worker(object):
    def __init__(self, results):
        self._results = results

    def square(self, n):
        self._results.squared(n, n * n)


if __name__ == "__main__":
    tasks, results = sys.argv[1:] or ("tcp://127.0.0.1:4244", "tcp://127.0.0.1:4245")
    pusher = zerorpc.Pusher()
    pusher.connect(results)
    puller = zerorpc.Puller(Worker(pusher))
    puller.connect(tasks)
    puller.run()
