package zrpc_test

import (
	"encoding/hex"
	"fmt"
	"math"
	"math/big"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/zrpc-go/zrpc/event"
	"github.com/zrpc-go/zrpc/zrpc"
	"github.com/zrpc-go/zrpc/zrpctest"
)

// table returns the cells of the rows of one chapter of docs/values.md.
func table(t *testing.T, chapter string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile("../docs/values.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "## "+chapter+"\n")
	rest, _, _ = strings.Cut(rest, "\n## ")
	for line := range strings.Lines(rest) {
		if strings.HasPrefix(line, "| `") {
			cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

// code returns the parts of a cell that stand in backquotes.
func code(cell string) (parts []string) {
	for i, part := range strings.Split(cell, "`") {
		if i%2 == 1 {
			parts = append(parts, part)
		}
	}
	return parts
}

// goText writes a value as the document does.
func goText(v any) string {
	switch v := v.(type) {
	case nil:
		return "nil"
	case bool, int64, uint64, float64, string, time.Time:
		return fmt.Sprintf("%T(%v)", v, v)
	}
	s := strings.ReplaceAll(fmt.Sprintf("%#v", v), "interface {}", "any")
	s = strings.ReplaceAll(s, "uint8", "byte")
	return strings.NewReplacer("<nil>", "nil", "any(nil)", "nil").Replace(s)
}

// typed are the Go types of the column "also as".
var typed = map[string]reflect.Type{
	"*int": reflect.TypeFor[*int](), "[]byte": reflect.TypeFor[[]byte](), "any": reflect.TypeFor[any](),
	"map[string]any": reflect.TypeFor[map[string]any](), "*bool": reflect.TypeFor[*bool](), "int": reflect.TypeFor[int](),
	"uint8": reflect.TypeFor[uint8](), "float64": reflect.TypeFor[float64](), "big.Int": reflect.TypeFor[big.Int](),
	"int8": reflect.TypeFor[int8](), "uint64": reflect.TypeFor[uint64](), "float32": reflect.TypeFor[float32](),
	"[2]byte": reflect.TypeFor[[2]byte](), "string": reflect.TypeFor[string](), "[]int": reflect.TypeFor[[]int](),
	"[2]int": reflect.TypeFor[[2]int](), "[]any": reflect.TypeFor[[]any](), "map[string]int": reflect.TypeFor[map[string]int](),
	"map[int]string": reflect.TypeFor[map[int]string](), "map[any]int": reflect.TypeFor[map[any]int](),
	"map[string]map[int][]int": reflect.TypeFor[map[string]map[int][]int](), "map[[2]int]int": reflect.TypeFor[map[[2]int]int](),
	"time.Time": reflect.TypeFor[time.Time](), "event.Ext": reflect.TypeFor[event.Ext](),
	`struct{A int "msgpack:\"a\""}`: reflect.TypeFor[struct {
		A int `msgpack:"a"`
	}](),
}

// sent are the Go values of the second table, by the first code of their row.
var sent = map[string][]any{
	"nil":                            {nil, (*int)(nil), []int(nil), map[string]int(nil)},
	"uint8(5)":                       {uint8(5)},
	"float32(1.5)":                   {float32(1.5)},
	"math.NaN()":                     {math.NaN()},
	`"é"`:                            {"é"},
	`"\xff"`:                         {"\xff"},
	`[]byte("a")`:                    {[]byte("a")},
	"[]int{1, 2}":                    {[]int{1, 2}},
	`map[string]int{"b": 2, "a": 1}`: {map[string]int{"b": 2, "a": 1}},
	`struct{A int "msgpack:\"a\""}{1}`: {struct {
		A int `msgpack:"a"`
	}{1}},
	`map[int]string{1: "a"}`:                {map[int]string{1: "a"}},
	`event.BinKey("a")`:                     {map[event.BinKey]int{"a": 1}},
	"time.Unix(1795417200, 5)":              {time.Unix(1795417200, 5)},
	"5 * time.Second":                       {5 * time.Second},
	"big.NewInt(5)":                         {big.NewInt(5)},
	`event.Ext{Type: 5, Data: []byte("x")}`: {event.Ext{Type: 5, Data: []byte("x")}},
	"1i":                                    {1i, make(chan int), func() {}},
}

// TestValuesDocument runs every row of docs/values.md: the bytes are decoded, or
// made, and the value goes to a server and back.
func TestValuesDocument(t *testing.T) {
	c := zrpctest.Pair(t, func(s *zrpc.Server) {
		s.Handle("echo", func(v event.Raw) event.Raw { return v })
		s.Handle("any", func(v any) any { return v })
	})
	rows := table(t, "From Python to Go")
	if len(rows) < 21 {
		t.Fatalf("%d rows are read of the first table", len(rows))
	}
	for _, row := range rows {
		raw, err := hex.DecodeString(code(row[1])[0])
		if err != nil {
			t.Fatal(err)
		}
		got, err := zrpc.Call[any](t.Context(), c, "echo", event.Raw(raw))
		if strings.HasPrefix(row[2], "refused") {
			if err == nil {
				t.Errorf("%s is not refused: %s", row[0], goText(got))
			}
		} else if want := code(row[2])[0]; err != nil || goText(got) != want {
			t.Errorf("%s as any is %s, %v; the document says %s", row[0], goText(got), err, want)
		}
		for _, name := range code(row[3]) {
			if typed[name] == nil {
				t.Errorf("%s: the test does not know the type %s", row[0], name)
				continue
			}
			if err := event.Decode(raw, reflect.New(typed[name]).Interface()); err != nil {
				t.Errorf("%s as %s: %v", row[0], name, err)
			}
		}
	}

	rows = table(t, "From Go to Python")
	if len(rows) != len(sent) {
		t.Errorf("%d rows are read of the second table; the test knows %d", len(rows), len(sent))
	}
	for _, row := range rows {
		values, ok := sent[code(row[0])[0]]
		if !ok {
			t.Errorf("the test does not know %s", row[0])
		}
		for _, v := range values {
			got, err := zrpc.Call[event.Raw](t.Context(), c, "echo", v)
			if row[1] == "error" {
				if err == nil {
					t.Errorf("%s: %#v was sent", row[0], v)
				}
			} else if err != nil || hex.EncodeToString(got) != code(row[1])[0] {
				t.Errorf("%s: %x, %v; the document says %s", row[0], []byte(got), err, row[1])
			}
		}
	}
}

// TestOptionsByMap is the document's advice on keyword arguments.
func TestOptionsByMap(t *testing.T) {
	type options struct {
		Limit int    `msgpack:"limit"`
		Sort  string `msgpack:"sort"`
	}
	c := zrpctest.Pair(t, func(s *zrpc.Server) {
		s.Handle("search", func(text string, o options) string { return fmt.Sprint(text, o) })
		s.Handle("search_few", func(text string, limit ...int) string { return fmt.Sprint(text, limit) })
	})
	for _, tc := range []struct {
		method, want string
		args         []any
	}{
		{"search", "x{3 }", []any{"x", map[string]any{"limit": 3}}},
		{"search", "x{0 up}", []any{"x", map[string]any{"sort": "up", "newer": true}}},
		{"search_few", "x[]", []any{"x"}},
		{"search_few", "x[3]", []any{"x", 3}},
	} {
		if got, err := zrpc.Call[string](t.Context(), c, tc.method, tc.args...); err != nil || got != tc.want {
			t.Errorf("%s%v = %q, %v, want %q", tc.method, tc.args, got, err, tc.want)
		}
	}
}
