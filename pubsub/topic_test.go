package pubsub

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/zrpc-go/zrpc/internal/socket"
)

// Which of five events a subscriber gets, by what it has subscribed to.
func TestTopics(t *testing.T) {
	for _, tc := range []struct {
		why       string
		subscribe func(s *Subscriber) error
		n         int // subscriptions in force
		want      string
	}{
		{"everything by default, with or without a topic", func(*Subscriber) error { return nil }, 1,
			"none eu. eu.fr. us. europe"},
		{"naming a topic withdraws the default", func(s *Subscriber) error { return s.Subscribe("eu.") }, 1,
			"eu. eu.fr."},
		{"a topic is a prefix", func(s *Subscriber) error { return s.Subscribe("eu") }, 1,
			"eu. eu.fr. europe"},
		{"several at once", func(s *Subscriber) error { return s.Subscribe("us.", "eu.fr.") }, 2,
			"eu.fr. us."},
		{"one after the other", func(s *Subscriber) error { _ = s.Subscribe("us."); return s.Subscribe("eu.fr.") }, 2,
			"eu.fr. us."},
		{"an event comes once however many topics it matches", func(s *Subscriber) error { return s.Subscribe("eu.", "eu", "e") }, 3,
			"eu. eu.fr. europe"},
		{"twice is as once", func(s *Subscriber) error { _ = s.Subscribe("us.", "us."); return s.Unsubscribe("us.") }, 0, ""},
		{"everything may be asked for", func(s *Subscriber) error { return s.Subscribe("") }, 1,
			"none eu. eu.fr. us. europe"},
		{"everything, and a topic", func(s *Subscriber) error { _ = s.Subscribe(""); return s.Subscribe("eu.") }, 2,
			"none eu. eu.fr. us. europe"},
		{"everything back", func(s *Subscriber) error { _ = s.Subscribe("eu."); return s.Subscribe("") }, 2,
			"none eu. eu.fr. us. europe"},
		{"everything among topics", func(s *Subscriber) error { return s.Subscribe("eu.", "") }, 2,
			"none eu. eu.fr. us. europe"},
		{"topics taken back", func(s *Subscriber) error { _ = s.Subscribe("us.", "eu."); return s.Unsubscribe("eu.", "never") }, 1,
			"us."},
		{"the default withdrawn", func(s *Subscriber) error { return s.Unsubscribe("") }, 0, ""},
		{"and a topic named then", func(s *Subscriber) error { _ = s.Unsubscribe(""); return s.Subscribe("us.") }, 1, "us."},
		{"no topic is no change", func(s *Subscriber) error { return s.Subscribe() }, 1,
			"none eu. eu.fr. us. europe"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				pub, sub := closing(t, NewPublisher(nil)), closing(t, NewSubscriber(nil))
				if err := tc.subscribe(sub); err != nil {
					t.Fatal(err)
				}
				bind(t, pub, inproc(t))
				connect(t, sub, inproc(t))
				await(t, pub, tc.n)
				synctest.Wait()
				if n := pub.pub.Subscriptions(); n != tc.n {
					t.Errorf("%d subscriptions, want %d", n, tc.n)
				}
				emit(t, pub, "none")
				for _, topic := range []string{"eu.", "eu.fr.", "us.", "europe"} {
					emit(t, pub.Topic(topic), topic)
				}
				pub.Close() // what was emitted goes out, and no more comes
				synctest.Wait()
				sub.Close()
				var got []string
				for e, err := range sub.Events(t.Context()) {
					if err != nil {
						break
					}
					if e.Topic != e.Name && e.Name != "none" {
						t.Errorf("topic %q of event %q", e.Topic, e.Name)
					}
					got = append(got, e.Name)
				}
				if s := strings.Join(got, " "); s != tc.want {
					t.Errorf("received %q, want %q", s, tc.want)
				}
			})
		})
	}
}

// A change while connected reaches the publisher, in both directions.
func TestTopicsChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pub, sub := closing(t, NewPublisher(nil)), closing(t, NewSubscriber(nil))
		bind(t, pub, inproc(t))
		connect(t, sub, inproc(t))
		for _, step := range []struct {
			change func(...string) error
			topic  string
			want   string // of events a and b
		}{
			{sub.Subscribe, "a", "a"},
			{sub.Subscribe, "b", "a b"},
			{sub.Unsubscribe, "a", "b"},
			{sub.Subscribe, "", "a b"},
		} {
			if err := step.change(step.topic); err != nil {
				t.Fatal(err)
			}
			synctest.Wait() // the publisher knows
			emit(t, pub.Topic("a"), "a")
			emit(t, pub.Topic("b"), "b")
			synctest.Wait()
			var got []string
			for range strings.Fields(step.want) {
				e, err := next(t.Context(), sub)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, e.Name)
			}
			if s := strings.Join(got, " "); s != step.want {
				t.Errorf("after %q: received %s, want %s", step.topic, s, step.want)
			}
		}
	})
}

// What other programs send: more frames than a topic and an event, or an empty
// one in front. The last is the event, as Python has it.
func TestFrames(t *testing.T) {
	body := string(golden)
	for _, tc := range []struct {
		why    string
		frames []string
		topic  string
	}{
		{"Python's", []string{body}, ""},
		{"topic and event", []string{"eu.", body}, "eu."},
		{"an empty delimiter is no topic", []string{"", body}, ""},
		{"what is between does not matter", []string{"eu.", "x", "", body}, "eu."},
	} {
		t.Run(tc.why, func(t *testing.T) {
			var frames [][]byte
			for _, f := range tc.frames {
				frames = append(frames, []byte(f))
			}
			e, err := read(frames...)
			if err != nil || e.Topic != tc.topic || e.Name != "event" {
				t.Errorf("topic %q, name %q, %v", e.Topic, e.Name, err)
			}
		})
	}
	// And through a socket, from a sender that is not of this package.
	synctest.Test(t, func(t *testing.T) {
		push, pull := socket.NewPush(socket.Options{}), closing(t, NewPuller(nil))
		defer push.Close()
		bind(t, pull, "inproc://frames")
		if err := push.Connect("inproc://frames"); err != nil {
			t.Fatal(err)
		}
		if err := push.Send(context.Background(), []byte("eu."), []byte("x"), golden); err != nil {
			t.Fatal(err)
		}
		if got := receive(t, pull); got != "eu.|event|a" {
			t.Errorf("received %s", got)
		}
	})
}
