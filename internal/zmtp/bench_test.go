package zmtp

import (
	"io"
	"net"
	"sync"
	"testing"
)

// echo sends every message back until the connection ends; replies are corked
// while more input is buffered.
func echo(c *Conn) {
	for {
		m, ok, err := c.Next()
		switch {
		case err != nil:
			return
		case !ok:
			if c.Flush() != nil || c.Fill() != nil {
				return
			}
		case m.Owned:
			c.SendOwned(always, m.Envelope, nil, m.Body, func() { Recycle(m.Buffer) }, Now)
		default:
			c.Send(always, m.Envelope, m.Body, Later)
		}
	}
}

// BenchmarkPingPong: one small message at a time, there and back.
func BenchmarkPingPong(b *testing.B) {
	x, y := tcpPair(b, nil, nil)
	go echo(y)
	envelope, body := AppendFrame(nil, true, nil), make([]byte, 60)
	b.ReportAllocs()
	for b.Loop() {
		x.Send(always, envelope, body, Now)
		if _, err := recv(x); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkPingPongRaw is the same over bare TCP: the floor.
func BenchmarkPingPongRaw(b *testing.B) {
	x, y := tcpConns(b)
	defer x.Close()
	defer y.Close()
	go io.CopyBuffer(struct{ io.Writer }{y}, struct{ io.Reader }{y}, make([]byte, 64))
	body := make([]byte, 64)
	for b.Loop() {
		x.Write(body)
		if _, err := io.ReadFull(x, body); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSenders: 64 goroutines, each with one message in flight, one reader.
func BenchmarkSenders(b *testing.B) {
	for name, f := range map[string]Flush{"now": Now, "yield": Yield, "async": Async} {
		b.Run(name, func(b *testing.B) {
			x, y := tcpPair(b, nil, nil)
			go echo(y)
			const senders = 64
			tokens := make(chan struct{}, senders)
			for range senders {
				tokens <- struct{}{}
			}
			var wg sync.WaitGroup
			work := make(chan struct{})
			envelope, body := AppendFrame(nil, true, nil), make([]byte, 60)
			for range senders {
				wg.Go(func() {
					for range work {
						x.Send(always, envelope, body, f)
					}
				})
			}
			b.ReportAllocs()
			b.ResetTimer()
			go func() {
				for range b.N {
					<-tokens
					work <- struct{}{}
				}
				close(work)
			}()
			for range b.N {
				if _, err := recv(x); err != nil {
					b.Fatal(err)
				}
				tokens <- struct{}{}
			}
			wg.Wait()
		})
	}
}

// BenchmarkStream: one way, corked, as a stream of items is sent.
func BenchmarkStream(b *testing.B) {
	x, y := tcpPair(b, nil, nil)
	envelope, body := AppendFrame(nil, true, nil), make([]byte, 60)
	b.ReportAllocs()
	b.ResetTimer()
	go func() {
		for range b.N {
			x.Send(always, envelope, body, Later)
		}
		x.Flush()
	}()
	for range b.N {
		if _, err := recv(y); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkEcho1MiB: a large message there and back, handed over both ways.
func BenchmarkEcho1MiB(b *testing.B) {
	x, y := tcpPair(b, nil, nil)
	go echo(y)
	envelope, body := AppendFrame(nil, true, nil), make([]byte, 1<<20)
	b.SetBytes(1 << 20)
	b.ReportAllocs()
	for b.Loop() {
		x.SendOwned(always, envelope, nil, body, nil, Now)
		m, err := recv(x)
		if err != nil {
			b.Fatal(err)
		}
		Recycle(m.Buffer)
	}
}

// BenchmarkEcho1MiBRaw is the same over bare TCP: read whole, write whole.
func BenchmarkEcho1MiBRaw(b *testing.B) {
	x, y := tcpConns(b)
	defer x.Close()
	defer y.Close()
	const size = 1 << 20
	go func(c net.Conn) {
		for buf := make([]byte, size); ; {
			if _, err := io.ReadFull(c, buf); err != nil {
				return
			}
			c.Write(buf)
		}
	}(y)
	body, back := make([]byte, size), make([]byte, size)
	b.SetBytes(size)
	for b.Loop() {
		x.Write(body)
		if _, err := io.ReadFull(x, back); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNext: parsing alone.
func BenchmarkNext(b *testing.B) {
	nc, far := memPair(1 << 20)
	c := reading(b, nc, Config{})
	one := append(AppendFrame(nil, true, nil), AppendFrame(nil, false, make([]byte, 60))...)
	var batch []byte
	for range 100 {
		batch = append(batch, one...)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if i%100 == 0 {
			far.Write(batch)
		}
		if _, err := recv(c); err != nil {
			b.Fatal(err)
		}
	}
}
