package ansibleresult

import "time"

// Matrix is a run as plays, their tasks, and a cell for each host a task came
// to. Everything is in the order in which it began.
type Matrix struct {
	Hosts []string // in the order of their first result
	Plays []Play
}

// Play is a part of a playbook.
type Play struct {
	Number   int // from 1
	Name     string
	Strategy string
	Check    bool
	Start    time.Time
	End      time.Time // of the last thing that happened in it
	Note     Status    // NoHostsMatched or NoHostsRemaining, "" otherwise
	Tasks    []Task
}

// Task is a row. A task that a host does twice, like a handler, has two.
type Task struct {
	Number  int // from 1, through all plays
	Name    string
	Action  string
	Path    string
	Handler bool
	Start   time.Time
	Counts  TaskCounts
	Cells   []Cell
}

// TaskCounts are the results of a task over all hosts, also of those that a
// filter leaves out.
type TaskCounts struct {
	OK, Changed, Failed, Unreachable, Skipped, Rescued, Ignored int
}

// Cell is the result of a task on a host.
type Cell struct {
	Host     string
	Status   Status
	Changed  bool
	Ignored  bool
	Rescued  bool
	Start    time.Time
	Duration time.Duration
	Attempts int
	Delegate string
	Items    *[4]int // ok, changed, failed, skipped
	HasDiff  bool
	// The texts are there when the filter asks for details.
	Text   string
	Output string
	Diff   string
	Cut    bool
}

// Filter says which part of the matrix is wanted. The zero value is all of it
// without its texts.
type Filter struct {
	FirstTask int                 // number of the first task wanted, 0 for the first of all
	Tasks     int                 // how many tasks at most, 0 for all
	Host      string              // only this host's cells
	Match     func(e *Event) bool // only the cells of these results; nil for all
	Details   bool                // with texts, outputs and differences
}

// Builder makes a matrix out of events. The zero value makes all of it.
type Builder struct {
	Filter Filter

	hosts map[string]bool
	m     Matrix
	at    map[int]taskAt // by number
	diffs map[diffKey]Event
}

type taskAt struct{ play, task int }

type diffKey struct {
	task int
	host string
}

// Build is the matrix of the events.
func Build(events []Event, filter Filter) Matrix {
	b := Builder{Filter: filter}
	for i := range events {
		b.Add(&events[i])
	}
	return b.Matrix()
}

// Add takes the next event. Events that fit nothing that came before, because
// the beginning is lost, are passed over.
func (b *Builder) Add(e *Event) {
	if n := len(b.m.Plays); n > 0 && e.Kind != KindPlay && e.Kind != KindStart && e.Kind != KindStats && e.Kind != KindEnd {
		b.m.Plays[n-1].End = e.When()
	}
	switch e.Kind {
	case KindPlay:
		b.m.Plays = append(b.m.Plays, Play{
			Number: e.Play, Name: e.Name, Strategy: e.Strategy, Check: e.Check, Start: e.When(), End: e.When(),
		})
	case KindNote:
		if n := len(b.m.Plays); n > 0 {
			b.m.Plays[n-1].Note = e.Status
		}
	case KindTask:
		b.task(e)
	case KindDiff:
		if _, ok := b.at[e.Task]; ok && b.wantsHost(e.Host) {
			b.diff(e)
		}
	case KindResult:
		b.result(e)
	}
}

func (b *Builder) wantsHost(host string) bool { return b.Filter.Host == "" || b.Filter.Host == host }

func (b *Builder) task(e *Event) {
	n := len(b.m.Plays)
	if n == 0 || e.Task < b.Filter.FirstTask || b.Filter.Tasks > 0 && len(b.at) >= b.Filter.Tasks {
		return
	}
	if _, ok := b.at[e.Task]; ok {
		return
	}
	if b.at == nil {
		b.at = map[int]taskAt{}
	}
	p := &b.m.Plays[n-1]
	b.at[e.Task] = taskAt{n - 1, len(p.Tasks)}
	p.Tasks = append(p.Tasks, Task{Number: e.Task, Name: e.Name, Action: e.Action, Path: e.Path, Handler: e.Handler, Start: e.When()})
}

// diff keeps a difference for the result that follows. The items of a loop
// have one each.
func (b *Builder) diff(e *Event) {
	if b.diffs == nil {
		b.diffs = map[diffKey]Event{}
	}
	key := diffKey{e.Task, e.Host}
	d := b.diffs[key]
	if b.Filter.Details && len(d.Text) < MaxDiff {
		d.Text += e.Text
	} else if d.Text != "" {
		d.Cut = true
	}
	d.Cut = d.Cut || e.Cut
	b.diffs[key] = d
}

func (b *Builder) result(e *Event) {
	if !b.hosts[e.Host] {
		if b.hosts == nil {
			b.hosts = map[string]bool{}
		}
		b.hosts[e.Host] = true
		if b.wantsHost(e.Host) {
			b.m.Hosts = append(b.m.Hosts, e.Host)
		}
	}
	at, ok := b.at[e.Task]
	if !ok {
		return
	}
	t := &b.m.Plays[at.play].Tasks[at.task]
	t.Counts.add(e)
	key := diffKey{e.Task, e.Host}
	diff, hasDiff := b.diffs[key]
	delete(b.diffs, key)
	if !b.wantsHost(e.Host) || b.Filter.Match != nil && !b.Filter.Match(e) {
		return
	}
	cell := Cell{
		Host: e.Host, Status: e.Status, Changed: e.Changed, Ignored: e.Ignored, Rescued: e.Rescued,
		Start: e.When().Add(-time.Duration(e.Duration) * time.Millisecond), Duration: time.Duration(e.Duration) * time.Millisecond,
		Attempts: e.Attempts, Delegate: e.Delegate, Items: e.Items, HasDiff: hasDiff, Cut: e.Cut || diff.Cut,
	}
	if b.Filter.Details {
		cell.Text, cell.Output, cell.Diff = e.Text, e.Output, diff.Text
	}
	t.Cells = append(t.Cells, cell)
}

func (c *TaskCounts) add(e *Event) {
	switch {
	case e.Ignored:
		c.Ignored++
	case e.Rescued:
		c.Rescued++
	case e.Status == Failed:
		c.Failed++
	case e.Status == Unreachable:
		c.Unreachable++
	case e.Status == Skipped:
		c.Skipped++
	case e.Changed:
		c.Changed++
	default:
		c.OK++
	}
}

// Matrix is what the events so far make. The builder must not be used after it.
func (b *Builder) Matrix() Matrix { return b.m }
