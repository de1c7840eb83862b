package method

import (
	"context"
	"reflect"
	"sync"
	"testing"
)

type base struct{ n int }

func (b base) Count() int { return b.n }

type calculator struct {
	base
	name string
}

func (calculator) Add(_ context.Context, a, b int) (int, error) { return a + b, nil }
func (calculator) GetURL(p string) string                       { return "http://" + p }
func (c calculator) String() string                             { return c.name }
func (calculator) hidden()                                      {}

type pointerService struct{ calls int }

func (p *pointerService) Next() int { p.calls++; return p.calls }
func (pointerService) Name() string { return "p" }

type awkward struct{}

func (awkward) GetURL()       {}
func (awkward) GetUrl()       {}
func (awkward) Listen(func()) {}
func (awkward) Fine()         {}

type locked struct {
	sync.RWMutex
	deeper
}

type deeper struct{ *sync.WaitGroup }

func (*locked) Fine() {}

func names(b []Bound) (n []string) {
	for _, x := range b {
		n = append(n, x.Name)
	}
	return n
}

func TestMethods(t *testing.T) {
	svc := calculator{base{7}, "calc"}
	svc.hidden()
	got, skipped := Methods(svc, false)
	if want := []string{"add", "count", "get_url", "string"}; !reflect.DeepEqual(names(got), want) || skipped != nil {
		t.Errorf("got %v, skipped %v, want %v", names(got), skipped, want)
	}
	if got[2].GoName != "GetURL" {
		t.Errorf("a Doc is found by the Go name, got %s", got[2].GoName)
	}
	for i, tc := range []struct {
		args []any
		want any
	}{{[]any{1, 2}, int64(3)}, {nil, int64(7)}, {[]any{"x"}, "http://x"}, {nil, "calc"}} {
		if v, err := call(t, mustNew(t, got[i].Name, got[i].Func), list(t, tc.args...)); err != nil || v != tc.want {
			t.Errorf("%s: got %v, %v, want %v", got[i].Name, v, err, tc.want)
		}
	}
	exact, _ := Methods(svc, true)
	if want := []string{"Add", "Count", "GetURL", "String"}; !reflect.DeepEqual(names(exact), want) {
		t.Errorf("exact: got %v, want %v", names(exact), want)
	}
	ptr := &pointerService{}
	got, skipped = Methods(ptr, false)
	if want := []string{"name", "next"}; !reflect.DeepEqual(names(got), want) || skipped != nil {
		t.Errorf("pointer: got %v, %v", names(got), skipped)
	}
	if _, err := call(t, mustNew(t, "next", got[1].Func), list(t)); err != nil || ptr.calls != 1 {
		t.Error("the method must run on the receiver itself")
	}
}

func TestMethodsSkipped(t *testing.T) {
	for _, tc := range []struct {
		rcvr any
		want []string
		skip []string
	}{
		{nil, nil, []string{"cannot expose nil: there is no value to take methods from; pass a value that has methods"}},
		{awkward{}, []string{"fine", "get_url"}, []string{
			`cannot expose method.awkward.GetUrl: GetURL has the name "get_url" already; rename one of them, or register under exact names`,
			"cannot expose method.awkward.Listen: parameter 1 is func(), which cannot travel; take a plain value, or iter.Seq2[T, error] as the last parameter for a stream from the caller",
		}},
		{pointerService{}, []string{"name"}, []string{
			"cannot expose method.pointerService.Next: its receiver is a pointer; register a *method.pointerService, not a method.pointerService"}},
		{5, nil, nil},
	} {
		got, skipped := Methods(tc.rcvr, false)
		var texts []string
		for _, err := range skipped {
			texts = append(texts, err.Error())
		}
		if !reflect.DeepEqual(names(got), tc.want) || !reflect.DeepEqual(texts, tc.skip) {
			t.Errorf("%T: got %v and skipped %q\nwant %v and %q", tc.rcvr, names(got), texts, tc.want, tc.skip)
		}
	}
}

// Nobody who embeds a mutex means to let the network lock it.
func TestEmbeddedLocks(t *testing.T) {
	got, skipped := Methods(&locked{}, false)
	if want := []string{"fine"}; !reflect.DeepEqual(names(got), want) {
		t.Errorf("got %v, want %v", names(got), want)
	}
	if len(skipped) == 0 {
		t.Fatal("the promoted methods of the locks must be named")
	}
	want := "cannot expose *method.locked.Add: the embedded sync.WaitGroup has it, so any caller could lock the service; give the field a name"
	if skipped[0].Error() != want {
		t.Errorf("got  %s\nwant %s", skipped[0], want)
	}
}
