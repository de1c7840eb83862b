package peers

import (
	"encoding/binary"
	"iter"
)

// Upload sends a frame for each item, buffered, and one for the end.
func (c *rawConn) Upload(n int) (int, error) {
	var item [8]byte
	for i := range n {
		binary.LittleEndian.PutUint64(item[:], uint64(i))
		c.f.write(rawItem, item[:])
	}
	c.f.write(rawEnd, nil)
	if err := c.f.w.Flush(); err != nil {
		return 0, err
	}
	_, b, err := c.f.read()
	if err != nil {
		return 0, err
	}
	return int(binary.LittleEndian.Uint64(b)), nil
}

// Bidi sends from a goroutine of its own, buffered; the two halves share nothing. An
// error there comes out of the next Flush, or ends the reading.
func (c *rawConn) Bidi(n int) (int, error) {
	sent := make(chan error, 1)
	go func() {
		var item [8]byte
		for i := range n {
			binary.LittleEndian.PutUint64(item[:], uint64(i))
			c.f.write(rawEcho, item[:])
		}
		sent <- c.f.w.Flush()
	}()
	for i := range n {
		_, b, err := c.f.read()
		if err != nil {
			return i, err
		}
		if binary.LittleEndian.Uint64(b) != uint64(i) {
			return i, errOrder
		}
	}
	return n, <-sent
}

// Idle begins streams of the handler that zrpc's have.
func (c *rawConn) Idle(n int) error {
	c.f.write(rawIdle, binary.LittleEndian.AppendUint64(nil, uint64(n)))
	if err := c.f.w.Flush(); err != nil {
		return err
	}
	for range n {
		if _, _, err := c.f.read(); err != nil {
			return err
		}
	}
	return nil
}

// rawHold runs n handlers, which wait for gone after their first item. It is the least
// that this takes in Go: a goroutine for the handler, and nothing for the stream.
func rawHold(f *rawFramer, n int, gone <-chan struct{}) {
	handler := zrpcCount(1000)
	first := make(chan int)
	for range n {
		go rawWait(handler, first, gone)
		var item [8]byte
		binary.LittleEndian.PutUint64(item[:], uint64(<-first))
		f.write(rawIdle, item[:])
	}
}

func rawWait(handler iter.Seq[int], first chan<- int, gone <-chan struct{}) {
	for i := range handler {
		first <- i
		<-gone
		return
	}
}
