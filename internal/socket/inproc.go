package socket

import (
	"context"
	"net"
	"sync"
)

// inproc is the name table of this process. A name may be waited for before
// it is bound: libzmq allows connect before bind since 4.0.
var inproc = struct {
	mu sync.Mutex

	// mu guards the fields below.
	bound map[string]*inprocListener
	await map[string]*inprocWait
}{
	bound: map[string]*inprocListener{},
	await: map[string]*inprocWait{},
}

// inprocWait is what the dialers of a name that is not bound wait on.
type inprocWait struct {
	bound chan struct{} // closed by the bind
	n     int           // dialers waiting; the last to give up removes the entry
}

// inprocListener is a bound name.
type inprocListener struct {
	name    string
	backlog chan net.Conn // unbuffered: a dialer waits for the accept
	done    chan struct{} // closed by Close
	once    sync.Once
}

// listenInproc takes a name.
func listenInproc(e endpoint) (net.Listener, string, error) {
	inproc.mu.Lock()
	defer inproc.mu.Unlock()
	if inproc.bound[e.name] != nil {
		return nil, "", ErrAddressInUse
	}
	l := &inprocListener{name: e.name, backlog: make(chan net.Conn), done: make(chan struct{})}
	inproc.bound[e.name] = l
	if w := inproc.await[e.name]; w != nil {
		close(w.bound)
		delete(inproc.await, e.name)
	}
	return l, e.raw, nil
}

// dialInproc connects to a name, and waits until somebody binds it.
func dialInproc(ctx context.Context, e endpoint) (net.Conn, error) {
	for {
		l, err := awaitInproc(ctx, e.name)
		if err != nil {
			return nil, err
		}
		a, b := newPipe(e.name)
		select {
		case l.backlog <- b:
			return a, nil
		case <-l.done: // unbound meanwhile: wait for the next to bind it
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// awaitInproc returns the listener of a name as soon as there is one.
func awaitInproc(ctx context.Context, name string) (*inprocListener, error) {
	for {
		inproc.mu.Lock()
		if l := inproc.bound[name]; l != nil {
			inproc.mu.Unlock()
			return l, nil
		}
		w := inproc.await[name]
		if w == nil {
			w = &inprocWait{bound: make(chan struct{})}
			inproc.await[name] = w
		}
		w.n++
		inproc.mu.Unlock()

		select {
		case <-w.bound:
		case <-ctx.Done():
			inproc.mu.Lock()
			if w.n--; w.n == 0 && inproc.await[name] == w {
				delete(inproc.await, name)
			}
			inproc.mu.Unlock()
			return nil, ctx.Err()
		}
	}
}

// Accept implements net.Listener.
func (l *inprocListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.backlog:
		return nc, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

// Close gives the name free.
func (l *inprocListener) Close() error {
	l.once.Do(func() {
		inproc.mu.Lock()
		delete(inproc.bound, l.name)
		inproc.mu.Unlock()
		close(l.done)
	})
	return nil
}

// Addr implements net.Listener.
func (l *inprocListener) Addr() net.Addr { return inprocAddr(l.name) }
