package cli

import (
	"context"
	"strings"
	"testing"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/internal/cli/peertest"
	"github.com/zrpc-go/zrpc/internal/pyprint"
	"github.com/zrpc-go/zrpc/zrpc"
)

// tree makes a value tree of JSON text.
func tree(t *testing.T, text string) any {
	t.Helper()
	v, err := pyprint.LoadJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Peers describe themselves in several forms, and badly.
func TestFromInspect(t *testing.T) {
	for _, c := range []struct {
		why, json, list, signatures string
	}{
		{"methods keep the order of the server",
			`{"name": "S", "methods": {"b": {"args": [{"name": "x"}], "doc": "B.\nMore."}, "a": {"args": null, "doc": null}}}`,
			"[S]\nb B.\na <undocumented>\n", "[S]\nb(x)\na(??)\n"},
		{"defaults are str(), None is none", `{"methods": {"m": {"args": [{"name": "a", "default": "x"}, {"name": "b", "default": null},
			{"name": "c", "default": ["y", {"z": 1, "k": 2}]}]}}}`,
			"[N/A]\nm <undocumented>\n", "[N/A]\nm(a=x, b, c=['y', {'z': 1, 'k': 2}])\n"},
		{"a server without names for its arguments", `{"name": "", "methods": {"m": {"args": [], "doc": ""}}}`,
			"[]\nm <undocumented>\n", "[]\nm(??)\n"},
		{"names are padded by characters, not bytes", `{"name": "S", "methods": {"é": {}, "ab": {}}}`,
			"[S]\né  <undocumented>\nab <undocumented>\n", "[S]\né(??)\nab(??)\n"},
		{"a first line may be empty", `{"name": "S", "methods": {"m": {"doc": "\nx"}}}`, "[S]\nm \n", "[S]\nm(??)\n"},
		{"the form of protocol 2", `{"name": "S", "methods": [["m", [["self", "a", "b"], "rest", "kw", ["x"]], "Doc."], ["n", null, null], 5]}`,
			"[S]\nm Doc.\nn <undocumented>\n", "[S]\nm(self, a, b='x', *rest, **kw)\nn(...)\n"},
		{"nonsense stays readable", `{"name": 5, "methods": {"m": 1, "n": {"args": [7, {}], "doc": 8}}}`,
			"[5]\nm <undocumented>\nn <undocumented>\n", "[5]\nm(??)\nn(7, None)\n"},
		{"more defaults than arguments", `{"name": "S", "methods": [["m", [["a"], null, null, [1, 2]], ""]]}`,
			"[S]\nm <undocumented>\n", "[S]\nm(a=2)\n"},
		{"no methods", `{"name": "S", "methods": {}}`, "[S]\n", "[S]\n"},
	} {
		s, ok := fromInspect(tree(t, c.json))
		if !ok {
			t.Errorf("%s: not understood", c.why)
			continue
		}
		if got := s.list(false); got != c.list {
			t.Errorf("%s: listing\n%swant\n%s", c.why, got, c.list)
		}
		if got := s.list(true); got != c.signatures {
			t.Errorf("%s: signatures\n%swant\n%s", c.why, got, c.signatures)
		}
	}
	for _, text := range []string{`[]`, `{}`, `{"methods": 5}`, `null`} {
		if _, ok := fromInspect(tree(t, text)); ok {
			t.Errorf("%s was taken for a description", text)
		}
	}
}

// The sessions in cmd/zrpc show the outcomes; here are the ways that lead nowhere.
func TestInspectPieces(t *testing.T) {
	refused := peertest.Err("NameError", "x", "")
	for _, c := range []struct {
		why     string
		change  map[string]peertest.Answer
		method  string
		want    string
		wantErr string
	}{
		{why: "as Python 3.11", want: "[HelloRPC]\nadd   <undocumented>\nhello Say hello.\n"},
		{why: "no name", change: map[string]peertest.Answer{"_zerorpc_name": refused}, want: "[N/A]\nadd   <undocumented>\nhello Say hello.\n"},
		{why: "no list: nothing to show", change: map[string]peertest.Answer{"_zerorpc_list": refused}, wantErr: "NameError: x"},
		{why: "an inspection that makes no sense", change: map[string]peertest.Answer{"_zerorpc_inspect": peertest.OK(5)},
			want: "[HelloRPC]\nadd   <undocumented>\nhello Say hello.\n"},
		{why: "a list that is none", change: map[string]peertest.Answer{"_zerorpc_list": peertest.OK(5)}, want: "[HelloRPC]\n"},
		{why: "an unknown method", method: "nope", want: "[HelloRPC]\n"},
		{why: "the inspection is not answered", change: map[string]peertest.Answer{"_zerorpc_inspect": {}}, wantErr: "timeout after"},
		{why: "the name is not answered", change: map[string]peertest.Answer{"_zerorpc_name": {}}, wantErr: "timeout after"},
		{why: "the help is not answered", change: map[string]peertest.Answer{"_zerorpc_help": {}, "_zerorpc_help add": {}}, wantErr: "timeout after"},
		{why: "the arguments are not answered", method: "hello", change: map[string]peertest.Answer{"_zerorpc_args": {}}, wantErr: "timeout after"},
	} {
		answers := peertest.Python311()
		for k, v := range c.change {
			answers[k] = v
		}
		client := zrpc.NewClient(&zrpc.ClientOptions{CallOptions: zrpc.CallOptions{Timeout: 300e6}})
		if err := client.Connect(peertest.Serve(t, answers)); err != nil {
			t.Fatal(err)
		}
		s, err := inspect(context.Background(), client, c.method, c.method != "")
		switch {
		case c.wantErr != "":
			if err == nil || !strings.Contains(err.Error(), c.wantErr) {
				t.Errorf("%s: error %v, want %s", c.why, err, c.wantErr)
			}
		case err != nil || s.list(false) != c.want:
			t.Errorf("%s: %v\n%swant\n%s", c.why, err, s.list(false), c.want)
		}
		client.Close()
	}
}

func TestTraceLine(t *testing.T) {
	head := event.AppendHead(nil, &event.Head{ID: []byte("id"), Name: "hello"})
	args, err := event.AppendValue(nil, []any{"RPC"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(traceLine(true, append(head, args...))), "zrpc.events: --> hello {'message_id': b'id', 'v': 3} ['RPC']\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := string(traceLine(false, []byte{0xc1})); !strings.HasPrefix(got, "zrpc.events: <-- msgpack byte c1") {
		t.Errorf("a broken event: %q", got)
	}
	long, err := event.AppendValue(nil, strings.Repeat("x", 10_000))
	if err != nil {
		t.Fatal(err)
	}
	if got := traceLine(false, long); len(got) > maxTrace+10 {
		t.Errorf("a long event takes %d bytes", len(got))
	}
}

func TestReadLimit(t *testing.T) {
	in := inputs{stdin: strings.NewReader(strings.Repeat("x", 1<<20+1)), max: 1 << 20}
	if _, _, err := in.text("-"); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("a byte too many: %v", err)
	}
	in = inputs{stdin: strings.NewReader(strings.Repeat("x", 1<<20)), max: 1 << 20}
	if text, _, err := in.text("-"); err != nil || len(text) != 1<<20 {
		t.Errorf("just as many as allowed: %d, %v", len(text), err)
	}
}
