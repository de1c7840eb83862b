package pubsub

import (
	"errors"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/zrpc-go/zrpc/internal/method"
)

// handlers are functions by the name of the event that they handle.
type handlers struct {
	mu     sync.Mutex                                // held to replace byName
	byName atomic.Pointer[map[string]*method.Method] // never changed, but replaced as a whole; nil: empty
}

// handler returns the handler of a name, or nil.
func (h *handlers) handler(name []byte) *method.Method {
	if m := h.byName.Load(); m != nil {
		return (*m)[string(name)]
	}
	return nil
}

// Handle has Serve call fn for events of a name. fn takes the event's arguments,
// by the rules of package zrpc: an optional context, then what msgpack can carry,
// the last parameter variadic if wanted. What it returns beside an error is
// ignored. A function that cannot serve is an error that says why, and the fix.
func (h *handlers) Handle(name string, fn any) error {
	m, err := newHandler(name, fn)
	if err != nil {
		return err
	}
	return h.add(m)
}

// Register has Serve call the exported methods of rcvr for events of their
// names, in snake case as Python has it: OrderPlaced for "order_placed". It is
// all or nothing.
func (h *handlers) Register(rcvr any) error {
	bound, skipped := method.Methods(rcvr, false)
	if len(skipped) > 0 {
		return fmt.Errorf("pubsub: %T cannot be registered: %w", rcvr, errors.Join(skipped...))
	}
	if len(bound) == 0 {
		return fmt.Errorf("pubsub: %T has no exported methods; give it one for each event", rcvr)
	}
	var methods []*method.Method
	for _, b := range bound {
		m, err := newHandler(b.Name, b.Func)
		if err != nil {
			return err
		}
		methods = append(methods, m)
	}
	return h.add(methods...)
}

func newHandler(name string, fn any) (*method.Method, error) {
	m, err := method.New(name, fn, nil)
	switch {
	case err != nil:
		return nil, fmt.Errorf("pubsub: %w", err)
	case name == "":
		return nil, errors.New("pubsub: a handler needs the name of its event")
	case m.Shape != method.Unary:
		return nil, fmt.Errorf("pubsub: cannot handle %s: the function has a stream (%s) and an event has none; take values, or make a call of it",
			name, m.Shape)
	}
	return m, nil
}

// add enters handlers, all or none.
func (h *handlers) add(methods ...*method.Method) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	byName := map[string]*method.Method{}
	if old := h.byName.Load(); old != nil {
		maps.Copy(byName, *old)
	}
	for _, m := range methods {
		if byName[m.Name] != nil {
			return fmt.Errorf("pubsub: %s: an event of this name has a handler already; do both in one", m.Name)
		}
		byName[m.Name] = m
	}
	h.byName.Store(&byName)
	return nil
}
