package event

import "testing"

// TestRawDecodes: what headers and results are handed out as is read by its own
// method, so that a caller needs no second package.
func TestRawDecodes(t *testing.T) {
	b, err := AppendValue(nil, map[string]any{"id": 9})
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		ID int `msgpack:"id"`
	}
	if err := Raw(b).Decode(&v); err != nil || v.ID != 9 {
		t.Errorf("decoded %+v, %v", v, err)
	}
	p := new(int)
	if err := Raw(nil).Decode(&p); err != nil || p != nil {
		t.Errorf("no value decodes to %v, %v, want nil, as it is sent", p, err)
	}
	var n int
	if err := Raw("\xa1x").Decode(&n); err == nil {
		t.Error("a string must not become a number")
	}
	if err := Raw("\x92\x01").Decode(&v); err == nil {
		t.Error("a value that is cut short must be an error")
	}
}
