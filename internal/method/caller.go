package method

import (
	"context"
	"reflect"
	"sync"

	"github.com/zrpc-go/zrpc/event"
)

// caller calls a function by reflection. Set at creation, but for the pool.
type caller struct {
	m       *Method
	fn      reflect.Value
	sig     *signature
	encode  encoder[reflect.Value] // nil without a result
	receive receiveFunc            // nil without a client stream
	pump    pump                   // nil unless the answer is a stream
	frames  sync.Pool              // of *frame
}

// frame is the arguments of one call. reflect.Value.Call copies what it is
// given, so a frame serves again when the function has returned. Whoever took it
// from the pool owns it.
type frame struct {
	ctx context.Context
	in  []reflect.Value // what the function gets; all are addressable places
	arg []reflect.Value // the part of in that holds the arguments of the caller
}

// newCaller chooses beforehand what a call needs for the function's types.
func newCaller(m *Method, fn reflect.Value, s *signature) *caller {
	c := &caller{m: m, fn: fn, sig: s}
	switch {
	case s.out != outNone:
		c.pump = pumpFor(s.out, s.outItem)
	case s.result != nil:
		c.encode = slotEncoder(s.result)
	case s.reply != nil:
		c.encode = slotEncoder(s.reply)
	}
	if s.in != nil {
		c.receive = receiver(s.in, s.inItem)
	}
	c.frames.New = func() any { return c.newFrame() }
	return c
}

// newFrame makes the places for one call. They are made once, so that decoding
// into them and passing them on allocates nothing of its own.
func (c *caller) newFrame() *frame {
	f := &frame{in: make([]reflect.Value, c.sig.typ.NumIn())}
	for i := range f.in {
		f.in[i] = reflect.New(c.sig.typ.In(i)).Elem()
	}
	f.arg = f.in
	if c.sig.ctx {
		// Kept as what it is, so that setting it needs no reflection.
		f.in[0] = reflect.ValueOf(&f.ctx).Elem()
		f.arg = f.in[1:]
	}
	f.arg = f.arg[:len(c.sig.params)]
	return f
}

// bind puts the call into the method.
func (c *caller) bind() {
	if c.pump != nil {
		c.m.stream = c.stream
	} else {
		c.m.call = c.unary
	}
}

// run decodes the arguments, calls the function and returns its results, or the
// error of either.
func (c *caller) run(ctx context.Context, args []byte, in Source) ([]reflect.Value, error) {
	list, n, off, err := c.m.open(args)
	if err != nil {
		return nil, err
	}
	f := c.frames.Get().(*frame)
	if err := c.fill(f, list, n, off, owner(ctx, len(args))); err != nil {
		c.release(f)
		return nil, err
	}
	f.ctx = ctx
	last := len(f.in) - 1
	switch {
	case c.receive != nil:
		f.in[last].Set(c.receive(ctx, c.m, in))
	case c.sig.reply != nil:
		f.in[last].Set(newReply(c.sig.typ.In(last)))
	}
	var res []reflect.Value
	// A function that panics takes its frame with it: the pool must not hand
	// out what a recovered goroutine may still look at.
	if c.sig.variadic {
		res = c.fn.CallSlice(f.in)
	} else {
		res = c.fn.Call(f.in)
	}
	if c.sig.err {
		e := len(res) - 1
		if !res[e].IsNil() {
			c.release(f)
			return nil, res[e].Interface().(error)
		}
		res = res[:e]
	}
	if c.sig.reply != nil {
		// The place in the frame is emptied; what it points at is this call's own.
		res = []reflect.Value{reflect.ValueOf(f.in[last].Interface()).Elem()}
	}
	c.release(f)
	return res, nil
}

// release empties the frame, so that the pool keeps nothing of a call alive and
// the decoders find zero values.
func (c *caller) release(f *frame) {
	f.ctx = nil
	for _, v := range f.in {
		v.SetZero()
	}
	c.frames.Put(f)
}

// fill decodes the n arguments of list from offset off on into f; o owns them, if
// they are large.
func (c *caller) fill(f *frame, list []byte, n, off int, o Owner) error {
	fixed := len(f.arg)
	var rest reflect.Value
	if c.sig.variadic {
		fixed--
		rest = f.arg[fixed]
		if n > fixed {
			rest.Set(reflect.MakeSlice(rest.Type(), n-fixed, n-fixed)) // open has bounded n
		}
	}
	for i := range n {
		next, err := event.Skip(list, off)
		if err != nil {
			return err
		}
		var place reflect.Value
		if i < fixed {
			place = f.arg[i]
		} else {
			place = rest.Index(i - fixed)
		}
		if err := fillSlot(list[off:next], place, o); err != nil {
			return c.m.argError(i, 0, err)
		}
		off = next
	}
	return nil
}

// unary is a Method's call.
func (c *caller) unary(ctx context.Context, args []byte, in Source, out []byte) ([]byte, error) {
	res, err := c.run(ctx, args, in)
	if err != nil {
		return out, err
	}
	if c.encode == nil {
		return event.AppendNil(out), nil
	}
	var b []byte
	switch c.sig.result {
	case handedType:
		b, err = giveBytes(ctx, out, res[0].Interface().(*event.Bytes))
	case sliceType:
		b, err = lendBytes(ctx, out, res[0].Bytes())
	default:
		b, err = c.encode(out, res[0])
	}
	if err != nil {
		return out, c.m.resultError(err)
	}
	return b, nil
}

// stream is a Method's stream. The frame is free again before the first item:
// the function has its own copies of the arguments.
func (c *caller) stream(ctx context.Context, args []byte, in Source, send func(item []byte) error) (Feed, error) {
	res, err := c.run(ctx, args, in)
	if err != nil {
		return nil, err
	}
	return c.pump(sink{ctx: ctx, m: c.m, send: send}, res[0]), nil
}

// newReply makes what net/rpc's reply parameter of type *R points at: maps and
// slices are there and empty, as net/rpc promises.
func newReply(t reflect.Type) reflect.Value {
	p := reflect.New(t.Elem())
	switch p.Elem().Kind() {
	case reflect.Map:
		p.Elem().Set(reflect.MakeMap(t.Elem()))
	case reflect.Slice:
		p.Elem().Set(reflect.MakeSlice(t.Elem(), 0, 0))
	}
	return p.Convert(t) // t may be a name for *R
}
