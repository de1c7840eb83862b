package zrpc_test

import (
	"context"
	"fmt"
	"time"

	"github.com/zrpc-go/zrpc/zrpc"
)

// A client of two servers, named by a resolver. In production that would be
// zrpc.DNSResolver{Address: "greeter.example:4242"} or a zrpc.FileResolver.
func ExampleClientOptions_balance() {
	endpoints := []string{"inproc://greeter-1", "inproc://greeter-2"}
	for i, endpoint := range endpoints {
		srv := zrpc.NewServer(nil)
		srv.Handle("who", func() string { return fmt.Sprint("server ", i+1) })
		if _, err := srv.Bind(endpoint); err != nil {
			fmt.Println(err)
			return
		}
		go srv.Serve(context.Background())
		defer srv.Close()
	}

	client := zrpc.NewClient(&zrpc.ClientOptions{
		Resolver: zrpc.StaticResolver(endpoints),
		Balance:  zrpc.PowerOfTwo,
		Health:   zrpc.HealthOptions{Interval: 10 * time.Second},
	})
	defer client.Close()

	seen := map[string]bool{}
	for len(seen) < 2 {
		who, err := zrpc.Call[string](context.Background(), client, "who")
		if err != nil {
			fmt.Println(err)
			return
		}
		seen[who] = true
	}
	fmt.Println(seen)
	// Output: map[server 1:true server 2:true]
}
