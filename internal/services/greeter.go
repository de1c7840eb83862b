package services

import (
	"context"
	"iter"
	"strconv"
	"strings"
)

// The greeter's messages, as its gRPC tutorial names them. They travel as maps.
type (
	nameRequest struct {
		Name string `msgpack:"name"`
	}
	messageReply struct {
		Message string `msgpack:"message"`
	}
	streamData struct {
		Data string `msgpack:"data"`
	}
)

const (
	// getStreamItems is how many items GetStream sends: ten, as in the tutorial.
	getStreamItems = 10
	// maxPutStream bounds, in bytes, what PutStream keeps of a stream that may never end.
	maxPutStream = 1 << 20
)

// greeterSayHello is the unary method of the tutorial.
func greeterSayHello(req nameRequest) messageReply {
	return messageReply{Message: "hello " + req.Name}
}

// greeterGetStream is the server stream of the tutorial, without its pauses.
func greeterGetStream(req streamData) iter.Seq[streamData] {
	return func(yield func(streamData) bool) {
		for i := range getStreamItems {
			if !yield(streamData{Data: req.Data + " " + strconv.Itoa(i)}) {
				return
			}
		}
	}
}

// greeterPutStream is the client stream: it answers once, when the caller's stream has ended.
func greeterPutStream(_ context.Context, in iter.Seq2[streamData, error]) (streamData, error) {
	var all strings.Builder
	first := true
	for item, err := range in {
		if err != nil {
			return streamData{}, err
		}
		if all.Len()+len(item.Data)+1 > maxPutStream {
			return streamData{}, valueError("Greeter.PutStream joins at most %d bytes of data; send less, or use Greeter.AllStream", maxPutStream)
		}
		if !first {
			all.WriteByte(',')
		}
		first = false
		all.WriteString(item.Data)
	}
	return streamData{Data: all.String()}, nil
}

// greeterAllStream is the bidirectional stream: one item out for each item in.
func greeterAllStream(_ context.Context, in iter.Seq2[streamData, error]) iter.Seq2[streamData, error] {
	return func(yield func(streamData, error) bool) {
		for item, err := range in {
			if !yield(item, err) || err != nil {
				return
			}
		}
	}
}
