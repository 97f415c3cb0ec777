package domain

import (
	"strings"
	"testing"
	"time"
)

func TestCron_Next(t *testing.T) {
	t.Parallel()
	const layout = "2006-01-02 15:04:05"
	for _, c := range []struct {
		cron, after string
		want        string // three times, separated by commas
	}{
		{"0 3 * * *", "2026-01-31 03:00:00", "2026-02-01 03:00:00,2026-02-02 03:00:00,2026-02-03 03:00:00"},
		{"*/25 * * * *", "2026-01-31 03:00:01", "2026-01-31 03:25:00,2026-01-31 03:50:00,2026-01-31 04:00:00"},
		{"5/20 22-23 * * *", "2026-01-31 23:30:00", "2026-01-31 23:45:00,2026-02-01 22:05:00,2026-02-01 22:25:00"},
		{"0 0 1,15 * MON", "2026-06-01 00:00:00", "2026-06-08 00:00:00,2026-06-15 00:00:00,2026-06-22 00:00:00"},
		{"0 0 1 * ?", "2026-12-15 00:00:00", "2027-01-01 00:00:00,2027-02-01 00:00:00,2027-03-01 00:00:00"},
		{"0 12 * Jan-feb Sun", "2026-02-20 00:00:00", "2026-02-22 12:00:00,2027-01-03 12:00:00,2027-01-10 12:00:00"},
		{"0 0 * * 7", "2026-06-01 00:00:00", "2026-06-07 00:00:00,2026-06-14 00:00:00,2026-06-21 00:00:00"},
		{"0 0 29 2 *", "2096-03-01 00:00:00", "2104-02-29 00:00:00,2108-02-29 00:00:00,2112-02-29 00:00:00"},
		{"0 0 30 2 *", "2026-01-01 00:00:00", ""},
		{"@weekly", "2026-06-03 00:00:00", "2026-06-07 00:00:00,2026-06-14 00:00:00,2026-06-21 00:00:00"},
		{"@every 90m", "2026-06-03 00:00:00", "2026-06-03 01:30:00,2026-06-03 03:00:00,2026-06-03 04:30:00"},
		{"CRON_TZ=Asia/Tokyo 0 9 * * *", "2026-06-03 00:00:00", "2026-06-04 00:00:00,2026-06-05 00:00:00,2026-06-06 00:00:00"},
		{"CRON_TZ=Asia/Tokyo @daily", "2026-06-03 00:00:00", "2026-06-03 15:00:00,2026-06-04 15:00:00,2026-06-05 15:00:00"},
		// Berlin goes from 02:00 to 03:00 on 29 March and back from 03:00 to 02:00 on
		// 25 October, at 01:00 UTC.
		{"TZ=Europe/Berlin 30 2 * * *", "2026-03-28 00:00:00", "2026-03-28 01:30:00,2026-03-29 01:00:00,2026-03-30 00:30:00"},
		{"TZ=Europe/Berlin 30 2 * * *", "2026-10-24 12:00:00", "2026-10-25 00:30:00,2026-10-26 01:30:00,2026-10-27 01:30:00"},
		{"TZ=Europe/Berlin 30 * * * *", "2026-03-29 00:00:00", "2026-03-29 00:30:00,2026-03-29 01:30:00,2026-03-29 02:30:00"},
		{"TZ=Europe/Berlin 30 * * * *", "2026-10-25 00:00:00", "2026-10-25 00:30:00,2026-10-25 01:30:00,2026-10-25 02:30:00"},
		// There was no 30 December in Apia.
		{"TZ=Pacific/Apia 0 9 * * *", "2011-12-29 19:00:00", "2011-12-30 10:00:00,2011-12-30 19:00:00,2011-12-31 19:00:00"},
		// There is no midnight on 29 March in Beirut.
		{"TZ=Asia/Beirut 0 0 * * *", "2026-03-28 00:00:00", "2026-03-28 22:00:00,2026-03-29 21:00:00,2026-03-30 21:00:00"},
	} {
		cron, err := ParseCron(c.cron)
		if err != nil {
			t.Errorf("%s: %v", c.cron, err)
			continue
		}
		at, err := time.Parse(layout, c.after)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, at := range cron.Upcoming(at, time.UTC, 3) {
			got = append(got, at.Format(layout))
		}
		if text := strings.Join(got, ","); text != c.want {
			t.Errorf("%s after %s: got %s, want %s", c.cron, c.after, text, c.want)
		}
	}
}

