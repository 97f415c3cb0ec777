// Package ansibleresult is what Signalbox knows of a playbook run beside its
// output: the events that our callback plugin tells, one JSON object a line, the
// totals they add up to, and the matrix of tasks and hosts they make.
//
// The job writes events into its journal (job.Record.Results) and the totals
// into the result of its last stage; the server reads both. Texts are already
// masked and bounded when they are stored.
package ansibleresult

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind says what an event tells, and thereby which fields it has.
type Kind string

// The kinds of events, in the order in which they come. Every event has Kind
// and Time.
const (
	// KindStart begins a playbook file: Name is the file, Version that of
	// ansible-core. A command line with several playbooks has several.
	KindStart Kind = "start"
	// KindPlay begins a play: Play, Name, Strategy, Check.
	KindPlay Kind = "play"
	// KindNote says that a play had no host to begin with, or lost its last one:
	// Play, Status (NoHostsMatched, NoHostsRemaining).
	KindNote Kind = "note"
	// KindTask begins a task: Play, Task, Name, Action, Path, Handler.
	KindTask Kind = "task"
	// KindDiff is what a task changed on a host, before the result: Play, Task,
	// Host, Text (a unified diff), Cut.
	KindDiff Kind = "diff"
	// KindResult is the result of a task on a host: Play, Task, Host, Status,
	// Duration, and what applies of Changed, Ignored, Rescued, Attempts,
	// Delegate, Items, Text, Output, Cut.
	KindResult Kind = "result"
	// KindStats are the totals of a host, in ansible's words: Host, Counts.
	KindStats Kind = "stats"
	// KindEnd ends a playbook file: Faults of the plugin itself.
	KindEnd Kind = "end"
)

// Status is how a task went on a host.
type Status string

// The states of a result. Changed, ignored and rescued are said beside it.
const (
	OK          Status = "ok"
	Failed      Status = "failed"
	Unreachable Status = "unreachable"
	Skipped     Status = "skipped"
)

// The states of a note.
const (
	NoHostsMatched   Status = "no_hosts_matched"
	NoHostsRemaining Status = "no_hosts_remaining"
)

// Bounds of what is stored, in bytes. Longer texts are cut, and say so.
const (
	MaxName   = 1 << 10 // names of plays, tasks and hosts, actions, paths
	MaxText   = 8 << 10 // Text of a result, of which the beginning is kept
	MaxOutput = 8 << 10 // Output, of which the end is kept
	MaxDiff   = 16 << 10
	// MaxLine bounds the encoded event, so that it is one line of a chunk.
	MaxLine = 60 << 10
)

// Event is one line. The keys are short because a large run has millions.
type Event struct {
	Kind     Kind   `json:"k"`
	Time     int64  `json:"t"`           // milliseconds since 1970
	Play     int    `json:"p,omitempty"` // number of the play, from 1
	Task     int    `json:"i,omitempty"` // number of the task, from 1 through all plays
	Host     string `json:"h,omitempty"` // name in the inventory
	Status   Status `json:"s,omitempty"`
	Duration int64  `json:"d,omitempty"` // milliseconds from the start on the host
	Changed  bool   `json:"c,omitempty"`
	Ignored  bool   `json:"g,omitempty"` // failed or unreachable, and told not to mind
	Rescued  bool   `json:"e,omitempty"` // failed in a block that has a rescue
	Name     string `json:"n,omitempty"`
	Action   string `json:"a,omitempty"` // the module, as it was written
	Path     string `json:"f,omitempty"` // file:line, relative to the repository
	Handler  bool   `json:"r,omitempty"`
	Strategy string `json:"y,omitempty"`
	Check    bool   `json:"x,omitempty"`
	Version  string `json:"v,omitempty"`
	Attempts int    `json:"w,omitempty"` // of a task with retries
	Delegate string `json:"o,omitempty"` // the host that did it instead
	// Items counts the rounds of a loop: ok, changed, failed, skipped.
	Items *[4]int `json:"j,omitempty"`
	// Counts are ansible's totals: ok, changed, unreachable, failed, skipped,
	// rescued, ignored.
	Counts *[7]int `json:"b,omitempty"`
	// Text is the message of a result, or a diff. For a skipped task it says why.
	Text   string `json:"m,omitempty"`
	Output string `json:"z,omitempty"` // what a failed command printed
	Cut    bool   `json:"u,omitempty"` // Text or Output are not whole
	Faults int    `json:"q,omitempty"`
}

