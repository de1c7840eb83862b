package services

// directive is one parsed conversion: % flags width modifier conversion.
type directive struct {
	pad      rune // '_', '-', '0', or 0 for the conversion's own
	upper    bool // ^
	change   bool // #: the other case
	lower    bool // set by a conversion, never by a flag
	width    int  // 0: none
	modifier rune // 'E', 'O' or 0
	raw      []rune
}

// parse reads the directive after the % at f[0] and returns it, its conversion character (0: the format ended) and
// the length read.
func parse(f []rune) (d directive, conv rune, n int) {
	// at is 0 past the end, which no format holds: strftime has refused those that do.
	at := func() rune {
		if n < len(f) {
			return f[n]
		}
		return 0
	}
	n = 1
flags:
	for ; ; n++ {
		switch at() {
		case '_', '-', '0':
			d.pad = f[n]
		case '^':
			d.upper = true
		case '#':
			d.change = true
		default:
			break flags
		}
	}
	for ; at() >= '0' && at() <= '9'; n++ {
		// No result is as long as the clamp, so a longer number means the same.
		d.width = min(d.width*10+int(f[n]-'0'), 1<<24)
	}
	if at() == 'E' || at() == 'O' {
		d.modifier = f[n]
		n++
	}
	conv = at()
	if conv != 0 {
		n++
	}
	d.raw = f[:n]
	return d, conv, n
}
