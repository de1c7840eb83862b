package services

// hour12 returns the hour of a clock that shows 12 at midnight and at noon.
func (m *tm) hour12() int { return (m.hour+11)%12 + 1 }

// isoWeek returns the ISO 8601 year and week number of the fields year, yday and wday, whether or not they agree.
// A week belongs to the year that its Thursday lies in.
func (m *tm) isoWeek() (year, week int) {
	year = m.year
	thursday := m.yday - (m.wday+6)%7 + 3 // as a day of the year, which may be the one before or after
	switch {
	case thursday < 0:
		year--
		thursday += yearDays(year)
	case thursday >= yearDays(year):
		thursday -= yearDays(year)
		year++
	}
	return year, thursday/7 + 1
}

// yearDays returns the length of a year, by the Gregorian rule carried back before 1582 as C does.
func yearDays(y int) int {
	if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
		return 366
	}
	return 365
}

// floorDiv and floorMod round down, where Go rounds towards zero: the century of the year -5 is -1, and its last
// two digits are 95.
func floorDiv(a, b int) int { return (a - floorMod(a, b)) / b }

func floorMod(a, b int) int { return ((a % b) + b) % b }
