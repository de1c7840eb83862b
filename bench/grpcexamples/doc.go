// Package grpcexamples is the programs of examples/ written with grpc-go, file by
// file. docs/grpc.md quotes them beside ours, and the tests of both print the same.
package grpcexamples

//go:generate protoc -Ipb --go_out=pb --go_opt=paths=source_relative --go-grpc_out=pb --go-grpc_opt=paths=source_relative examples.proto
