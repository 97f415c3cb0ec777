package domain

import (
	"math/bits"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Cron says at which times a schedule is due: at minutes that match five
// fields, or again and again after the same while. ParseCron makes one.
type Cron struct {
	minute, hour, dom, month, dow uint64 // bit n stands for the value n
	// anyHour, anyDom and anyDow tell that the field was a star.
	anyHour, anyDom, anyDow bool
	every                   time.Duration  // 0: by the fields
	zone                    *time.Location // nil: that of the server's schedules
}

// maxCron bounds the text of a cron expression, in bytes.
const maxCron = 255

// cronField says what a field may hold.
type cronField struct {
	name        string
	least, most int
	names       string // three letters for each value from least on
}

func cronFields() [5]cronField {
	return [5]cronField{
		{name: "minute", most: 59},
		{name: "hour", most: 23},
		{name: "day of the month", least: 1, most: 31},
		{name: "month", least: 1, most: 12, names: "janfebmaraprmayjunjulaugsepoctnovdec"},
		{name: "day of the week", most: 7, names: "sunmontuewedthufrisat"},
	}
}

// cronShorthand returns the fields that a descriptor stands for, "" for none.
func cronShorthand(text string) string {
	switch text {
	case "@yearly", "@annually":
		return "0 0 1 1 *"
	case "@monthly":
		return "0 0 1 * *"
	case "@weekly":
		return "0 0 * * 0"
	case "@daily", "@midnight":
		return "0 0 * * *"
	case "@hourly":
		return "0 * * * *"
	}
	return ""
}

// ParseCron reads five fields (minute, hour, day of the month, month, day of
// the week) of lists, ranges and steps, a descriptor such as @daily, or
// "@every 1h30m". CRON_TZ=Europe/Berlin or TZ=… in front sets the time zone.
// The error is an Invalid one that names cron_format.
func ParseCron(text string) (Cron, error) {
	var c Cron
	if len(text) > maxCron {
		return c, cronError("must not be longer than %d characters", maxCron)
	}
	text = strings.TrimSpace(text)
	for _, prefix := range []string{"CRON_TZ=", "TZ="} {
		rest, ok := strings.CutPrefix(text, prefix)
		if !ok {
			continue
		}
		name, rest, _ := strings.Cut(rest, " ")
		zone, err := time.LoadLocation(name)
		if err != nil || name == "" || name == "Local" {
			return c, cronError("%q is not a time zone; use one such as Europe/Berlin", name)
		}
		c.zone, text = zone, strings.TrimSpace(rest)
		break
	}
	if text == "" {
		return c, cronError("is required, such as 0 3 * * *")
	}
	if strings.HasPrefix(text, "@") {
		if while, ok := strings.CutPrefix(text, "@every "); ok {
			return c.parseEvery(strings.TrimSpace(while))
		}
		fields := cronShorthand(text)
		if fields == "" {
			return c, cronError("%q is not known; use @yearly, @monthly, @weekly, @daily, @hourly or @every 1h", text)
		}
		text = fields
	}
	fields := strings.FieldsFunc(text, unicode.IsSpace)
	if len(fields) != 5 {
		return c, cronError("needs 5 fields (minute, hour, day of the month, month, day of the week), but has %d", len(fields))
	}
	for i, into := range []*uint64{&c.minute, &c.hour, &c.dom, &c.month, &c.dow} {
		set, err := cronFields()[i].parse(fields[i])
		if err != nil {
			return c, err
		}
		*into = set
	}
	// Sunday is 0 and 7.
	c.dow = (c.dow | c.dow>>7) & 0x7f
	c.anyHour, c.anyDom, c.anyDow = isStar(fields[1]), isStar(fields[2]), isStar(fields[4])
	return c, nil
}

func (c Cron) parseEvery(while string) (Cron, error) {
	d, err := time.ParseDuration(while)
	if err != nil {
		return c, cronError("%q is not a while; use one such as 1h30m", while)
	}
	if d < time.Second {
		return c, cronError("must be at least a second apart")
	}
	c.every = d.Truncate(time.Second)
	return c, nil
}

// isStar reports whether a field allows everything.
func isStar(text string) bool {
	for part := range strings.SplitSeq(text, ",") {
		if part == "*" || part == "?" || part == "*/1" || part == "?/1" {
			return true
		}
	}
	return false
}

func cronError(format string, args ...any) error {
	e := Invalid("cron_format", format, args...)
	e.Message = "Cron: " + e.Message
	return e
}

// parse reads a list of ranges.
func (f cronField) parse(text string) (uint64, error) {
	var set uint64
	for part := range strings.SplitSeq(text, ",") {
		values, err := f.span(part)
		if err != nil {
			return 0, err
		}
		set |= values
	}
	return set, nil
}

// span reads a star, a value or a range, with or without a step.
func (f cronField) span(text string) (uint64, error) {
	span, stepText, stepped := strings.Cut(text, "/")
	step := 1
	if stepped {
		n, err := strconv.Atoi(stepText)
		if err != nil || n < 1 {
			return 0, cronError("%s: the step of %q must be a whole number from 1 on", f.name, text)
		}
		step = n
	}
	from, to := f.least, f.most
	if span == "*" || span == "?" {
		if f.most == 7 {
			to = 6 // once is enough for Sunday
		}
	} else {
		low, high, ranged := strings.Cut(span, "-")
		var err error
		if from, err = f.value(low, text); err != nil {
			return 0, err
		}
		switch {
		case ranged:
			if to, err = f.value(high, text); err != nil {
				return 0, err
			}
		case !stepped:
			to = from
		}
		if from > to {
			return 0, cronError("%s: the range %q ends before it begins", f.name, text)
		}
	}
	var set uint64
	for n := from; n <= to; n += min(step, 64) {
		set |= 1 << n
	}
	return set, nil
}

func (f cronField) value(text, whole string) (int, error) {
	if len(text) == 3 {
		if i := strings.Index(f.names, strings.ToLower(text)); i >= 0 && i%3 == 0 {
			return f.least + i/3, nil
		}
	}
	n, err := strconv.Atoi(text)
	if err != nil || text[0] == '+' || text[0] == '-' {
		return 0, cronError("%s: %q is neither a number nor a list, range or step", f.name, whole)
	}
	if n < f.least || n > f.most {
		return 0, cronError("%s: %d is not from %d to %d", f.name, n, f.least, f.most)
	}
	return n, nil
}

// cronYears is how far Next looks ahead: no 29 February is more than 8 years from
// the one before, and all else comes sooner.
const cronYears = 9

// Next returns the first time after another that is due, in UTC, and the zero
// time when there is none, as for 30 February. zone counts when the expression
// names none. A time that is left out when clocks go forward is due at that
// moment, and one that comes twice when they go back only the first time,
// unless the hour is a star.
func (c Cron) Next(after time.Time, zone *time.Location) time.Time {
	if c.every > 0 {
		return after.Truncate(time.Second).Add(c.every).UTC()
	}
	zone = c.Zone(zone)
	local := after.In(zone)
	// The day before too: midnight can be left out or come twice.
	for day, end := -1, cronYears*366; day < end; day++ {
		noon := time.Date(local.Year(), local.Month(), local.Day()+day, 12, 0, 0, 0, time.UTC)
		if c.month&(1<<noon.Month()) == 0 {
			// On to the last day of the month.
			day += time.Date(noon.Year(), noon.Month()+1, 0, 12, 0, 0, 0, time.UTC).Day() - noon.Day()
			continue
		}
		if !c.onDay(noon) {
			continue
		}
		if t := c.firstOn(noon, after, zone); !t.IsZero() {
			return t.UTC()
		}
	}
	return time.Time{}
}

// Upcoming returns the next times after another that are due, up to n of them,
// soonest first. zone is as in Next.
func (c Cron) Upcoming(after time.Time, zone *time.Location, n int) []time.Time {
	var times []time.Time
	for len(times) < n {
		after = c.Next(after, zone)
		if after.IsZero() {
			break
		}
		times = append(times, after)
	}
	return times
}

// Zone is the time zone that the expression is read in: its own or, where it
// names none, the one given.
func (c Cron) Zone(zone *time.Location) *time.Location {
	if c.zone != nil {
		return c.zone
	}
	return zone
}

// onDay reports whether the day matches. With both days restricted, either will
// do, as cron always had it.
func (c Cron) onDay(t time.Time) bool {
	dom, dow := c.dom&(1<<t.Day()) != 0, c.dow&(1<<t.Weekday()) != 0
	if c.anyDom || c.anyDow {
		return dom && dow
	}
	return dom || dow
}

// firstOn returns the first time on a day that is after another, the zero time
// for none.
func (c Cron) firstOn(day, after time.Time, zone *time.Location) time.Time {
	noon := time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, zone)
	begin, end := noon.ZoneBounds()
	const near = 48 * time.Hour
	if noon.Sub(begin) > near && (end.IsZero() || end.Sub(noon) > near) {
		return c.firstOnCalm(noon, after.In(zone))
	}
	var first time.Time
	for hours := c.hour; hours != 0; hours &= hours - 1 {
		for minutes := c.minute; minutes != 0; minutes &= minutes - 1 {
			hour, minute := bits.TrailingZeros64(hours), bits.TrailingZeros64(minutes)
			for _, t := range moments(time.Date(day.Year(), day.Month(), day.Day(), hour, minute, 0, 0, time.UTC), zone, c.anyHour) {
				if t.After(after) && (first.IsZero() || t.Before(first)) {
					first = t
				}
			}
		}
	}
	return first
}

