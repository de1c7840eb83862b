package zrpc_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/zrpc-go/zrpc/zrpc"
)

// A service that keeps large objects in memory sends them from where they are, and a
// caller gives the memory that they arrive in back when it has used them.
func ExampleBytes() {
	ctx := context.Background()
	image := zrpc.NewBytes(bytes.Repeat([]byte{7}, 1<<20), nil) // which nobody changes
	srv := zrpc.NewServer(nil)
	srv.Handle("image", func() *zrpc.Bytes { return image.Share() })
	srv.Handle("sum", func(b *zrpc.Bytes) (sum int) {
		defer b.Release()
		for _, c := range b.Bytes() {
			sum += int(c)
		}
		return sum
	})
	addr, err := srv.Bind("inproc://images")
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

	b, err := zrpc.Call[*zrpc.Bytes](ctx, client, "image")
	if err != nil {
		log.Fatal(err)
	}
	defer b.Release()
	fmt.Println(len(b.Bytes()))
	fmt.Println(zrpc.Call[int](ctx, client, "sum", b))
	// Output:
	// 1048576
	// 7340032 <nil>
}
