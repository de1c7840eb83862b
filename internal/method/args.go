package method

import (
	"github.com/zrpc-go/zrpc/event"
)

// maxVariadic bounds the arguments of one call. A caller pays a byte for an
// argument and we pay the size of the parameter's type, so a variadic function
// must not grow with the message; long lists belong into one list argument.
const maxVariadic = 1 << 16

// open checks the number of arguments. It returns the arguments as an encoded
// array, their number, and the offset of the first. The array is args itself
// unless args is something else that Python would spread over the parameters.
func (m *Method) open(args []byte) (list []byte, n, off int, err error) {
	if len(args) > 0 && args[0]&0xf0 == 0x90 {
		n, off = int(args[0]&0x0f), 1
	} else {
		if event.Kind(args) != "array" {
			if args, err = m.spread(args); err != nil {
				return nil, 0, 0, err
			}
		}
		if n, off, err = event.ArrayLen(args); err != nil {
			return nil, 0, 0, err
		}
	}
	if n < m.minArg || n > m.maxArg {
		return nil, 0, 0, m.countError(n)
	}
	return args, n, off, nil
}

// open1 and open2 return the one and the two arguments, each as encoded. They
// are kept apart from open for the speed of the usual call: an array with a
// one-byte header that holds what the method takes.
func (m *Method) open1(args []byte) (a []byte, err error) {
	if len(args) > 1 && args[0] == 0x91 {
		return args[1:], nil
	}
	list, _, off, err := m.open(args)
	if err != nil {
		return nil, err
	}
	return list[off:], nil
}

func (m *Method) open2(args []byte) (a, b []byte, err error) {
	off := 1
	if len(args) <= 2 || args[0] != 0x92 {
		if args, _, off, err = m.open(args); err != nil {
			return nil, nil, err
		}
	}
	next, err := event.Skip(args, off)
	if err != nil {
		return nil, nil, err
	}
	return args[off:next], args[next:], nil
}
