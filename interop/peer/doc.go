// Package peer runs real zerorpc peers (Python's, Node's, and bare libzmq
// sockets) as processes for live tests. interop/setup.sh installs what they
// need; a test that finds it missing fails and says so.
//
// A peer prints one line when it is ready and one JSON line for each thing that
// a test may wait for; a driver also takes commands, one JSON line each. Both
// end when their input ends, so that no peer outlives the test binary.
package peer
