// Package zrpctest tests services and their clients in memory: no port, no file,
// nothing left behind, and time that can be made to jump.
//
// Pair serves methods and returns a client of them:
//
//	func TestHello(t *testing.T) {
//		c := zrpctest.Pair(t, func(s *zrpc.Server) { s.Handle("hello", hello) })
//		text, err := zrpc.Call[string](t.Context(), c, "hello", "RPC")
//		…
//	}
//
// PairWith puts a Proxy in between, which loses, delays and repeats events, and
// cuts and stalls the connection, as it is told. Everything here works in a bubble
// of testing/synctest, where the 15 s until a silent server is given up take no
// time:
//
//	synctest.Test(t, func(t *testing.T) {
//		c, p := zrpctest.PairWith(t, zrpctest.Options{}, register)
//		p.Stall()
//		_, err := zrpc.Call[string](t.Context(), c, "hello", "RPC")
//		// errors.Is(err, zrpc.ErrSilent), 15 s later by the bubble's clock
//	})
//
// A handler must then wait for nothing outside of the bubble, such as a network.
//
//	client ──inproc──► Proxy ──inproc──► server
//	         a lane each way: read, decide, queue, wait, write
package zrpctest
