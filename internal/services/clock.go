package services

import (
	"math"
	"math/big"
	"os"
	"sync"
	"time"
)

// clock is where the time service takes the instant and the zone from; a test sets its own.
type clock struct {
	now func() time.Time
	loc func() *time.Location
}

// systemClock is the machine's clock and its time zone (TZ, else the system's), as Python's time module uses them.
func systemClock() clock {
	return clock{now: time.Now, loc: sync.OnceValue(func() *time.Location { return localZone(os.Getenv("TZ")) })}
}

// newTime returns the time service: the functions of Python's time module that zerorpc's own examples serve.
func newTime(c clock) *Service {
	return &Service{Name: "time", Entries: []Entry{
		{"ctime", c.ctime, "Return local time as text, such as 'Mon Nov 23 05:07:00 2026'.\n\nThe time is in seconds since 1970; without it, or with None, it is now.", []string{"seconds"}},
		{"gmtime", c.gmtime, "Return UTC as [year, month, day, hour, minute, second, weekday, day of the year, 0].\n\nMonday is weekday 0. The time is in seconds since 1970; without it, or with None, it is now.", []string{"seconds"}},
		{"localtime", c.localtime, "Return local time as [year, month, day, hour, minute, second, weekday, day of the year, is DST].\n\nMonday is weekday 0. The time is in seconds since 1970; without it, or with None, it is now.", []string{"seconds"}},
		{"sleep", sleep, "Return after so many seconds, which may be a fraction.\n\nThe sleep ends early if the caller goes away.", []string{"seconds"}},
		{"strftime", c.strftime, "Format local time, or the nine numbers that localtime and gmtime return.\n\nThe directives are those of C, %Y-%m-%d and so on, in the C locale.", []string{"format", "tuple"}},
		{"time", c.time, "Return the time in seconds since 1970, as a float.", []string{}},
	}}
}

// time is now.
func (c clock) time() float64 {
	t := c.now()
	// Seconds and the fraction are added as floats, as Python does; UnixNano would round twice and end in 2262.
	return float64(t.Unix()) + float64(t.Nanosecond())/1e9
}

// ctime is the one format that is fixed: a shorthand for strftime.
func (c clock) ctime(seconds ...any) (string, error) {
	t, err := c.at("ctime", seconds)
	if err != nil {
		return "", err
	}
	m := tmOf(t.In(c.loc()))
	return strftime("%a %b %e %H:%M:%S %Y", &m)
}

// gmtime and localtime take Python's optional argument as a variadic, and refuse a second one in Python's words.
func (c clock) gmtime(seconds ...any) ([]int, error) {
	t, err := c.at("gmtime", seconds)
	if err != nil {
		return nil, err
	}
	m := tmOf(t.UTC())
	return m.list(), nil
}

func (c clock) localtime(seconds ...any) ([]int, error) {
	t, err := c.at("localtime", seconds)
	if err != nil {
		return nil, err
	}
	m := tmOf(t.In(c.loc()))
	return m.list(), nil
}

// strftime formats now, or the tuple given. Unlike the other functions it takes no None for "now", as in Python.
func (c clock) strftime(format string, tuple ...any) (string, error) {
	if len(tuple) > 1 {
		return "", typeError("strftime() takes at most 2 arguments (%d given)", 1+len(tuple))
	}
	var m tm
	if len(tuple) == 0 {
		m = tmOf(c.now().In(c.loc()))
	} else {
		var err error
		if m, err = tmFromTuple(tuple[0], c.loc()); err != nil {
			return "", err
		}
	}
	return strftime(format, &m)
}

// at reads the optional argument of ctime, gmtime and localtime: nothing or nil is now, else seconds since 1970,
// a fraction cut off downwards.
func (c clock) at(method string, args []any) (time.Time, error) {
	if len(args) > 1 {
		return time.Time{}, typeError("%s() takes at most 1 argument (%d given)", method, len(args))
	}
	if len(args) == 0 || args[0] == nil {
		return c.now(), nil
	}
	n, ok := toNumber(args[0])
	if !ok {
		return time.Time{}, typeError("'%s' object cannot be interpreted as an integer", pyType(args[0]))
	}
	if n.isFloat() {
		if math.IsNaN(n.f) {
			return time.Time{}, valueError("Invalid value NaN (not a number)")
		}
		if math.IsInf(n.f, 0) {
			return time.Time{}, outOfTimeT()
		}
		// Down, also before 1970: -1.5 is in the second before -1.
		n.i, _ = big.NewFloat(math.Floor(n.f)).Int(nil)
	}
	if !n.i.IsInt64() {
		return time.Time{}, outOfTimeT()
	}
	unix := n.i.Int64()
	if unix < minUnix || unix > maxUnix {
		return time.Time{}, &Error{Name: "OSError", Message: "[Errno 75] Value too large for defined data type"}
	}
	return time.Unix(unix, 0), nil
}

// outOfTimeT is for an instant that C's time_t, 64 bits of seconds, cannot hold.
func outOfTimeT() error { return overflowError("timestamp out of range for platform time_t") }
