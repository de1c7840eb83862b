// The benchmark's zerorpc-node peer: the real zerorpc package as server and client.
// It speaks the lines of JSON of package wire on standard input and output.
//
//   node zerorpc_peer.js serve           node zerorpc_peer.js drive HOST:PORT
'use strict';

const net = require('net');
const readline = require('readline');
const zerorpc = require('zerorpc');

const PAYLOAD = '0123456789';
// zerorpc-node as a server loses items of streams, the more the longer they are, and at
// times the end of one. So streams stay short; what is lost is counted and reported, and
// the wait that finds out about a lost end is not part of the time.
const ITEMS = 1000, SILENCE_MS = 300;

const say = (reply) => process.stdout.write(JSON.stringify(reply) + '\n');
const now = () => Number(process.hrtime.bigint()) / 1e6; // ms

function usage() {
  const u = process.resourceUsage(); // all threads, libzmq's too
  return { cpu: u.userCPUTime + u.systemCPUTime };
}

// One command after another; the commands of a benchmark never overlap.
async function obey(act) {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    try {
      say(command.do === 'usage' ? usage() : (await act(command)) || {});
    } catch (e) {
      say({ error: String(e && e.message || e) });
    }
  }
  process.exit(0); // heartbeats would keep the process alive
}

// zerorpc-node reads the parameters from the source and knows no shorter form of it.
const service = {
  echo: function (s, reply) { reply(null, s); },
  count: function (n, reply) {
    for (let i = 0; i < n; i++) reply(null, i, true);
    reply();
  },
};

// zerorpc-node does not tell which port a wildcard got, so one is found first.
function freePort() {
  return new Promise((resolve, reject) => {
    const s = net.createServer().once('error', reject).listen(0, '127.0.0.1', () => {
      const { port } = s.address();
      s.close(() => resolve(port));
    });
  });
}

async function serve() {
  const addr = '127.0.0.1:' + await freePort();
  const server = new zerorpc.Server(service);
  server.on('error', (e) => console.error('zerorpc-node server:', e));
  server.bind('tcp://' + addr);
  say({ ready: addr });
  await obey((c) => (c.do === 'open' ? { unsupported: true } : {})); // it publishes nothing
}

class Session {
  constructor(addr) { this.endpoint = 'tcp://' + addr; this.clients = []; }

  act(c) {
    switch (c.do) {
      case 'open': return this.open(c);
      case 'run': return this.run(c.millis);
      case 'close': return this.close();
      default: return {}; // one thread runs the JavaScript: nothing to set
    }
  }

  open(c) {
    this.close();
    if (!['echo', 'bytes', 'stream'].includes(c.work) || c.rate) return { unsupported: true };
    this.work = c;
    for (let i = 0; i < c.conns; i++) {
      const client = new zerorpc.Client();
      client.on('error', (e) => console.error('zerorpc-node client:', e));
      client.connect(this.endpoint);
      this.clients.push(client);
    }
    return {};
  }

  close() {
    for (const client of this.clients) client.close();
    this.clients = [];
  }

  async run(millis) {
    const start = now(), end = start + millis, took = [];
    const reply = {};
    if (this.work.work === 'stream') {
      Object.assign(reply, await this.streams(end));
    } else {
      const { size, inflight } = this.work;
      const arg = this.work.work === 'bytes' ? Buffer.alloc(size, 1) : PAYLOAD.repeat(size / 10);
      const callers = [];
      for (const client of this.clients) {
        for (let i = 0; i < inflight; i++) callers.push(calls(client, arg, end, took));
      }
      await Promise.all(callers);
      reply.ops = took.length;
    }
    reply.seconds ??= (now() - start) / 1e3; // streams have taken their own time
    took.sort((a, b) => a - b);
    for (const [name, q] of [['p50', 0.5], ['p99', 0.99], ['p999', 0.999]]) {
      if (took.length) reply[name] = took[Math.min(Math.floor(q * took.length), took.length - 1)] * 1e3;
    }
    return reply;
  }

  async streams(end) {
    let ops = 0, lost = 0, ms = 0;
    do {
      const s = await count(this.clients[0], ITEMS);
      ops += s.got;
      lost += ITEMS - s.got;
      ms += s.ms;
    } while (now() < end);
    return { ops, lost, seconds: ms / 1e3 };
  }
}

// One caller: the next call starts in the callback of the last.
function calls(client, arg, end, took) {
  return new Promise((resolve, reject) => {
    let t0 = now();
    const next = () => client.invoke('echo', arg, (err, got) => {
      if (err) return reject(err);
      if (got.length !== arg.length || got[got.length - 1] !== arg[arg.length - 1]) {
        return reject(new Error('echo of ' + arg.length + ' bytes is something else of ' + got.length));
      }
      const t1 = now();
      took.push(t1 - t0);
      t0 = t1;
      return t1 < end ? next() : resolve();
    });
    next();
  });
}

// Asks for a stream of n items; gives how many came and the ms until the last one.
function count(client, n) {
  return new Promise((resolve, reject) => {
    const start = now();
    let got = 0, seen = 0, last = start;
    const silence = setInterval(() => {
      if (got === seen) finish();
      seen = got;
    }, SILENCE_MS);
    const finish = (err) => {
      clearInterval(silence);
      return err ? reject(err) : resolve({ got, ms: last - start });
    };
    client.invoke('count', n, (err, item, more) => {
      if (err) return finish(err);
      if (item !== undefined) got++;
      last = now();
      if (!more) finish();
    });
  });
}

if (process.argv[2] === 'serve') {
  serve().catch((e) => { say({ error: String(e.message || e) }); process.exit(1); });
} else if (process.argv[2] === 'drive' && process.argv[3]) {
  const session = new Session(process.argv[3]);
  say({ ready: process.argv[3] });
  obey((c) => session.act(c));
} else {
  console.error('usage: zerorpc_peer.js serve | drive HOST:PORT');
  process.exit(2);
}
