package pubsub

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// pipeFull is an argument that two of fill the pipe between two sockets.
var pipeFull = make([]byte, 40<<10)

// losses collects what OnLoss is told.
type losses struct {
	mu  sync.Mutex // guards the fields below
	all []Loss
}

func (l *losses) tell(loss Loss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, loss)
}

func (l *losses) take() []Loss {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := l.all
	l.all = nil
	return all
}

// A stalled subscriber misses what its queue has no room for and nobody else
// misses anything, nor does Emit wait. The count is exact: what is in its queue
// is the HWM and what is being written, and with the pipe's all is accounted for.
func TestStalledSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hwm, events = 10, 100
		var told losses
		pub := closing(t, NewPublisher(&Options{HWM: hwm, QueueBytes: 64 << 20, Linger: -1, OnLoss: told.tell}))
		bind(t, pub, inproc(t))
		stalled(t, inproc(t))
		good := closing(t, NewSubscriber(nil))
		connect(t, good, inproc(t))
		await(t, pub, 2)
		begun := time.Now()
		for i := range events {
			emit(t, pub, "n", i, pipeFull)
			// In step with the good one: its queue is never full.
			if got := receive(t, good); got != fmt.Sprintf("n|%d", i) {
				t.Fatalf("the good one received %s, want number %d", got, i)
			}
		}
		if d := time.Since(begun); d != 0 {
			t.Errorf("emitting took %v of waiting", d)
		}
		synctest.Wait() // the good one's last has gone
		queued := 0
		for _, p := range pub.sock.Peers() {
			n, _ := p.Queued()
			queued += n
		}
		s := pub.Stats()
		// One or two are being written, beside those that wait: the pipe holds one
		// and a half, which may have been taken out of the queue together or not.
		left := events - int(s.Dropped.Full) - queued
		if queued < hwm+1 || queued > hwm+2 || left < 0 || left > 1 || s.Dropped.Total() != s.Dropped.Full || s.Emitted != events {
			t.Errorf("%d queued, %+v; want %d queued beside one or two, and the rest but one dropped", queued, s, hwm)
		}

		synctest.Wait()
		first := told.take()
		if len(first) != 1 || first[0].Dropped < 1 || len(first[0].Slow) != 1 || first[0].Slow[0] != inproc(t) {
			t.Fatalf("when it began OnLoss was told %+v, want one report that names the stalled one", first)
		}
		time.Sleep(reportEvery)
		synctest.Wait()
		rest := told.take()
		if len(rest) != 1 || rest[0].Total != s.Dropped.Full || first[0].Dropped+rest[0].Dropped != s.Dropped.Full {
			t.Fatalf("a second later OnLoss was told %+v, want the rest of %d", rest, s.Dropped.Full)
		}
		time.Sleep(10 * reportEvery)
		synctest.Wait()
		if more := told.take(); more != nil {
			t.Errorf("without a drop OnLoss was told %+v", more)
		}
		emit(t, pub, "n", 0) // it begins again, and is told again at once
		synctest.Wait()
		if again := told.take(); len(again) != 1 || again[0].Dropped != 1 {
			t.Errorf("after a pause OnLoss was told %+v, want one event", again)
		}
	})
}

// A subscriber that reads too slowly gets some; together with the dropped ones
// that is all.
func TestSlowSubscriber(t *testing.T) {
	for _, by := range []struct {
		why string
		opt Options
	}{
		{"events", Options{HWM: 10, QueueBytes: 64 << 20}},
		{"bytes", Options{HWM: 1000, QueueBytes: 10 * len(pipeFull)}},
	} {
		t.Run(by.why, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const events = 200
				pub, sub := closing(t, NewPublisher(&by.opt)), closing(t, NewSubscriber(&by.opt))
				bind(t, pub, inproc(t))
				connect(t, sub, inproc(t))
				await(t, pub, 1)
				for i := range events {
					emit(t, pub, "n", i, pipeFull)
					synctest.Wait() // what can move has moved
				}
				last := -1
				for {
					ctx, cancel := contextFor(t, time.Second)
					e, err := next(ctx, sub)
					cancel()
					if err != nil {
						break // no more comes
					}
					var n int
					if err := e.Decode(&n); err != nil || n <= last {
						t.Fatalf("number %d after %d, %v", n, last, err)
					}
					last = n
				}
				got, s := sub.Stats().Received, pub.Stats()
				if got < 20 || got > 40 {
					t.Errorf("%d received; two queues of 10 and what is on its way hold some more than 20", got)
				}
				if got+s.Dropped.Full != events {
					t.Errorf("%d received and %+v dropped of %d", got, s.Dropped, events)
				}
			})
		})
	}
}

