package peers

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync/atomic"
)

// Raw TCP: the least that any protocol on a Go net.Conn can cost. Each side is one
// goroutine a connection; a request is answered by the goroutine that read it. With
// several in flight, one goroutine keeps a window of requests on the way (Pipeline):
// there are no calls to wake up, which no RPC can do without.
//
// A frame is a kind byte, a length of 4 bytes, and as many bytes.

const (
	rawEcho   = 'e'
	rawStream = 's'
	rawItem   = 'i' // of a stream to the server
	rawEnd    = '.' // of that; the answer is the number of items
	rawIdle   = 'w' // streams that bring an item each and then wait
	rawHead   = 5
	rawBuffer = 64 << 10
)

var rawPeer = Peer{Name: "raw", Title: "raw Go TCP, ping-pong", Serve: rawServe, Dial: rawDial}

// rawServe reads, answers and, when all that came is answered, writes.
func rawServe(addr string) (string, error) {
	return serveTCP(addr, func(c net.Conn) {
		defer c.Close()
		f := newRawFramer(c)
		gone := make(chan struct{})
		defer close(gone)
		var items uint64
		for {
			kind, body, err := f.read()
			if err != nil {
				return // the client is gone: nobody is left to tell
			}
			switch kind {
			case rawEcho:
				f.write(rawEcho, body)
			case rawStream:
				var item [8]byte
				for i := range binary.LittleEndian.Uint64(body) {
					binary.LittleEndian.PutUint64(item[:], i)
					f.write(rawStream, item[:])
				}
			case rawItem:
				items++
			case rawEnd:
				f.write(rawEnd, binary.LittleEndian.AppendUint64(nil, items))
				items = 0
			case rawIdle:
				rawHold(f, int(binary.LittleEndian.Uint64(body)), gone)
			}
			// Answers to requests that have come in one read leave in one write.
			if f.r.Buffered() < rawHead {
				if f.w.Flush() != nil {
					return
				}
			}
		}
	})
}

// serveTCP accepts connections and runs serve on a goroutine for each.
func serveTCP(addr string, serve func(net.Conn)) (string, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // only when the process runs out of descriptors: clients then report it
			}
			go serve(c)
		}
	}()
	return l.Addr().String(), nil
}

// rawFramer reads and writes frames, buffered. Its buffers are used again, so a
// body is valid until the next read.
type rawFramer struct {
	r    *bufio.Reader
	w    *bufio.Writer
	body []byte
	head [rawHead]byte // for write; read has its own, as the two may run at once
	in   [rawHead]byte
}

func newRawFramer(c net.Conn) *rawFramer {
	return &rawFramer{r: bufio.NewReaderSize(c, rawBuffer), w: bufio.NewWriterSize(c, rawBuffer)}
}

func (f *rawFramer) read() (kind byte, body []byte, err error) {
	if _, err := io.ReadFull(f.r, f.in[:]); err != nil {
		return 0, nil, err
	}
	n := int(binary.LittleEndian.Uint32(f.in[1:]))
	if n > maxMessage {
		return 0, nil, fmt.Errorf("frame of %d bytes", n)
	}
	if cap(f.body) < n {
		f.body = make([]byte, n)
	}
	body = f.body[:n]
	_, err = io.ReadFull(f.r, body)
	return f.in[0], body, err
}

// write buffers one frame. An error stays with the writer and comes out of Flush.
func (f *rawFramer) write(kind byte, body []byte) {
	f.head[0] = kind
	binary.LittleEndian.PutUint32(f.head[1:], uint32(len(body)))
	f.w.Write(f.head[:])
	f.w.Write(body)
}

// rawConn is used by one goroutine at a time: requests have no numbers.
type rawConn struct {
	c net.Conn
	f *rawFramer
}

func rawDial(addr string) (Conn, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &rawConn{c: c, f: newRawFramer(c)}, nil
}

func (c *rawConn) Echo(s string) (string, error) {
	b, err := c.EchoBytes([]byte(s))
	return string(b), err
}

// EchoBytes returns the frame's buffer, which the next call overwrites.
func (c *rawConn) EchoBytes(p []byte) ([]byte, error) {
	c.f.write(rawEcho, p)
	if err := c.f.w.Flush(); err != nil {
		return nil, err
	}
	_, b, err := c.f.read()
	return b, err
}

func (c *rawConn) Stream(n int) (int, error) {
	c.f.write(rawStream, binary.LittleEndian.AppendUint64(nil, uint64(n)))
	if err := c.f.w.Flush(); err != nil {
		return 0, err
	}
	for i := range n {
		_, b, err := c.f.read()
		if err != nil {
			return i, err
		}
		if binary.LittleEndian.Uint64(b) != uint64(i) {
			return i, errOrder
		}
	}
	return n, nil
}

// Pipeline refills the window only after it has taken in all that had arrived, so that
// requests, too, leave many in one write.
func (c *rawConn) Pipeline(s string, window int, stop *atomic.Bool) (ops int64, err error) {
	msg := []byte(s)
	for pending := 0; ; {
		for ; pending < window && (ops == 0 || !stop.Load()); pending++ {
			c.f.write(rawEcho, msg)
		}
		if err := c.f.w.Flush(); err != nil {
			return ops, err
		}
		if pending == 0 {
			return ops, nil
		}
		// At least one, then whatever has come with it.
		for more := true; more; more = pending > 0 && c.f.r.Buffered() >= rawHead+len(msg) {
			_, b, err := c.f.read()
			if err != nil {
				return ops, err
			}
			if string(b) != s {
				return ops, fmt.Errorf("echo of %q is %q", s, b)
			}
			pending--
			ops++
		}
	}
}

func (c *rawConn) Close() error { return c.c.Close() }
