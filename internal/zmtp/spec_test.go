package zmtp

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/go-zeromq/zmq4"
)

// TestSpecHandshake plays a peer's greeting and handshake against a ROUTER of
// ours. Each case quotes or sums up a clause of RFC 23 or 37.
func TestSpecHandshake(t *testing.T) {
	const ready = readyDealer
	replace := func(s string, at int, with string) string { return s[:2*at] + with + s[2*at+len(with):] }
	prop := func(name, value string) []byte { return appendProperty(nil, name, value) }
	command := func(name string, props ...[]byte) string {
		return hexOf(appendCommand(nil, name, cat(props...)))
	}
	dealer := prop("Socket-Type", "DEALER")

	for _, tc := range []struct {
		clause string
		in     string // the peer's bytes
		want   error  // nil: the handshake succeeds
	}{
		{"RFC 37: signature = %xFF padding %x7F", greetingHex + ready, nil},
		{"RFC 23: padding is not significant", replace(greetingHex, 1, "0102030405060708") + ready, nil},
		{"libzmq tests bit 0 of the signature's last byte alone", replace(greetingHex, 9, "01") + ready, nil},
		{"RFC 23: filler = 31%x00; what a peer puts there is ignored", replace(greetingHex, 33, "aabbcc") + ready, nil},
		{"as-server says nothing under NULL, whatever its value", replace(greetingHex, 32, "07") + ready, nil},
		{"RFC 37: version = %x03 %x01; RFC 23's 3.0 peers are accepted", replace(greetingHex, 11, "00") + ready, nil},
		{"RFC 37: higher versions are accepted and spoken to as 3.1", replace(greetingHex, 10, "0409") + ready, nil},
		{"RFC 23: older peers may be refused: ZMTP 2.0", replace(greetingHex, 10, "0100"), ErrVersion},
		{"an old peer is refused before it has sent all 64 bytes", greetingHex[:20] + "01", ErrVersion},
		{"unversioned ZMTP 1.0 starts with a length", "0100", ErrNotZMTP},
		{"RFC 23: bit 0 of byte 9 tells ZMTP 2 and later", replace(greetingHex, 9, "7e"), ErrNotZMTP},
		{"an HTTP client", hexOf([]byte("GET / HTTP/1.1\r\n\r\n")), ErrNotZMTP},
		{"RFC 37: both peers SHALL use the same mechanism", replace(greetingHex, 12, "504c41494e"), ErrMechanism},
		{"mechanism: all 20 bytes count", replace(greetingHex, 17, "58"), ErrMechanism},

		{"RFC 37: the peer MUST send READY as a command", greetingHex + "00" + ready[2:], ErrHandshake},
		{"RFC 37: a command frame has MORE = 0", greetingHex + "05" + ready[2:], ErrHandshake},
		{"RFC 37: null = ready / error", greetingHex + command("HELLO"), ErrHandshake},
		{"RFC 37: command-name = OCTET 1*255command-name-char", greetingHex + "0400", ErrHandshake},
		{"a command's name is cut off", greetingHex + "040450414243", ErrHandshake},
		{"RFC 37: the size of a command is one or eight octets", greetingHex + "0600000000000000" + ready[2:], nil},
		{"a command is not longer than the limit", greetingHex + "060000000000004001", ErrHandshake},
		{"a command of 2^63 bytes is not waited for", greetingHex + "068000000000000000", ErrHandshake},
		{"RFC 37: name = OCTET 1*255name-char", greetingHex + command("READY", dealer, prop("", "x")), ErrHandshake},
		{"metadata is cut off in a value", greetingHex + command("READY", dealer[:len(dealer)-1]), ErrHandshake},
		{"metadata is cut off in a size", greetingHex + command("READY", dealer[:14]), ErrHandshake},
		{"RFC 37: Socket-Type names the sender's type", greetingHex + command("READY", prop("Identity", "")), ErrHandshake},
		{"RFC 37: names are case-insensitive", greetingHex + command("READY", prop("sOCKET-tYPE", "DEALER")), nil},
		{"values are not", greetingHex + command("READY", prop("Socket-Type", "dealer")), ErrHandshake},
		{"RFC 37: other properties are for applications", greetingHex + command("READY", prop("X-Any", "1"), dealer), nil},
		{"RFC 37: ROUTER talks to REQ, DEALER and ROUTER", greetingHex + command("READY", prop("Socket-Type", "PUB")), ErrIncompatible},
		{"identity = 0*255OCTET", greetingHex + command("READY", dealer, prop("Identity", strings.Repeat("i", 255))), nil},
		{"256 bytes are no identity", greetingHex + command("READY", dealer, prop("Identity", strings.Repeat("i", 256))), ErrIdentity},
		{"RFC 23: a leading zero byte is reserved", greetingHex + command("READY", dealer, prop("Identity", "\x00kEg")), ErrIdentity},
		{"the peer leaves in the middle of its greeting", greetingHex[:80], io.ErrUnexpectedEOF},
		{"the peer leaves in the middle of READY", greetingHex + ready[:40], io.ErrUnexpectedEOF},
		{"the peer leaves at once", "", io.EOF},
	} {
		for _, tr := range transports {
			t.Run(tr.name+"/"+tc.clause, func(t *testing.T) {
				nc, far := tr.pair(t)
				defer far.Close()
				in := unhex(t, tc.in)
				go func() {
					far.Write(in)
					if errors.Is(tc.want, io.EOF) || errors.Is(tc.want, io.ErrUnexpectedEOF) {
						closeWrite(far)
					}
				}()
				sent := make(chan []byte, 1)
				go func() {
					b, _ := io.ReadAll(far)
					sent <- b
				}()
				type result struct {
					c   *Conn
					err error
				}
				r := within(t, "handshake", func() result {
					c, err := Handshake(nc, &Config{Type: zmq4.Router, Server: true})
					return result{c, err}
				})
				if r.c != nil {
					r.c.Close(nil)
				}
				// A closed net.Pipe may fail our READY before our reading sees it.
				if !errors.Is(r.err, tc.want) && !(tr.name == "pipe" && errors.Is(r.err, io.ErrClosedPipe)) {
					t.Fatalf("got error %v, want %v", r.err, tc.want)
				}
				// A libzmq client that is told of a protocol error never comes
				// back, so a refusal is a close and nothing else.
				got := hexOf(<-sent)
				if full := oursHex + readyRouter; !strings.HasPrefix(full, got) || r.err == nil && got != full {
					t.Fatalf("we sent %s, want a prefix of (or, on success, all of) %s", got, full)
				}
			})
		}
	}
}

