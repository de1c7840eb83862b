// Package pyprint shows msgpack values as Python shows them, and reads JSON as Python reads it.
//
// The zerorpc command line prints results with Python's pprint or json modules and reads parameters with json.loads.
// Scripts parse that output, so zrpc prints the same bytes. The rules here were taken from the behaviour of CPython 3.9
// to 3.12 and are compared with the real modules in this package's tests.
//
// Three forms are offered: [AppendPretty] (pprint.pformat at 80 columns), [AppendRepr] and [AppendStr] (repr and str),
// [AppendJSON] (json.dumps). [LoadJSON] is json.loads followed by packing. All of them work on raw msgpack; [Decode]
// gives the value tree in between, which keeps the order of dict keys.
//
// What is printable depends on the Unicode version: Go's tables and Python's may differ by characters that one of
// them does not know yet. Such a character is shown by one as itself and by the other as an escape.
package pyprint
