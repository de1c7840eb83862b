package peers

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"runtime"
	"sync"
)

// Raw TCP, multiplexed: what every RPC in Go must do at the least. Calls of many
// goroutines share a connection by number; the server runs a goroutine for each
// request; both sides gather what several goroutines write at once into one write.
// There is no encoding, no deadline, no flow control.
//
// A frame is a number of 8 bytes, a length of 4, and as many bytes.

const muxHead = 12

var muxPeer = Peer{Name: "mux", Title: "raw Go TCP, multiplexed", Serve: muxServe, Dial: muxDial}

// muxServe starts a goroutine for each request, since a handler might block: the price
// that a server pays which knows nothing of its handlers.
func muxServe(addr string) (string, error) {
	return serveTCP(addr, func(c net.Conn) {
		defer c.Close()
		w := &muxWriter{c: c}
		muxRead(c, func(id uint64, body []byte) {
			go w.write(id, body)
		})
	})
}

// muxRead hands each frame to got, with a body of its own, until the connection ends.
func muxRead(c net.Conn, got func(id uint64, body []byte)) error {
	r := bufio.NewReaderSize(c, rawBuffer)
	var head [muxHead]byte
	for {
		if _, err := io.ReadFull(r, head[:]); err != nil {
			return err
		}
		n := binary.LittleEndian.Uint32(head[8:])
		if n > maxMessage {
			return errors.New("frame too long")
		}
		body := make([]byte, n)
		if _, err := io.ReadFull(r, body); err != nil {
			return err
		}
		got(binary.LittleEndian.Uint64(head[:]), body)
	}
}

// muxWriter lets whoever finds nobody writing write for all.
type muxWriter struct {
	c net.Conn

	mu      sync.Mutex
	pending []byte // frames to be written; mu
	spare   []byte // the buffer written last; mu
	writing bool   // somebody is at it and will see pending; mu
	err     error  // mu
}

// write queues one frame and, unless somebody is writing already, writes until nothing
// is pending. The error of a write reaches that caller and all later ones.
func (w *muxWriter) write(id uint64, body []byte) error {
	w.mu.Lock()
	w.pending = binary.LittleEndian.AppendUint64(w.pending, id)
	w.pending = binary.LittleEndian.AppendUint32(w.pending, uint32(len(body)))
	w.pending = append(w.pending, body...)
	if w.writing || w.err != nil {
		err := w.err
		w.mu.Unlock()
		return err
	}
	w.writing = true
	w.mu.Unlock()
	runtime.Gosched() // others that are about to write share the system call

	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.pending) > 0 && w.err == nil {
		b := w.pending
		w.pending = w.spare[:0]
		w.mu.Unlock()
		_, err := w.c.Write(b)
		w.mu.Lock()
		w.spare, w.err = b, err
	}
	w.writing = false
	return w.err
}

// muxConn wakes each caller through a channel of its own.
type muxConn struct {
	c net.Conn
	w *muxWriter

	mu    sync.Mutex
	next  uint64                 // mu
	calls map[uint64]chan []byte // mu; nil after the connection ended
}

// muxDial starts the goroutine that reads all answers. It ends with the connection and
// then ends the calls that still wait.
func muxDial(addr string) (Conn, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &muxConn{c: nc, w: &muxWriter{c: nc}, calls: map[uint64]chan []byte{}}
	go func() {
		muxRead(nc, func(id uint64, body []byte) {
			c.mu.Lock()
			ch := c.calls[id]
			delete(c.calls, id)
			c.mu.Unlock()
			if ch != nil {
				ch <- body
			}
		})
		c.mu.Lock()
		defer c.mu.Unlock()
		for _, ch := range c.calls {
			close(ch)
		}
		c.calls = nil
	}()
	return c, nil
}

func (c *muxConn) Echo(s string) (string, error) {
	b, err := c.EchoBytes([]byte(s))
	return string(b), err
}

// EchoBytes returns a slice of its own: the reader allocates one for each frame.
func (c *muxConn) EchoBytes(p []byte) ([]byte, error) {
	ch := make(chan []byte, 1)
	c.mu.Lock()
	if c.calls == nil {
		c.mu.Unlock()
		return nil, net.ErrClosed
	}
	c.next++
	id := c.next
	c.calls[id] = ch
	c.mu.Unlock()
	if err := c.w.write(id, p); err != nil {
		return nil, err
	}
	b, ok := <-ch
	if !ok {
		return nil, net.ErrClosed
	}
	return b, nil
}

func (c *muxConn) Close() error { return c.c.Close() }
