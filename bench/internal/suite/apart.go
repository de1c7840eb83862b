package suite

// apart lists the systems that do only the works that name them: other ways to use zrpc,
// and pairs of which one end is foreign. Server and client are names of peers.
//
//	zrpc-python    a zrpc client of a zerorpc-python server
//	python-zrpc    a zerorpc-python client of a zrpc server
var apart = []struct{ name, title, server, client string }{
	{"zrpcpool", "zrpc, a goroutine a request", "zrpcpool", "zrpcpool"},
	{"zrpc100", "zrpc, window of 100", "zrpc", "zrpc100"},
	{"zrpc-python", "zrpc → zerorpc-python", "python", "zrpc"},
	{"python-zrpc", "zerorpc-python → zrpc", "zrpc", "python"},
	{"zrpc-node", "zrpc → zerorpc-node", "node", "zrpclossy"},
	{"node-zrpc", "zerorpc-node → zrpc", "zrpc", "node"},
}
