// Balancing has two servers and one client, which spreads its calls over them and does without one that is gone.
//
//	go run ./examples/balancing
package main

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/zrpc-go/zrpc/zrpc"
)

func main() {
	ctx := context.Background()
	one, addr1 := start(ctx, "one")
	two, addr2 := start(ctx, "two")
	defer two.Close()
	client := zrpc.NewClient(nil)
	defer client.Close()
	if err := errors.Join(client.Connect(addr1), client.Connect(addr2)); err != nil {
		log.Fatal(err)
	}

	answers := map[string]int{}
	for len(answers) < 2 { // a connection that is still being made gets no calls
		answers[who(ctx, client)]++
	}
	clear(answers)
	for range 100 {
		answers[who(ctx, client)]++
	}
	fmt.Println("of 100 calls, either server had 20 at least:", answers["one"] >= 20 && answers["two"] >= 20)

	// A stream stays where it began, heartbeats and credit included; ZeroMQ's own round robin would tear it apart.
	clear(answers)
	for name, err := range zrpc.Stream[string](ctx, client, "whose", 1000) {
		if err != nil {
			log.Fatal(err)
		}
		answers[name]++
	}
	fmt.Println("1000 items of a stream came from", len(answers), "server")

	one.Close()
	clear(answers)
	for range 100 {
		answers[who(ctx, client)]++
	}
	fmt.Println("without the first:", answers)
}

// who asks, and asks again if the server went away: whether the call ran there cannot be known, but it may run twice.
func who(ctx context.Context, client *zrpc.Client) string {
	name, err := zrpc.Call[string](ctx, client, "who")
	if errors.Is(err, zrpc.ErrLostRemote) {
		return who(ctx, client)
	} else if err != nil {
		log.Fatal(err)
	}
	return name
}
