package zrpc

import (
	"context"
	"errors"
	"net"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// TestTimeout has a server that does not answer in time.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, endpoint := named(t, "inproc://"+t.Name(), "x", make(chan string, 10))
		c, err := Dial(t.Context(), endpoint)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		hasty := c.With(CallOptions{Timeout: 20 * time.Millisecond})
		_, err = Call[any](t.Context(), hasty, "hang")
		var timeout *TimeoutError
		if !errors.As(err, &timeout) || !timeout.Timeout() || !errors.Is(err, context.DeadlineExceeded) ||
			err.Error() != "timeout after 20ms, when calling remote method hang" {
			t.Errorf("%v, want zerorpc's text", err)
		}
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() {
			t.Errorf("%v: code that treats timeouts of the network does not see this one", err)
		}
		if s, err := Call[string](t.Context(), hasty, "who"); err != nil || s != "x" {
			t.Errorf("a call in time: %q, %v", s, err)
		}
		patient := hasty.With(CallOptions{Timeout: -1, Credit: 5})
		if patient.opt.Timeout > 0 || patient.opt.Credit != 5 || !reflect.DeepEqual(patient.With(CallOptions{}).opt, patient.opt) {
			t.Errorf("With does not lay options over options: %+v", patient.opt)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		_, err = Call[any](ctx, c.With(CallOptions{Timeout: time.Hour}), "hang")
		if !errors.Is(err, context.DeadlineExceeded) || errors.As(err, &timeout) || !strings.Contains(err.Error(), "calling hang at "+endpoint) {
			t.Errorf("the context's own deadline: %v", err)
		}
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err = Call[any](gone, c, "who"); !errors.Is(err, context.Canceled) {
			t.Errorf("a context that has ended: %v", err)
		}
		if _, err := Dial(gone, endpoint); !errors.Is(err, context.Canceled) {
			t.Errorf("Dial with it: %v", err)
		}
	})
}
