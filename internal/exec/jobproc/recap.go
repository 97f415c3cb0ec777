package jobproc

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"signalbox/internal/ansibleresult"
)

// recap reads the output of a playbook for what its events cannot tell: why it
// did not even begin, and, where the callback plugin could not be loaded, the
// totals. It keeps what it finds within bounds.
type recap struct {
	line     []byte // unfinished
	inTotals bool
	complete bool // the totals were there
	hosts    []ansibleresult.HostTotals
	errors   []ansibleresult.HostError // of hosts
	general  []string                  // of the whole run
	more     int                       // lines that still belong to the last of them
	task     string
}

// moreLines is how many lines after the first an error of the run may have.
const moreLines = 12

// maxGeneral bounds the errors of the run. There is one, unless there are several
// playbooks.
const maxGeneral = 10

// maxRecapLine is how much of a line is looked at.
const maxRecapLine = 64 << 10

func (r *recap) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		text := p
		if end >= 0 {
			text = p[:end]
		}
		if len(r.line) == 0 && end >= 0 {
			r.read(text)
		} else {
			r.line = append(r.line, text[:min(len(text), maxRecapLine-len(r.line))]...)
			if end >= 0 {
				r.read(r.line)
				r.line = r.line[:0]
			}
		}
		if end < 0 {
			break
		}
		p = p[end+1:]
	}
	return n, nil
}

func (r *recap) finish() {
	r.read(r.line)
	r.line = nil
}

var (
	colours = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\x1b\[[0-9;]*m`)
	})
	totals = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(\S+)\s*: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)(?:\s+skipped=(\d+))?(?:\s+rescued=(\d+))?(?:\s+ignored=(\d+))?\s*$`)
	})
	fatal = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^fatal: \[([^\]]+?)(?: -> [^\]]+)?\]: (FAILED|UNREACHABLE)! => (.*)$`)
	})
	banner = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(?:TASK|RUNNING HANDLER) \[(.*)\] \*+$`)
	})
)

// read looks at a line. Nearly all of them are none of ours, which their first
// letter tells.
func (r *recap) read(line []byte) {
	at := line
	for len(at) > 2 && at[0] == 0x1b && at[1] == '[' {
		end := bytes.IndexByte(at, 'm')
		if end < 0 || end > 16 {
			break
		}
		at = at[end+1:]
	}
	if len(at) == 0 {
		return
	}
	if !r.inTotals && r.more == 0 {
		switch at[0] {
		case 'P', 'T', 'R', 'f', 'E', '[', '.':
		default:
			return
		}
	}
	if len(line) > maxRecapLine {
		line = line[:maxRecapLine]
	}
	r.look(strings.TrimRight(colours().ReplaceAllString(string(line), ""), " \r"))
}

func (r *recap) look(text string) {
	switch {
	case strings.HasPrefix(text, "PLAY RECAP ***"):
		r.inTotals, r.hosts = true, nil
	case strings.HasPrefix(text, "PLAY ["), strings.HasPrefix(text, "PLAY ***"):
		r.inTotals, r.more = false, 0
	case strings.HasPrefix(text, "ERROR! "), strings.HasPrefix(text, "[ERROR]: "):
		_, text, _ = strings.Cut(text, " ")
		if len(r.general) < maxGeneral {
			r.general = append(r.general, text)
			r.more = moreLines
		}
	case text == "...ignoring" && len(r.errors) > 0:
		r.errors = r.errors[:len(r.errors)-1]
	case r.inTotals:
		if m := totals().FindStringSubmatch(text); m != nil && len(r.hosts) < ansibleresult.MaxHosts {
			r.complete = true
			r.hosts = append(r.hosts, ansibleresult.HostTotals{
				Host: m[1], OK: number(m[2]), Changed: number(m[3]), Unreachable: number(m[4]), Failed: number(m[5]),
				Skipped: number(m[6]), Rescued: number(m[7]), Ignored: number(m[8]),
			})
		}
	case strings.HasPrefix(text, "TASK ["), strings.HasPrefix(text, "RUNNING HANDLER ["), strings.HasPrefix(text, "fatal: ["):
		r.more = 0
		if m := banner().FindStringSubmatch(text); m != nil {
			r.task = m[1]
		} else if m := fatal().FindStringSubmatch(text); m != nil && len(r.errors) < ansibleresult.MaxErrors {
			r.errors = append(r.errors, ansibleresult.HostError{Host: m[1], Task: r.task, Error: m[3], Unreachable: m[2] == "UNREACHABLE"})
		}
	case r.more > 0 && text != "":
		r.more--
		r.general[len(r.general)-1] += "\n" + text
	}
}

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

// merge makes the totals of a run: those of the events, and where there are
// none those of the output.
func (r *recap) merge(count *ansibleresult.Counter, mask func(string) string, failed bool) ansibleresult.Totals {
	if !count.Started() {
		for _, e := range r.errors {
			e.Host, e.Task, e.Error = mask(e.Host), mask(e.Task), mask(e.Error)
			count.Error(e)
		}
	}
	if t := count.Totals(); failed && len(t.Errors) == 0 {
		for _, text := range r.general {
			count.Error(ansibleresult.HostError{Error: mask(text)})
		}
	}
	t := count.Totals()
	if r.complete && !count.Ended() {
		t.Hosts = r.hosts
		for i := range t.Hosts {
			t.Hosts[i].Host = mask(t.Hosts[i].Host)
		}
	}
	return t
}