// firstOnCalm is firstOn for a day on which the clock stays as it is.
func (c Cron) firstOnCalm(noon, after time.Time) time.Time {
	if after.Sub(noon) >= 12*time.Hour {
		return time.Time{} // the day is over
	}
	hours := c.hour
	if y, m, d := after.Date(); y == noon.Year() && m == noon.Month() && d == noon.Day() {
		hours &^= 1<<after.Hour() - 1
	}
	for ; hours != 0; hours &= hours - 1 {
		for minutes := c.minute; minutes != 0; minutes &= minutes - 1 {
			t := time.Date(noon.Year(), noon.Month(), noon.Day(), bits.TrailingZeros64(hours), bits.TrailingZeros64(minutes), 0, 0, noon.Location())
			if t.After(after) {
				return t
			}
		}
	}
	return time.Time{}
}

// moments returns when the clock of a zone shows what wall shows: once as a
// rule, at the leap of the clock that leaves it out or, for every hour, never,
// and twice if the clock went back.
func moments(wall time.Time, zone *time.Location, everyHour bool) []time.Time {
	t := time.Date(wall.Year(), wall.Month(), wall.Day(), wall.Hour(), wall.Minute(), 0, 0, zone)
	begin, end := t.ZoneBounds()
	if t.Day() != wall.Day() || t.Hour() != wall.Hour() || t.Minute() != wall.Minute() {
		if everyHour {
			return nil
		}
		if end.IsZero() || !begin.IsZero() && t.Sub(begin) < end.Sub(t) {
			return []time.Time{begin}
		}
		return []time.Time{end}
	}
	for _, bound := range []time.Time{begin, end} {
		if bound.IsZero() {
			continue
		}
		_, was := bound.Add(-time.Nanosecond).Zone()
		_, is := bound.Zone()
		back := time.Duration(was-is) * time.Second
		if back <= 0 {
			continue
		}
		early, late := t, t.Add(back)
		if bound.Equal(begin) {
			early, late = t.Add(-back), t
		}
		if early.Before(bound) && !late.Before(bound) {
			if everyHour {
				return []time.Time{early, late}
			}
			return []time.Time{early}
		}
	}
	return []time.Time{t}
}
