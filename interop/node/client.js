'use strict';
// The real zerorpc-node client, driven by JSON lines as python/client.py is:
// the ops new (client, endpoint, bind, timeout, heartbeat), call and stream
// (client, method, args, timeout, limit, progress), many, stats and close.
const readline = require('node:readline');
const zerorpc = require('zerorpc');
const { say, spell, unspell } = require('./spelling');

const clients = {};

function describe(error) {
  return { type: error.name, name: error.name, message: error.message, traceback: error.stack };
}

// invoke resolves with {items, end, error}: every callback of one invocation.
// node's only way to stop a stream is to stop listening: its channel lives on.
function invoke(command, method, args) {
  return new Promise((resolve) => {
    const items = [];
    const callback = (error, item, more) => {
      if (error) return resolve({ items, end: 'error', error });
      if (more || item !== undefined) items.push(item);
      if (command.progress && items.length === 1 && more) say({ id: command.id, progress: 1 });
      if (!more) resolve({ items, end: 'done' });
    };
    const options = command.timeout ? [{ timeout: command.timeout }] : [];
    clients[command.client].invoke(...options, method, ...args, callback);
  });
}

const ops = {
  async new(c) {
    const client = new zerorpc.Client({
      timeout: c.timeout || 30,
      heartbeatInterval: (c.heartbeat || 5) * 1000,
    });
    client.on('error', (error) => say({ note: 'error', text: String(error) }));
    clients[c.client] = client;
    if (!c.bind) {
      client.connect(c.endpoint);
      return c.endpoint;
    }
    const socket = client._socket._zmqSocket;
    const bound = new Promise((resolve) => socket.on('bind', resolve));
    client.bind(c.endpoint);
    await bound;
    return socket._socket.lastEndpoint;
  },
  async call(c) {
    const outcome = await invoke(c, c.method, (c.args || []).map(unspell));
    if (outcome.error) throw outcome.error;
    return spell(outcome.items[0]);
  },
  async stream(c) {
    const outcome = await invoke(c, c.method, (c.args || []).map(unspell));
    const result = { items: outcome.items.map(spell), end: outcome.end };
    if (outcome.error) result.error = describe(outcome.error);
    return result;
  },
  async many(c) {
    const args = (c.args || []).map(unspell);
    const calls = Array.from({ length: c.count }, (_, i) => invoke(c, c.method, [...args, i]));
    const outcomes = await Promise.all(calls);
    return outcomes.map((o) => (o.error ? { error: describe(o.error) } : spell(o.items[0])));
  },
  async stats(c) {
    return { channels: Object.keys(clients[c.client]._socket.channels).length };
  },
  async close(c) {
    clients[c.client].close();
    delete clients[c.client];
    return null;
  },
};

async function perform(command) {
  const begun = Date.now();
  let outcome;
  try {
    outcome = { ok: await ops[command.op](command) };
  } catch (error) {
    outcome = { error: describe(error) };
  }
  say({ id: command.id, ms: Date.now() - begun, ...outcome });
}

readline
  .createInterface({ input: process.stdin })
  .on('line', (line) => perform(JSON.parse(line)))
  .on('close', () => process.exit(0));
say('ready');
