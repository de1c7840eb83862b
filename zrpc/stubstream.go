package zrpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"sync/atomic"

	"github.com/zrpc-go/zrpc/event"
)

// opens is a Duplex whose types are known only at run time.
type opens interface{ open(r *Response) }

var opensType = reflect.TypeFor[opens]()

// open makes d the two streams of r.
func (d *Duplex[S, R]) open(r *Response) { d.r = r }

// duplexFunc makes a func that returns a *Duplex.
func (c *Client) duplexFunc(name string, t stubType) reflect.Value {
	return reflect.MakeFunc(t.typ, func(in []reflect.Value) []reflect.Value {
		ctx, args, _ := t.split(in)
		r, err := c.begin(ctx, Bidi, name, args)
		if err != nil {
			return []reflect.Value{reflect.Zero(t.typ.Out(0)), errorValue(err)}
		}
		// The field's type is an instance of Duplex that the program has, so its
		// method is there to be found; no type is made here.
		d := reflect.New(t.typ.Out(0).Elem())
		d.Interface().(opens).open(r)
		return []reflect.Value{d, errorValue(nil)}
	})
}

// streamFunc makes a func that returns a stream, of the server's alone or with
// one of the caller's the other way.
func (c *Client) streamFunc(name string, t stubType) reflect.Value {
	return reflect.MakeFunc(t.typ, func(in []reflect.Value) []reflect.Value {
		ctx, args, items := t.split(in)
		seq := reflect.MakeFunc(t.typ.Out(0), func(yields []reflect.Value) []reflect.Value {
			yield := func(v reflect.Value, err error) bool {
				return yields[0].Call([]reflect.Value{v, errorValue(err)})[0].Bool()
			}
			if t.upload {
				c.eachAnswer(ctx, name, args, items, t.item, yield)
			} else {
				c.eachItem(ctx, name, args, t.item, yield)
			}
			return nil
		})
		return []reflect.Value{seq}
	})
}

// eachItem is Stream for a type known only at run time.
func (c *Client) eachItem(ctx context.Context, name string, args []any, item reflect.Type, yield func(reflect.Value, error) bool) {
	r, err := c.begin(ctx, ServerStream, name, args)
	if err != nil {
		yield(reflect.Zero(item), err)
		return
	}
	defer r.Close()
	r.each(item, yield)
}

// eachAnswer sends items while it yields what the server answers.
func (c *Client) eachAnswer(ctx context.Context, name string, args []any, items iter.Seq2[any, error], item reflect.Type, yield func(reflect.Value, error) bool) {
	r, err := c.begin(ctx, Bidi, name, args)
	if err != nil {
		yield(reflect.Zero(item), err)
		return
	}
	defer r.Close()
	var failed atomic.Pointer[error] // why sending ended early
	// Nobody waits for this goroutine: it may stand in the caller's iterator,
	// which may wait for something that the loop's body was to do.
	go func() {
		noted := func(yield func(any, error) bool) {
			for item, err := range items {
				if err != nil { // before the server, which may be quick to answer it
					mine := fmt.Errorf("zrpc: sending to %s: %w", name, err)
					failed.Store(&mine)
				}
				if !yield(item, err) {
					return
				}
			}
		}
		if err := sendAll(&Duplex[any, event.Raw]{r}, noted); err != nil {
			failed.CompareAndSwap(nil, &err)
			r.Close()
		}
	}()
	// The end of the loop closes the call, and so the goroutine's next Send.
	ended := r.each(item, func(v reflect.Value, err error) bool {
		if mine := failed.Load(); err != nil && mine != nil {
			err = *mine // the cause; what the server makes of it is the consequence
		}
		return yield(v, err)
	})
	if mine := failed.Load(); ended && mine != nil { // the server took it for the end
		yield(reflect.Zero(item), *mine)
	}
}

// each yields the items to come, decoded to a type; an error is the last pair.
// ended is whether the stream came to its end without one.
func (r *Response) each(item reflect.Type, yield func(reflect.Value, error) bool) (ended bool) {
	for {
		raw, err := r.next(r.ctx)
		if errors.Is(err, io.EOF) {
			return true
		}
		v := reflect.New(item)
		if err == nil {
			err = decodeResult(raw, v.Interface(), r.req.Method)
		}
		if !yield(v.Elem(), err) || err != nil {
			return false
		}
	}
}

// uploadInto is Upload for a type known only at run time.
func (c *Client) uploadInto(ctx context.Context, name string, items iter.Seq2[any, error], args []any, ptr any) error {
	raw, err := Upload[event.Raw](ctx, c, name, items, args...)
	if err != nil {
		return err
	}
	return decodeResult(raw, ptr, name)
}

// anyItems is seq, an iter.Seq2[T, error] of any T, with its items in interfaces.
// A nil seq has none.
func anyItems(seq reflect.Value) iter.Seq2[any, error] {
	return func(yield func(any, error) bool) {
		if seq.IsNil() {
			return
		}
		for item, err := range seq.Seq2() {
			e, _ := err.Interface().(error)
			if !yield(item.Interface(), e) {
				return
			}
		}
	}
}

// seq2Item returns T if typ is iter.Seq2[T, error].
func seq2Item(typ reflect.Type) (reflect.Type, bool) {
	if typ.Kind() != reflect.Func || typ.NumIn() != 1 || typ.NumOut() != 0 {
		return nil, false
	}
	yield := typ.In(0)
	if yield.Kind() != reflect.Func || yield.NumIn() != 2 || yield.NumOut() != 1 ||
		yield.In(1) != errorType || yield.Out(0).Kind() != reflect.Bool {
		return nil, false
	}
	return yield.In(0), true
}
