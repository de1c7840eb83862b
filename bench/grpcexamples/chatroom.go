package grpcexamples

// Who is in the room is kept as in examples/chat/room.go.

func (r *room) enter(inbox chan string, name string) {
	r.mu.Lock()
	if r.members == nil {
		r.members = map[chan string]bool{}
	}
	r.members[inbox] = true
	r.mu.Unlock()
	r.say(name + " joined")
}

func (r *room) leave(inbox chan string, name string) {
	r.mu.Lock()
	delete(r.members, inbox)
	r.mu.Unlock()
	r.say(name + " left")
}

func (r *room) say(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for inbox := range r.members {
		select {
		case inbox <- text:
		default:
		}
	}
}
