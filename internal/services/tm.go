package services

import (
	"math"
	"math/big"
	"time"
)

// tm is C's struct tm, the broken-down time that strftime formats. Its fields need not agree with each other: a
// caller may give any nine numbers, and each directive shows the field it names. (This is why no formatter of
// time.Time serves here.)
type tm struct {
	year  int // the full year, 2026
	mon   int // 1 to 12
	mday  int
	hour  int
	min   int
	sec   int // up to 61, for leap seconds
	wday  int // 0 is Sunday
	yday  int // 0 is 1 January
	isdst int // 0 no, positive yes, negative unknown

	offset int    // seconds east of UTC
	zone   string // the zone's abbreviation, "" if isdst is negative
	loc    *time.Location
}

// The range of time_t whose year fits C's int, from which Python's functions refuse.
const (
	minUnix = -67768040609740800 // 1 January -2147481748
	maxUnix = 67768036191676799  // 31 December 2147485547
)

// tmOf breaks an instant down in the zone that t has. Its year must be in the range of minUnix to maxUnix.
func tmOf(t time.Time) tm {
	zone, offset := t.Zone()
	m := tm{
		year: t.Year(), mon: int(t.Month()), mday: t.Day(),
		hour: t.Hour(), min: t.Minute(), sec: t.Second(),
		wday: int(t.Weekday()), yday: t.YearDay() - 1,
		offset: offset, zone: zone, loc: t.Location(),
	}
	if t.IsDST() {
		m.isdst = 1
	}
	return m
}

// list returns Python's struct_time as it arrives at a zerorpc peer: nine ints, Monday 0 and 1 January 1.
func (m *tm) list() []int {
	return []int{m.year, m.mon, m.mday, m.hour, m.min, m.sec, (m.wday + 6) % 7, m.yday + 1, m.isdst}
}

// tmFromTuple reads what Python's strftime accepts as its second argument. A list is taken for a tuple, since
// msgpack does not tell them apart.
func tmFromTuple(v any, loc *time.Location) (tm, error) {
	items, ok := v.([]any)
	if !ok {
		return tm{}, typeError("Tuple or struct_time argument required")
	}
	if len(items) != 9 {
		return tm{}, typeError("strftime(): illegal time tuple argument")
	}
	var f [9]int
	for i, item := range items {
		n, ok := toNumber(item)
		switch {
		case !ok || n.isFloat():
			return tm{}, typeError("'%s' object cannot be interpreted as an integer", pyType(item))
		case n.i.Cmp(big.NewInt(math.MaxInt32)) > 0:
			return tm{}, overflowError("signed integer is greater than maximum")
		case n.i.Cmp(big.NewInt(math.MinInt32)) < 0:
			return tm{}, overflowError("signed integer is less than minimum")
		}
		f[i] = int(n.i.Int64())
	}
	m := tm{
		year: f[0], mon: f[1], mday: f[2], hour: f[3], min: f[4], sec: f[5],
		// Python counts weekdays from Monday, C from Sunday; -1 is let in as Sunday. A flag beyond -1 and 1 is one
		// of them.
		wday: (f[6] + 1) % 7, yday: f[7] - 1, isdst: max(-1, min(f[8], 1)), loc: loc,
	}
	// Python takes 0 for the first month, day and day of the year: tuples with zeros are common.
	if m.mon == 0 {
		m.mon = 1
	}
	if m.mday == 0 {
		m.mday = 1
	}
	if m.yday == -1 {
		m.yday = 0
	}
	for _, c := range []struct {
		name        string
		v, low, top int
	}{
		{"month", m.mon, 1, 12},
		{"day of month", m.mday, 1, 31},
		{"hour", m.hour, 0, 23},
		{"minute", m.min, 0, 59},
		{"seconds", m.sec, 0, 61},
		{"day of week", m.wday, 0, 6},
		{"day of year", m.yday, 0, 365},
	} {
		if c.v < c.low || c.v > c.top {
			return tm{}, valueError("%s out of range", c.name)
		}
	}
	if m.year < math.MinInt32+1900 { // C keeps the year less 1900 in an int
		return tm{}, overflowError("year out of range")
	}
	if m.isdst >= 0 {
		m.zone = zoneName(loc, m.isdst > 0)
	}
	return m, nil
}

// zoneName returns the abbreviation of loc's standard or daylight saving time: the one in force in the year up to
// now. A zone that has only one of the two answers with that. (C's tzname, which this stands for, depends on the
// instants that the process converted before; this is what a fresh process sees.)
func zoneName(loc *time.Location, dst bool) string {
	t := time.Now().In(loc)
	name, _ := t.Zone()
	for since := t.AddDate(-1, 0, 0); t.IsDST() != dst; {
		start, _ := t.ZoneBounds()
		if start.IsZero() || start.Before(since) {
			return name
		}
		t = start.Add(-time.Second)
	}
	name, _ = t.Zone()
	return name
}

// unix returns the seconds since 1970 that the fields stand for in the zone, as C's mktime does.
func (m *tm) unix() int64 {
	t := time.Date(m.year, time.Month(m.mon), m.mday, m.hour, m.min, m.sec, 0, m.loc)
	if m.isdst < 0 || t.IsDST() == (m.isdst > 0) {
		return t.Unix()
	}
	// The fields are said to be in the time that is not in force then: read them by the offset of the nearest
	// period that has it.
	_, offset := t.Zone()
	for _, other := range neighbours(t) {
		if other.IsDST() == (m.isdst > 0) {
			_, o := other.Zone()
			return t.Unix() + int64(offset-o)
		}
	}
	return t.Unix()
}

// neighbours returns an instant in the zone period before t's and one in the period after it, where they exist.
func neighbours(t time.Time) (ts []time.Time) {
	start, end := t.ZoneBounds()
	if !start.IsZero() {
		ts = append(ts, start.Add(-time.Second))
	}
	if !end.IsZero() {
		ts = append(ts, end)
	}
	return ts
}