// Without OnLoss the log tells, once when it begins; what nobody was told yet is
// told by Close.
func TestLossIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log buffer
		pub := NewPublisher(&Options{HWM: 1, Linger: -1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		bind(t, pub, inproc(t))
		stalled(t, inproc(t))
		await(t, pub, 1)
		for range 9 {
			emit(t, pub, "n", pipeFull)
			synctest.Wait()
		}
		if n := strings.Count(log.String(), "do not keep up"); n != 1 {
			t.Errorf("%d lines before a second was over:\n%s", n, log.String())
		}
		pub.Close()
		lines := strings.Split(strings.TrimSpace(log.String()), "\n")
		if want := fmt.Sprintf(" total=%d ", pub.Stats().Dropped.Full); len(lines) != 2 || !strings.Contains(lines[1], want) {
			t.Errorf("after Close, want a second line with%s:\n%s", want, log.String())
		}
		pub.loss.look() // an emit that was late
		pub.loss.close()
	})
}

// Loss.Slow is not a list of thousands.
func TestSlowIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pub := closing(t, NewPublisher(&Options{HWM: 1, Linger: -1}))
		bind(t, pub, inproc(t))
		for range maxSlow + 3 {
			stalled(t, inproc(t))
		}
		await(t, pub, maxSlow+3)
		for range 3 { // the pipes hold one
			emit(t, pub, "n", pipeFull)
			synctest.Wait()
		}
		if n := len(pub.loss.slow()); n != maxSlow {
			t.Errorf("%d listed, want %d", n, maxSlow)
		}
	})
}

// Drops of many emitters at once are told once each.
func TestLossConcurrent(t *testing.T) {
	var told losses
	pub := NewPublisher(&Options{HWM: 1, Linger: -1, OnLoss: told.tell})
	bind(t, pub, inproc(t))
	stalled(t, inproc(t))
	await(t, pub, 1)
	var work sync.WaitGroup
	for range 4 {
		work.Go(func() {
			for range 200 {
				if err := pub.Emit(t.Context(), "n", pipeFull); err != nil {
					t.Error(err)
				}
			}
		})
	}
	work.Wait()
	pub.Close()
	var sum uint64
	for _, l := range told.take() {
		sum += l.Dropped
	}
	if s := pub.Stats(); sum != s.Dropped.Full || s.Emitted != 800 || sum < 700 {
		t.Errorf("told of %d, %+v", sum, s)
	}
}

// buffer is a bytes.Buffer for a writer and a reader at once.
type buffer struct {
	mu sync.Mutex // guards b
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Below the high-water mark nothing is lost, however the CPUs are given out: a
// publisher that never has more on the way than the queues hold.
func TestNothingLostBelowMark(t *testing.T) {
	const subs, window, events = 8, 900, 4500
	pub := closing(t, NewPublisher(nil))
	at := bind(t, pub, "tcp://127.0.0.1:*")
	seen := make(chan struct{}, subs*window) // a token for each event of each
	for range subs {
		sub := closing(t, NewSubscriber(nil))
		connect(t, sub, at)
		next := 0
		handle(t, sub, "n", func(i int) {
			if i != next {
				t.Errorf("number %d came, %d was due", i, next)
			}
			next = i + 1
			seen <- struct{}{}
		})
		served := make(chan error, 1)
		go func() { served <- sub.Serve(t.Context()) }()
		defer func() { sub.Close(); <-served }()
	}
	await(t, pub, subs)
	for sent := 0; sent < events; {
		for range window {
			emit(t, pub, "n", sent)
			sent++
		}
		for range subs * window {
			select {
			case <-seen:
			case <-time.After(20 * time.Second):
				t.Fatalf("not all arrive: %+v", pub.Stats())
			}
		}
	}
	if s := pub.Stats(); s.Dropped.Total() != 0 {
		t.Errorf("%+v", s)
	}
}
