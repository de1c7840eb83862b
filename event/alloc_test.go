package event

import "testing"

// usual is the shape of most traffic: a request and its answer.
func usual() (request, answer []byte) {
	id := []byte("0123456789abcdef0123456789abcdef")
	request = AppendHead(nil, &Head{ID: id, Name: "hello"})
	request = AppendString(AppendArrayHeader(request, 1), "RPC")
	answer = AppendHead(nil, &Head{ID: id, ResponseTo: AppendBin(nil, id), Name: "OK"})
	answer = AppendString(AppendArrayHeader(answer, 1), "Hello, RPC")
	return request, answer
}

// The path of every message allocates nothing; a decoded string is one
// allocation, the string.
func TestAllocations(t *testing.T) {
	request, answer := usual()
	var e Event
	if err := Parse(answer, &e); err != nil {
		t.Fatal(err)
	}
	h := Head{ID: []byte("0123456789abcdef0123456789abcdef"), ResponseTo: e.ResponseTo, Name: "OK"}
	buf := make([]byte, 0, 4096)
	elems := make([][]byte, 0, 4)
	str, num := enc(t, "Hello, RPC"), enc(t, 1234)
	boxedStr, boxedInt := any("Hello, RPC"), any(1234)
	list := any([]string{"a", "b"})
	var s string
	var n int
	for _, tc := range []struct {
		what string
		most float64
		f    func() error
	}{
		{"Parse request", 0, func() error { return Parse(request, &e) }},
		{"Parse answer", 0, func() error { return Parse(answer, &e) }},
		{"Lookup", 0, func() error { e.Lookup("traceparent"); return nil }},
		{"AppendHead", 0, func() error { AppendHead(buf, &h); return nil }},
		{"AppendElems", 0, func() error { _, err := AppendElems(elems, e.Args); return err }},
		{"AppendValue string", 0, func() error { _, err := AppendValue(buf, boxedStr); return err }},
		{"AppendValue int", 0, func() error { _, err := AppendValue(buf, boxedInt); return err }},
		{"AppendValue []string, whose slice head escapes", 1, func() error { _, err := AppendValue(buf, list); return err }},
		{"Decode *string", 1, func() error { return Decode(str, &s) }},
		{"Decode *int", 0, func() error { return Decode(num, &n) }},
		{"Skip", 0, func() error { _, err := Skip(request, 0); return err }},
	} {
		var err error
		if got := testing.AllocsPerRun(100, func() { err = tc.f() }); got > tc.most || err != nil {
			t.Errorf("%s: %v allocations, at most %v (%v)", tc.what, got, tc.most, err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	request, answer := usual()
	for name, body := range map[string][]byte{"request": request, "answer": answer} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			var e Event
			for b.Loop() {
				if Parse(body, &e) != nil {
					b.Fatal()
				}
			}
		})
	}
}

func BenchmarkAppendHead(b *testing.B) {
	id := []byte("0123456789abcdef0123456789abcdef")
	h := Head{ID: id, ResponseTo: AppendBin(nil, id), Name: "OK"}
	buf := make([]byte, 0, 256)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendHead(buf[:0], &h)
	}
}

func BenchmarkAppendValue(b *testing.B) {
	buf := make([]byte, 0, 4096)
	for _, tc := range []struct {
		name string
		v    any
	}{
		{"string", "Hello, RPC"}, {"int", 1234}, {"strings", []string{"a", "b", "c"}},
		{"map", map[string]any{"name": "x", "n": 5, "list": []any{1, 2}}}, {"struct", Point{1, 2}}, {"record", sample()},
	} {
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				buf, _ = AppendValue(buf[:0], tc.v)
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	var s string
	var n int
	var p Point
	var r record
	var v any
	for _, tc := range []struct {
		name string
		raw  []byte
		ptr  any
	}{
		{"string", enc(b, "Hello, RPC"), &s}, {"int", enc(b, 1234), &n}, {"struct", enc(b, Point{1, 2}), &p},
		{"record", enc(b, sample()), &r}, {"any", enc(b, map[string]any{"name": "x", "list": []int{1, 2}}), &v},
	} {
		b.Run(tc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Decode(tc.raw, tc.ptr); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkSkip(b *testing.B) {
	nested := enc(b, map[string]any{"name": "x", "list": []any{1, []any{2, "y"}}, "m": map[string]any{"z": 1.5}})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Skip(nested, 0); err != nil {
			b.Fatal(err)
		}
	}
}
