'use strict';
// A zerorpc-node server as a process for tests: prints `ready ENDPOINT`, then
// a JSON line for each thing a test may wait for, and ends with its input.
//
//   node server.js (--bind ENDPOINT|--connect ENDPOINT...) [--heartbeat SECONDS]
const { parseArgs } = require('node:util');
const zerorpc = require('zerorpc');
const { say, spell } = require('./spelling');

const { values: options } = parseArgs({
  options: {
    bind: { type: 'string' },
    connect: { type: 'string', multiple: true },
    heartbeat: { type: 'string', default: '5' },
  },
});

// zerorpc-node reads the parameter names from the source of each function and
// wants the old form of it.
const methods = {
  hello: function (name, reply) {
    reply(null, 'Hello, ' + name);
  },
  echo: function (x, reply) {
    reply(null, x);
  },
  add: function (a, b, reply) {
    reply(null, a + b);
  },
  kind: function (x, reply) {
    reply(null, JSON.stringify(spell(x)));
  },
  big: function (size, reply) {
    reply(null, Buffer.alloc(size, 0xa5));
  },
  sleep: function (seconds, reply) {
    say({ note: 'begin', method: 'sleep' });
    setTimeout(() => reply(null, seconds), seconds * 1000);
  },
  fail: function (name, message, reply) {
    const e = new Error(message);
    e.name = name;
    reply(e);
  },
  fail_text: function (message, reply) {
    reply(message);
  },
  throws: function (message, reply) {
    throw new TypeError(message);
  },
  streaming_range: function (from, to, step, reply) {
    for (let i = from; i < to; i += step) reply(null, i, true);
    reply(); // an end without an item: undefined
  },
  slow_stream: function (count, seconds, reply) {
    say({ note: 'begin', method: 'slow_stream' });
    let i = 0;
    const timer = setInterval(() => {
      try {
        reply(null, i++, true);
        if (i === count) {
          clearInterval(timer);
          reply();
        }
      } catch (e) {
        // «Cannot send on closed channel»: the caller was lost. A method that
        // does not look after this takes its server down.
        clearInterval(timer);
        say({ note: 'closed', method: 'slow_stream' });
      }
    }, seconds * 1000);
  },
  fail_stream: function (count, reply) {
    for (let i = 0; i < count; i++) reply(null, i, true);
    reply(new Error('after ' + count));
  },
  stats: function (reply) {
    reply(null, { channels: Object.keys(server._socket.channels).length });
  },
};

const server = new zerorpc.Server(methods, Number(options.heartbeat) * 1000);
server.on('error', (error) => {
  console.error('error: ' + error); // for tests that look for complaints
  say({ note: 'error', text: String(error) });
});
if (options.bind) {
  const socket = server._socket._zmqSocket;
  socket.on('bind', () => say('ready ' + socket._socket.lastEndpoint));
  server.bind(options.bind);
} else {
  for (const endpoint of options.connect) server.connect(endpoint);
  say('ready ' + options.connect[0]);
}

process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
