package zmtp

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/go-zeromq/zmq4"
)

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func cat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// TestGoldenHandshake: byte for byte what libzmq sends, for every socket type.
func TestGoldenHandshake(t *testing.T) {
	for typ, want := range map[zmq4.SocketType]string{
		zmq4.Dealer: readyDealer,
		zmq4.Router: readyRouter,
		zmq4.Req:    "04260552454144590b536f636b65742d5479706500000003524551084964656e7469747900000000",
		zmq4.Rep:    "04190552454144590b536f636b65742d5479706500000003524550",
		zmq4.Pub:    readyPub,
		zmq4.Sub:    "04190552454144590b536f636b65742d5479706500000003535542",
		zmq4.XPub:   "041a0552454144590b536f636b65742d547970650000000458505542",
		zmq4.XSub:   "041a0552454144590b536f636b65742d547970650000000458535542",
		zmq4.Push:   "041a0552454144590b536f636b65742d547970650000000450555348",
		zmq4.Pull:   "041a0552454144590b536f636b65742d547970650000000450554c4c",
		zmq4.Pair:   "041a0552454144590b536f636b65742d547970650000000450414952",
	} {
		t.Run(string(typ), func(t *testing.T) {
			nc, far := tcpConns(t)
			defer far.Close()
			p := &rawPeer{t, far}
			go Handshake(nc, &Config{Type: typ})
			p.expect("all 64 bytes of the greeting come at once, or two such peers wait for each other", oursHex)
			p.write(greetingHex)
			p.expect("READY comes without waiting for the peer's", want)
		})
	}
	t.Run("identity", func(t *testing.T) {
		nc, far := tcpConns(t)
		defer far.Close()
		p := &rawPeer{t, far}
		go Handshake(nc, &Config{Type: zmq4.Dealer, Identity: []byte("c1")})
		p.write(greetingHex)
		p.expect("the identity is announced", oursHex+
			"042b0552454144590b536f636b65742d54797065000000064445414c4552084964656e74697479000000026331")
	})
}

// TestGoldenFrames: what is sent for a message or command, byte for byte.
func TestGoldenFrames(t *testing.T) {
	nc, far := tcpConns(t)
	c, p := shaken(t, nc, far, &Config{Type: zmq4.Dealer}, readyRouter, nil)
	delimiter := AppendFrame(nil, true, nil)

	must(t, "Send", c.Send(always, nil, nil, Now))
	p.expect("an empty last frame", "0000")
	must(t, "Send", c.Send(always, nil, []byte("ab"), Now))
	p.expect("a short frame", "00026162")
	must(t, "Send", c.Send(always, AppendFrame(nil, true, []byte("ping")), []byte("pong"), Now))
	p.expect("two frames", "010470696e670004706f6e67")
	must(t, "Send", c.Send(always, delimiter, []byte("ping"), Now))
	p.expect("zerorpc's empty delimiter", "0100000470696e67")
	must(t, "Send", c.Send(always, nil, bytes.Repeat([]byte("x"), 255), Now))
	p.expect("255 bytes take the short form", "00ff"+strings.Repeat("78", 255))
	must(t, "Send", c.Send(always, AppendFrame(nil, true, bytes.Repeat([]byte("e"), 256)), bytes.Repeat([]byte("x"), 256), Now))
	p.expect("256 bytes take the long form", "030000000000000100"+strings.Repeat("65", 256)+"020000000000000100"+strings.Repeat("78", 256))
	must(t, "SendOwned", c.SendOwned(always, delimiter, []byte("he"), []byte("ad"), nil, Now))
	p.expect("head and tail are one frame", "0100000468656164")
	must(t, "SendCommand", c.SendCommand("SUBSCRIBE", []byte("abc")))
	p.expect("a 3.1 subscription", "040d09535542534352494245616263")
	must(t, "SendCommand", c.SendCommand("CANCEL", []byte("abc")))
	p.expect("and its end", "040a0643414e43454c616263")
	if err := c.SendCommand(strings.Repeat("x", 256), nil); err == nil {
		t.Error("a command's name over 255 bytes was accepted")
	}
}

// TestEchoVerbatim: a received envelope may be written back as it came, even in
// an unusual form.
func TestEchoVerbatim(t *testing.T) {
	nc, far := tcpConns(t)
	c, p := shaken(t, nc, far, &Config{Type: zmq4.Router, Server: true}, readyDealer, nil)
	envelope := "030000000000000001" + "70" + "0100"
	p.write(envelope + "000161")
	m, err := recv(c)
	must(t, "recv", err)
	must(t, "Send", c.Send(always, m.Envelope, m.Body, Now))
	p.expect("the same bytes", envelope+"000161")
}

func TestCutCommand(t *testing.T) {
	for in, want := range map[string]string{
		"\x04PING\x00\x00":  "PING/\x00\x00",
		"\x09SUBSCRIBEtop":  "SUBSCRIBE/top",
		"\x03ABC":           "ABC/",
		"":                  "-",
		"\x00":              "-",
		"\x04ABC":           "-",
		"\xffABC":           "-",
		"\x00anything else": "-",
	} {
		got := "-"
		if name, data, ok := CutCommand([]byte(in)); ok {
			got = string(name) + "/" + string(data)
		}
		if got != want {
			t.Errorf("CutCommand(%q) = %q, want %q", in, got, want)
		}
	}
}
