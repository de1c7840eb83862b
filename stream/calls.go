package stream

// callList is the open calls of a connection, those included whose id a later
// call took over: events no longer find them, but they end like all others. The
// mux's mu guards it.
type callList struct{ first *Call }

func (l *callList) addLocked(c *Call) {
	c.listed, c.behind = true, l.first
	if l.first != nil {
		l.first.ahead = c
	}
	l.first = c
}

// removeLocked takes c out, if it is in.
func (l *callList) removeLocked(c *Call) {
	if !c.listed {
		return
	}
	if c.ahead == nil {
		l.first = c.behind
	} else {
		c.ahead.behind = c.behind
	}
	if c.behind != nil {
		c.behind.ahead = c.ahead
	}
	c.listed, c.ahead, c.behind = false, nil, nil
}

// eachLocked calls f for every call; f may remove it.
func (l *callList) eachLocked(f func(*Call)) {
	for c := l.first; c != nil; {
		next := c.behind
		f(c)
		c = next
	}
}