// ErrInvalid says that a line is no event.
var ErrInvalid = errors.New("not an event")

// When is the time of the event.
func (e *Event) When() time.Time { return time.UnixMilli(e.Time).UTC() }

// Bad reports whether the event is an error that counts: a host failed or could
// not be reached, and nobody said that this is fine.
func (e *Event) Bad() bool {
	return e.Kind == KindResult && (e.Status == Failed || e.Status == Unreachable) && !e.Ignored && !e.Rescued
}

// Parse reads a line. It gives ErrInvalid for anything that is not an event
// with the fields its kind needs.
func Parse(line []byte) (Event, error) {
	var e Event
	if !e.scan(line) {
		e = Event{}
		if err := json.Unmarshal(line, &e); err != nil {
			return Event{}, fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	if err := e.check(); err != nil {
		return Event{}, err
	}
	return e, nil
}

// Bounds of numbers, so that adding them up cannot overflow.
const (
	maxNumber   = 1<<31 - 1
	maxDuration = 1 << 40
)

func (e *Event) check() error {
	if e.Time < 0 || e.Time > 1<<52 || e.Duration < 0 || e.Duration > maxDuration || e.Attempts < 0 || e.Faults < 0 ||
		e.Play < 0 || e.Play > maxNumber || e.Task < 0 || e.Task > maxNumber {
		return fmt.Errorf("%w: a number is out of range", ErrInvalid)
	}
	ok := false
	switch e.Kind {
	case KindStart, KindEnd:
		ok = true
	case KindPlay:
		ok = e.Play > 0
	case KindNote:
		ok = e.Status == NoHostsMatched || e.Status == NoHostsRemaining
	case KindTask:
		ok = e.Play > 0 && e.Task > 0
	case KindDiff:
		ok = e.Task > 0 && e.Host != ""
	case KindResult:
		switch e.Status {
		case OK, Failed, Unreachable, Skipped:
			ok = e.Task > 0 && e.Host != "" && countsFit(e.Items)
		}
	case KindStats:
		ok = e.Host != "" && e.Counts != nil && countsFit(e.Counts)
	}
	if !ok {
		return fmt.Errorf("%w: kind %q lacks what it needs", ErrInvalid, e.Kind)
	}
	return nil
}

func countsFit[T interface{ *[4]int | *[7]int }](counts T) bool {
	var list []int
	switch c := any(counts).(type) {
	case *[4]int:
		if c != nil {
			list = c[:]
		}
	case *[7]int:
		if c != nil {
			list = c[:]
		}
	}
	for _, n := range list {
		if n < 0 || n > maxNumber {
			return false
		}
	}
	return true
}

// Mask replaces secrets in every text of the event. It must come before Bound,
// which could leave the half of one.
func (e *Event) Mask(mask func(string) string) {
	for _, text := range []*string{&e.Host, &e.Name, &e.Action, &e.Path, &e.Strategy, &e.Version, &e.Delegate, &e.Text, &e.Output} {
		if *text != "" {
			*text = mask(*text)
		}
	}
}

// Bound cuts texts to what is stored.
func (e *Event) Bound() {
	for _, text := range []*string{&e.Host, &e.Name, &e.Action, &e.Path, &e.Strategy, &e.Version, &e.Delegate} {
		*text, _ = head(*text, MaxName)
	}
	limit := MaxText
	if e.Kind == KindDiff {
		limit = MaxDiff
	}
	var cut bool
	if e.Text, cut = head(e.Text, limit); cut {
		e.Cut = true
	}
	if e.Output, cut = tail(e.Output, MaxOutput); cut {
		e.Cut = true
	}
}

// head is the beginning of a text, cut between characters.
func head(text string, limit int) (string, bool) {
	if len(text) <= limit {
		return text, false
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit], true
}

// tail is the end of a text, cut between characters.
func tail(text string, limit int) (string, bool) {
	if len(text) <= limit {
		return text, false
	}
	at := len(text) - limit
	for at < len(text) && !utf8.RuneStart(text[at]) {
		at++
	}
	return text[at:], true
}

// Append adds the event to dst as a line without its newline, at most MaxLine
// bytes long: texts of many characters that need escapes are cut further.
func (e *Event) Append(dst []byte) []byte {
	start := len(dst)
	dst = e.encode(dst)
	if len(dst)-start <= MaxLine {
		return dst
	}
	short := *e
	short.Cut = true
	for limit := MaxText; limit > 16 && len(dst)-start > MaxLine; limit /= 2 {
		for _, text := range []*string{&short.Text, &short.Host, &short.Name, &short.Action, &short.Path, &short.Strategy, &short.Version, &short.Delegate} {
			*text, _ = head(*text, limit)
		}
		short.Output, _ = tail(short.Output, limit)
		dst = short.encode(dst[:start])
	}
	return dst
}

func (e *Event) encode(dst []byte) []byte {
	dst = append(dst, `{"k":`...)
	dst = appendString(dst, string(e.Kind))
	dst = append(dst, `,"t":`...)
	dst = strconv.AppendInt(dst, e.Time, 10)
	dst = appendNumber(dst, 'p', int64(e.Play))
	dst = appendNumber(dst, 'i', int64(e.Task))
	dst = appendText(dst, 'h', e.Host)
	dst = appendText(dst, 's', string(e.Status))
	dst = appendNumber(dst, 'd', e.Duration)
	dst = appendFlag(dst, 'c', e.Changed)
	dst = appendFlag(dst, 'g', e.Ignored)
	dst = appendFlag(dst, 'e', e.Rescued)
	dst = appendText(dst, 'n', e.Name)
	dst = appendText(dst, 'a', e.Action)
	dst = appendText(dst, 'f', e.Path)
	dst = appendFlag(dst, 'r', e.Handler)
	dst = appendText(dst, 'y', e.Strategy)
	dst = appendFlag(dst, 'x', e.Check)
	dst = appendText(dst, 'v', e.Version)
	dst = appendNumber(dst, 'w', int64(e.Attempts))
	dst = appendText(dst, 'o', e.Delegate)
	if e.Items != nil {
		dst = appendCounts(dst, 'j', e.Items[:])
	}
	if e.Counts != nil {
		dst = appendCounts(dst, 'b', e.Counts[:])
	}
	dst = appendText(dst, 'm', e.Text)
	dst = appendText(dst, 'z', e.Output)
	dst = appendFlag(dst, 'u', e.Cut)
	dst = appendNumber(dst, 'q', int64(e.Faults))
	return append(dst, '}')
}

func appendKey(dst []byte, key byte) []byte { return append(dst, ',', '"', key, '"', ':') }

func appendNumber(dst []byte, key byte, n int64) []byte {
	if n == 0 {
		return dst
	}
	return strconv.AppendInt(appendKey(dst, key), n, 10)
}

func appendFlag(dst []byte, key byte, set bool) []byte {
	if !set {
		return dst
	}
	return append(appendKey(dst, key), "true"...)
}

func appendText(dst []byte, key byte, text string) []byte {
	if text == "" {
		return dst
	}
	return appendString(appendKey(dst, key), text)
}

func appendCounts(dst []byte, key byte, counts []int) []byte {
	dst = append(appendKey(dst, key), '[')
	for i, n := range counts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendInt(dst, int64(n), 10)
	}
	return append(dst, ']')
}

func appendString(dst []byte, text string) []byte {
	const hex = "0123456789abcdef"
	if !utf8.ValidString(text) {
		text = strings.ToValidUTF8(text, "\ufffd")
	}
	dst = append(dst, '"')
	from := 0
	for i := range len(text) {
		b := text[i]
		if b >= 0x20 && b != '"' && b != '\\' {
			continue
		}
		dst = append(dst, text[from:i]...)
		from = i + 1
		switch b {
		case '"', '\\':
			dst = append(dst, '\\', b)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		}
	}
	dst = append(dst, text[from:]...)
	return append(dst, '"')
}