// oursHex is our greeting: zero padding, version 3.1.
const oursHex = "ff00000000000000007f03014e554c4c" + zeros48

// TestSpecTraffic feeds frames behind a handshake. Each case quotes or sums up
// a clause of RFC 37, or says why we differ.
func TestSpecTraffic(t *testing.T) {
	long := func(flags string, n int) string {
		return hexOf(appendHeader(unhex(t, flags)[:0], unhex(t, flags)[0], n))
	}
	letters := strings.Repeat("61", 300)
	for _, tc := range []struct {
		clause string
		in     string   // frames
		got    []string // messages as show spells them, commands in <>
		out    string   // what we answer
		err    error    // how it ends; io.EOF: all is well until the peer leaves
	}{
		{"RFC 37: short-size = OCTET: an empty message", "0000", []string{""}, "", io.EOF},
		{"a message of one frame", "00026162", []string{"6162"}, "", io.EOF},
		{"RFC 37: long-size = 8OCTET, in network byte order", long("02", 300) + letters, []string{letters}, "", io.EOF},
		{"the long form of a small size is legal", "0200000000000000026162", []string{"6162"}, "", io.EOF},
		{"RFC 37: message = *message-more message-last", "0100" + "010170" + "00026162", []string{"|70|6162"}, "", io.EOF},
		{"several messages in one segment", "000161" + "000162" + "0100000163", []string{"61", "62", "|63"}, "", io.EOF},
		{"a long frame in the envelope", "030000000000000001" + "70" + "000161", []string{"70|61"}, "", io.EOF},

		{"RFC 37: bits 7-3 are reserved and MUST be zero", "08026162", nil, "", ErrFrame},
		{"libzmq delivers f8 as a message; nobody sends it", "f8026162", nil, "", ErrFrame},
		{"RFC 37: a command frame's MORE bit is zero", "05050470494e47", nil, "", ErrFrame},
		{"what came before a bad frame is delivered", "000161" + "8800", []string{"61"}, "", ErrFrame},
		{"a size of 2^62 is not waited for", "024000000000000000616263", nil, "", ErrTooLarge},
		{"a size of 2^64-1 does not overflow", "02ffffffffffffffff616263", nil, "", ErrTooLarge},
		{"8 GiB are above the limit", "020000000200000000", nil, "", ErrTooLarge},
		{"the limit is for the message, not for the frame", long("03", 600) + strings.Repeat("00", 600) + long("02", 600), nil, "", ErrTooLarge},
		{"the frames of a message are counted", strings.Repeat("0100", 64) + "0000", nil, "", ErrTooLarge},
		{"64 frames are allowed", strings.Repeat("0100", 63) + "0000", []string{strings.Repeat("|", 63)}, "", io.EOF},
		{"a command has a limit too", long("04", maxCommand+1), nil, "", ErrTooLarge},

		{"RFC 37: PING is answered by PONG", "04070450494e470000", nil, "040504504f4e47", io.EOF},
		{"RFC 37: PONG carries PING's context", "040a0450494e470000637478", nil, "040804504f4e47637478", io.EOF},
		{"RFC 37: context = 0*16OCTET; libzmq cuts a longer one", "04190450494e470000" + strings.Repeat("63", 18), nil,
			"041504504f4e47" + strings.Repeat("63", 16), io.EOF},
		{"RFC 37: ping = %d4 PING ping-ttl ping-context: without a TTL it is damaged", "04050450494e47", nil, "", ErrFrame},
		{"half a TTL: libzmq would answer with foreign memory", "04060450494e4700", nil, "", ErrFrame},
		{"one PONG for a heap of PINGs, the last one's", "04080450494e47000061" + "04080450494e47000062", nil, "040604504f4e4762", io.EOF},
		{"PONG is not the user's", "040504504f4e47", nil, "", io.EOF},
		{"RFC 37: a command may stand between the frames of a message", "0100" + "04070450494e470000" + "000161", []string{"|61"}, "040504504f4e47", io.EOF},
		{"and so may one that is the user's", "010170" + "040a09535542534352494245" + "000161", []string{"<09535542534352494245>", "70|61"}, "", io.EOF},

		{"RFC 37: SUBSCRIBE and CANCEL", "040d09535542534352494245616263" + "040a0643414e43454c616263",
			[]string{"<09535542534352494245616263>", "<0643414e43454c616263>"}, "", io.EOF},
		{"RFC 23: a 3.0 peer subscribes by a message", "000401616263", []string{"01616263"}, "", io.EOF},
		{"an unknown command is the user's to ignore", "040807554e4b4e4f574e", []string{"<07554e4b4e4f574e>"}, "", io.EOF},
		{"an empty command is ignored, as by libzmq", "0400" + "000161", []string{"61"}, "", io.EOF},
		{"a damaged name too", "040450414243" + "000161", []string{"61"}, "", io.EOF},
		{"READY and ERROR after the handshake too", readyDealer + "040a054552524f5203343030" + "000161", []string{"61"}, "", io.EOF},

		{"messages are atomic: half of one is not delivered", "000161" + "0100", []string{"61"}, "", io.ErrUnexpectedEOF},
		{"nor is a frame that is cut off", "000561", nil, "", io.ErrUnexpectedEOF},
	} {
		for _, tr := range transports {
			t.Run(tr.name+"/"+tc.clause, func(t *testing.T) {
				nc, far := tr.pair(t)
				cfg := &Config{Type: zmq4.Router, Server: true, MaxMessage: 1000}
				c, p := shaken(t, nc, far, cfg, readyDealer, nil)
				go func() {
					far.Write(unhex(t, tc.in))
					if tc.out != "" {
						p.expect("the answer", tc.out)
					}
					closeWrite(far)
				}()
				type result struct {
					got []string
					err error
				}
				r := within(t, "reading", func() result {
					got, err := collect(c)
					return result{got, err}
				})
				if strings.Join(r.got, " ") != strings.Join(tc.got, " ") || len(r.got) != len(tc.got) {
					t.Errorf("got messages %q, want %q", r.got, tc.got)
				}
				if !errors.Is(r.err, tc.err) {
					t.Errorf("ended with %v, want %v", r.err, tc.err)
				}
				if c.Err() == nil {
					t.Error("the connection is still open")
				}
			})
		}
	}
}

