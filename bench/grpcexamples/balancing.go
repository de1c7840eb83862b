package grpcexamples

import (
	"context"
	"log"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"

	"github.com/zrpc-go/zrpc/bench/grpcexamples/pb"
)

func dialBoth(addr1, addr2 string) (*grpc.ClientConn, error) {
	servers := manual.NewBuilderWithScheme("servers")
	servers.InitialState(resolver.State{Endpoints: []resolver.Endpoint{
		{Addresses: []resolver.Address{{Addr: addr1}}},
		{Addresses: []resolver.Address{{Addr: addr2}}},
	}})
	return grpc.NewClient("servers:///", grpc.WithResolvers(servers),
		grpc.WithDefaultServiceConfig(`{"loadBalancingConfig": [{"round_robin": {}}]}`),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
}

// who asks, and asks again if the server went away.
func who(ctx context.Context, client pb.NamedClient) string {
	name, err := client.Who(ctx, &pb.WhoRequest{})
	if status.Code(err) == codes.Unavailable {
		return who(ctx, client)
	} else if err != nil {
		log.Fatal(err)
	}
	return name.GetName()
}

// named is a server whose answers say its name.
type named struct {
	pb.UnimplementedNamedServer

	name string
}

func (s named) Who(context.Context, *pb.WhoRequest) (*pb.Name, error) {
	return &pb.Name{Name: s.name}, nil
}

func (s named) Whose(in *pb.Number, out grpc.ServerStreamingServer[pb.Name]) error {
	for range in.GetValue() {
		if err := out.Send(&pb.Name{Name: s.name}); err != nil {
			return err
		}
	}
	return nil
}
