package zrpc_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/zrpc-go/zrpc/zrpc"
)

// Color travels as an extension of three bytes. Python reads it as
// msgpack.ExtType(code=42, data=b'\xff\x80\x00'), and sends such a one.
type Color struct{ R, G, B uint8 }

func init() { msgpack.RegisterExt(42, (*Color)(nil)) }

func (c *Color) MarshalMsgpack() ([]byte, error) { return []byte{c.R, c.G, c.B}, nil }

func (c *Color) UnmarshalMsgpack(b []byte) error {
	if len(b) != 3 {
		return errors.New("a color has three bytes")
	}
	c.R, c.G, c.B = b[0], b[1], b[2]
	return nil
}

// A type of one's own is registered with msgpack/v5, before it is first sent.
func Example_extensionType() {
	ctx := context.Background()
	srv := zrpc.NewServer(nil)
	srv.Handle("invert", func(c Color) *Color { return &Color{255 - c.R, 255 - c.G, 255 - c.B} })
	srv.Handle("palette", func() []Color { return []Color{{R: 255}, {G: 255}} })
	addr, err := srv.Bind("inproc://colors")
	if err != nil {
		log.Fatal(err)
	}
	go srv.Serve(ctx)
	defer srv.Close()
	client, err := zrpc.Dial(ctx, addr)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()

	fmt.Println(zrpc.Call[Color](ctx, client, "invert", Color{0, 127, 255}))
	fmt.Println(zrpc.Call[[]Color](ctx, client, "palette"))
	raw, err := zrpc.Call[any](ctx, client, "invert", &Color{1, 2, 3})
	fmt.Println(raw, err)
	// Output:
	// {255 128 0} <nil>
	// [{255 0 0} {0 255 0}] <nil>
	// {42 [254 253 252]} <nil>
}