// TestSpecPipelining: RFC 37 lets a peer send traffic only after READY from
// both sides; libzmq disconnects one that does not wait. We wait ourselves and
// accept it from others.
func TestSpecPipelining(t *testing.T) {
	for _, tr := range transports {
		t.Run(tr.name, func(t *testing.T) {
			nc, far := tr.pair(t)
			c, _ := shaken(t, nc, far, &Config{Type: zmq4.Router, Server: true}, readyDealer, unhex(t, "0100000470696e67"))
			m := within(t, "the pipelined message", func() Message {
				m, err := recv(c)
				if err != nil {
					t.Error(err)
				}
				return m
			})
			if got := show(&m); got != "|70696e67" {
				t.Fatalf("got %q", got)
			}
		})
	}
	t.Run("message instead of READY", func(t *testing.T) {
		nc, far := tcpConns(t)
		defer far.Close()
		far.Write(unhex(t, greetingHex+"0100000470696e67"+readyDealer))
		_, err := Handshake(nc, &Config{Type: zmq4.Router, Server: true})
		wantErr(t, "traffic before READY", err, ErrHandshake)
	})
}

// TestSpecRefused: RFC 37, "error = command: the peer refuses, and both close".
func TestSpecRefused(t *testing.T) {
	for _, tc := range []struct{ why, command, reason string }{
		{"ERROR with ZAP's status", "040a054552524f5203343030", "400"},
		{"libzmq's misspelt ERROR of PLAIN", "04095e52524f5203343030", "400"},
		{"without a reason", "0406054552524f52", ""},
		{"with a reason that is cut off", "0408054552524f520941", "A"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			nc, far := tcpConns(t)
			defer far.Close()
			far.Write(unhex(t, greetingHex+tc.command))
			_, err := Handshake(nc, &Config{Type: zmq4.Dealer})
			var refused *RefusedError
			if !errors.As(err, &refused) || refused.Reason != tc.reason || !Permanent(err) {
				t.Fatalf("got %v, want a permanent refusal with reason %q", err, tc.reason)
			}
		})
	}
}
