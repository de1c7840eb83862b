package drive

import (
	"testing"

	"github.com/zrpc-go/zrpc/bench/internal/peers"
	"github.com/zrpc-go/zrpc/bench/internal/wire"
)

func TestIdleThingsAreHeld(t *testing.T) {
	for _, p := range peers.All {
		t.Run(p.Name, func(t *testing.T) {
			server, client := pairOf(t, p)
			conns := client(wire.Command{Do: wire.Open, Work: wire.IdleConns, Conns: 20, Size: 10})
			if conns.Error != "" || conns.Ops != 20 {
				t.Errorf("open: %+v, want 20 connections", conns)
			}
			// More streams than connections, and no multiple of them.
			streams := client(wire.Command{Do: wire.Open, Work: wire.IdleStreams, Conns: 3, N: 100})
			if has := p.Name == "zrpc" || p.Name == "raw" || p.Name == "grpc"; streams.Error != "" || streams.Unsupported == has || has && streams.Ops != 100 {
				t.Errorf("open: %+v, want 100 streams of those that have them", streams)
			}
			if r := server(wire.Command{Do: wire.Collect}); r.Error != "" {
				t.Errorf("collect: %+v", r)
			}
			if r := client(wire.Command{Do: wire.Close}); r.Error != "" {
				t.Errorf("close: %+v", r)
			}
		})
	}
}
