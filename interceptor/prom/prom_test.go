package prom

import (
	"iter"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/zrpc-go/zrpc/interceptor/internal/pair"
	"github.com/zrpc-go/zrpc/zrpc"
)

// scrape returns what Prometheus would read of a collector, without comments.
func scrape(t *testing.T, c prometheus.Collector) string {
	t.Helper()
	r := prometheus.NewRegistry()
	if err := r.Register(c); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	var b strings.Builder
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func register(s *zrpc.Server) {
	s.Handle("wait", func() { <-time.After(time.Second) })
	s.Handle("fail", func(name string) error { return &zrpc.RemoteError{Name: name} })
	s.Handle("count", func(n int) iter.Seq[int] {
		return func(yield func(int) bool) {
			for i := 0; i < n && yield(i); i++ {
			}
		}
	})
}

func TestMetrics(t *testing.T) {
	server := NewServer(&Options{MaxErrors: 1})
	client := NewClient(&Options{Namespace: "app", Labels: prometheus.Labels{"to": "x"}, Buckets: []float64{0.5, 2}, MaxMethods: 2})
	synctest.Test(t, func(t *testing.T) {
		c := pair.New(t, register, []zrpc.Interceptor{server.Interceptor()}, []zrpc.Interceptor{client.Interceptor()})
		done := make(chan error)
		go func() {
			_, err := zrpc.Call[any](t.Context(), c, "wait")
			done <- err
		}()
		synctest.Wait()
		if got, want := scrape(t, server), "zrpc_server_calls_in_flight{method=\"wait\"} 1\n"; !strings.Contains(got, want) {
			t.Errorf("during a call:\n%s, want %s", got, want)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"A", "A", "B"} {
			zrpc.Call[any](t.Context(), c, "fail", name)
		}
		for range zrpc.Stream[int](t.Context(), c, "count", 5) {
		}
	})
	got := scrape(t, server)
	for _, want := range []string{
		`zrpc_server_calls_total{error="",method="wait"} 1`,
		`zrpc_server_calls_total{error="A",method="fail"} 2`,
		`zrpc_server_calls_total{error="_OTHER",method="fail"} 1`, // one name is the bound
		`zrpc_server_calls_in_flight{method="wait"} 0`,
		`zrpc_server_calls_in_flight{method="count"} 0`,
		`zrpc_server_items_total{direction="sent",method="count"} 5`,
		`zrpc_server_items_total{direction="received",method="count"} 0`,
		`zrpc_server_call_duration_seconds_bucket{method="wait",le="0.5"} 0`,
		`zrpc_server_call_duration_seconds_bucket{method="wait",le="1"} 1`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("the server lacks %s:\n%s", want, got)
		}
	}
	got = scrape(t, client)
	for _, want := range []string{
		`app_client_calls_total{error="B",method="fail",to="x"} 1`,
		`app_client_call_duration_seconds_bucket{method="wait",to="x",le="2"} 1`,
		`app_client_items_total{direction="received",method="_OTHER",to="x"} 5`, // the third method
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("the client lacks %s:\n%s", want, got)
		}
	}
}
