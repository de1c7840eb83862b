package fair

import "testing"

// What begins is bounded in bytes, one call that is alone may be of any size, and
// what waits for the peer counts like what is still being made.
func TestWindow(t *testing.T) {
	var w Window
	fits := func(why string, n, unsent int, want bool) {
		t.Helper()
		if w.Fits(n, unsent) != want {
			t.Errorf("%s: %d bytes fit: %v", why, n, !want)
		}
	}
	fits("alone", 50*Least, 0, true)
	fits("the peer has not read what came before", Least, 1, false)
	w.Begin(Least / 2)
	fits("the other half", Least/2, 0, true)
	fits("more than that", Least/2+1, 0, false)
	fits("half of the rest is unread", Least/2, Least/4, false)
	w.End(Least / 2)
	fits("alone again", 50*Least, 0, true)
}

// The window opens while the peer takes what is made, and closes when it does not,
// but never below what it began with.
func TestWindowAdapts(t *testing.T) {
	var w Window
	open := func(why string, want int) {
		t.Helper()
		if got := w.size(); got != want*Least {
			t.Errorf("%s: %d bytes, want %d", why, got, want*Least)
		}
	}
	w.Look(0, false, true)
	open("calls have not come to run: more would not help", 1)
	for range 3 {
		w.Look(0, false, false)
	}
	open("nothing waits for the peer", 8)
	w.Look(5*Least, true, false)
	open("much waits, but the peer reads", 8)
	w.Look(5*Least, false, false)
	open("the peer does not read", 4)
	for range 10 {
		w.Look(5*Least, false, false)
	}
	open("nor for long", 1)
	for range 100 {
		w.Look(0, false, false)
	}
	if w.size() > most {
		t.Errorf("it opened to %d bytes", w.size())
	}
}

// A method that was not called yet is expected to answer much, one larger answer
// counts at once, and smaller ones by and by.
func TestSize(t *testing.T) {
	var s Size
	if s.Expect() != unknown {
		t.Errorf("%d bytes of an unknown method", s.Expect())
	}
	s.Note(0)
	if s.Expect() > 1 {
		t.Errorf("%d bytes of one that answers nothing", s.Expect())
	}
	s.Note(8000)
	if s.Expect() != 8000 {
		t.Errorf("%d bytes after 8000", s.Expect())
	}
	s.Note(5000)
	if s.Expect() != 8000 {
		t.Errorf("%d bytes: a bit less is about the same", s.Expect())
	}
	s.Note(0)
	if got := s.Expect(); got < 6000 || got >= 8000 {
		t.Errorf("%d bytes after one small answer", got)
	}
	for range 100 {
		s.Note(0)
	}
	if s.Expect() > 10 {
		t.Errorf("%d bytes after a hundred", s.Expect())
	}
}
