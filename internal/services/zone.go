package services

import (
	"strings"
	"time"
)

// localZone returns the zone that the environment variable TZ asks for. Go knows the names of zones; C, hence
// Python, also takes a rule such as "CET-1CEST,M3.5.0,M10.5.0/3" (POSIX.1 section 8.3), which containers without a
// zone database use.
func localZone(tz string) *time.Location {
	tz = strings.TrimPrefix(tz, ":")
	if tz == "" || strings.HasPrefix(tz, "/") {
		return time.Local
	}
	if _, err := time.LoadLocation(tz); err == nil {
		return time.Local
	}
	if zone, err := ruleZone(tz); err == nil {
		return zone
	}
	return time.Local
}

// ruleZone returns the zone of a POSIX rule. Go reads such rules in one place only, the footer of a zone file
// (RFC 9636 section 3.3), so this writes the smallest file that has one: a single type, UTC, and no transition, which
// leaves every instant to the footer. A rule that is none leaves UTC.
func ruleZone(rule string) (*time.Location, error) {
	// Magic, version and reserved bytes; then six counts: UT and standard indicators, leap seconds, transitions,
	// types (1) and bytes of abbreviations (4).
	header := "TZif2" + strings.Repeat("\x00", 15+4*4) + "\x00\x00\x00\x01" + "\x00\x00\x00\x04"
	block := "\x00\x00\x00\x00" + "\x00" + "\x00" + "UTC\x00" // offset, is DST, index of the abbreviation
	// A version 2 file has the data twice: once for readers of version 1.
	file := header + block + header + block + "\n" + rule + "\n"
	return time.LoadLocationFromTZData(rule, []byte(file))
}
