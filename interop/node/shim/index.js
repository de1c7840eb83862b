'use strict';
// zerorpc-node wants zeromq 4, whose native part no longer builds. zeromq 6
// has its interface, but for bindSync, which zerorpc calls and which here is
// a bind whose error is emitted.
const zmq = require('zeromq6/v5-compat');

zmq.Socket.prototype.bindSync = function bindSync(endpoint) {
  this.bind(endpoint, (err) => {
    if (err) this.emit('error', err);
  });
  return this;
};

module.exports = zmq;