func TestParseCron_Refuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                              "required",
		"nope":                          "has 1",
		"* * * * * *":                   "has 6",
		"99 * * * *":                    "99 is not from 0 to 59",
		"* 24 * * *":                    "hour",
		"* * 0 * *":                     "from 1 to 31",
		"* * * 13 *":                    "month",
		"* * * * 8":                     "from 0 to 7",
		"5-1 * * * *":                   "ends before it begins",
		"*/0 * * * *":                   "step",
		"*/x * * * *":                   "step",
		", * * * *":                     "neither",
		"1,, * * * *":                   "neither",
		"+1 * * * *":                    "neither",
		"1-2-3 * * * *":                 "neither",
		"* * * anf *":                   "neither",
		"@sometimes":                    "not known",
		"@every":                        "not known",
		"@every soon":                   "1h30m",
		"@every 5ms":                    "second",
		"@every -1h":                    "second",
		"TZ=":                           "time zone",
		"TZ=UTC":                        "required",
		"TZ=Local * * * * *":            "time zone",
		"CRON_TZ=Mars/Base * * * * *":   "time zone",
		"CRON_TZ=../../etc * * * * *":   "time zone",
		strings.Repeat("1,", 200) + "1": "longer",
	} {
		_, err := ParseCron(text)
		if !IsKind(err, KindInvalid) || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "cron_format: Cron: ") {
			t.Errorf("%q: got %v, want words about %q", text, err, want)
		}
	}
}

// FuzzParseCron looks for texts that break the parser, and for times that do not
// come after the one asked about.
func FuzzParseCron(f *testing.F) {
	for _, text := range []string{"0 3 * * *", "*/5 1-3,7/2 ? jan sun", "@every 1h", "CRON_TZ=Europe/Berlin @daily", "TZ=", "TZ=UTC 0 0 30 2 *"} {
		f.Add(text, int64(1774746000))
	}
	f.Fuzz(func(t *testing.T, text string, at int64) {
		cron, err := ParseCron(text)
		if err != nil {
			if !IsKind(err, KindInvalid) {
				t.Errorf("got %v, want a refusal in words", err)
			}
			return
		}
		after := time.Unix(at%(1<<33), 0)
		if next := cron.Next(after, time.UTC); !next.IsZero() && !next.After(after) {
			t.Errorf("%q: %s is due after %s", text, next, after)
		}
	})
}

// TestCron_NextAgreesWithTheClock compares with a walk through all minutes of the
// weeks around changes of the clock, for hours that are a star.
func TestCron_NextAgreesWithTheClock(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Apia"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{"*/7 * * * *", "59 * * * sun", "0 * 30 * *"} {
			cron, err := ParseCron(text)
			if err != nil {
				t.Fatal(err)
			}
			for _, at := range []time.Time{
				time.Date(2026, 3, 25, 0, 0, 30, 0, time.UTC), time.Date(2026, 10, 20, 0, 0, 30, 0, time.UTC), time.Date(2011, 12, 27, 0, 0, 30, 0, time.UTC),
			} {
				next := cron.Next(at, zone)
				for minute := at.Truncate(time.Minute).Add(time.Minute); minute.Sub(at) < 8*24*time.Hour; minute = minute.Add(time.Minute) {
					local := minute.In(zone)
					due := cron.minute&(1<<local.Minute()) != 0 && cron.month&(1<<local.Month()) != 0 && cron.onDay(local)
					if due != next.Equal(minute) {
						t.Errorf("%s in %s at %s: due %t, next is %s", text, name, local, due, next.In(zone))
						break
					}
					if due {
						next = cron.Next(minute, zone)
					}
				}
			}
		}
	}
}

func BenchmarkCron_Next(b *testing.B) {
	at := time.Date(2026, 3, 25, 20, 0, 0, 0, time.UTC)
	for _, text := range []string{"* * * * *", "0 3 * * *", "0 0 29 2 *", "0 0 30 2 *"} {
		b.Run(text, func(b *testing.B) {
			cron, err := ParseCron("TZ=Europe/Berlin " + text)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				cron.Next(at, time.UTC)
			}
		})
	}
}
