package main

import (
	"context"
	"iter"
	"sync"
)

// Room is the service.
type Room struct {
	mu sync.Mutex // guards the field below

	members map[chan string]bool
}

// Join puts a member into the room until its lines end. It yields what is said, the member's own lines included.
func (r *Room) Join(ctx context.Context, name string, lines iter.Seq2[string, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		inbox := make(chan string, 100)
		r.enter(inbox, name)
		defer r.leave(inbox, name)
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			for line, err := range lines { // ends with the call, at the latest
				if err != nil {
					return
				}
				r.say(name + ": " + line)
			}
		}()
		for {
			select {
			case text := <-inbox:
				if !yield(text, nil) {
					return
				}
			case <-gone:
				return
			case <-ctx.Done():
				return
			}
		}
	}
}

func (r *Room) enter(inbox chan string, name string) {
	r.mu.Lock()
	if r.members == nil {
		r.members = map[chan string]bool{}
	}
	r.members[inbox] = true
	r.mu.Unlock()
	r.say(name + " joined")
}

func (r *Room) leave(inbox chan string, name string) {
	r.mu.Lock()
	delete(r.members, inbox)
	r.mu.Unlock()
	r.say(name + " left")
}

// say tells all. Who is a hundred lines behind misses this one: nobody waits for a slow reader.
func (r *Room) say(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for inbox := range r.members {
		select {
		case inbox <- text:
		default:
		}
	}
}
