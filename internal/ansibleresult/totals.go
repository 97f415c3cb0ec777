package ansibleresult

// Bounds of Totals. A run that goes beyond them says so.
const (
	MaxHosts     = 20_000
	MaxErrors    = 200
	MaxErrorText = 2 << 10 // bytes
)

// Totals are what a run comes to. As JSON they are the result of the stage
// job.StageResult. The lists are never null.
type Totals struct {
	Hosts  []HostTotals `json:"hosts"`
	Errors []HostError  `json:"errors"`
	// Truncated says that there were more hosts or errors, or events that are
	// not stored.
	Truncated bool `json:"truncated"`
}

// HostTotals counts the tasks of a host, in ansible's words.
type HostTotals struct {
	Host        string `json:"host"`
	OK          int    `json:"ok"`
	Changed     int    `json:"changed"`
	Unreachable int    `json:"unreachable"`
	Failed      int    `json:"failed"`
	Skipped     int    `json:"skipped"`
	Rescued     int    `json:"rescued"`
	Ignored     int    `json:"ignored"`
}

// HostError is an error that counts: neither ignored nor rescued. Host and Task
// are empty for one of the whole run, like a playbook that cannot be read.
type HostError struct {
	Host  string `json:"host"`
	Task  string `json:"task"`
	Error string `json:"error"`
	// Unreachable says that the host could not be reached; otherwise the task
	// failed.
	Unreachable bool `json:"unreachable,omitempty"`
}

// Counter adds events up. The zero value is ready.
type Counter struct {
	order     []string
	hosts     map[string]*hostCount
	tasks     map[int]string // names of the current play's tasks
	play      int
	errors    []HostError
	truncated bool
	started   bool
	ended     bool
}

type hostCount struct {
	own    HostTotals
	stated *[7]int // by ansible, which knows better
}

// Add takes the next event.
func (c *Counter) Add(e *Event) {
	switch e.Kind {
	case KindStart:
		c.started, c.ended = true, false
	case KindPlay:
		if e.Play != c.play {
			c.play, c.tasks = e.Play, nil
		}
	case KindTask:
		if c.tasks == nil {
			c.tasks = map[int]string{}
		}
		c.tasks[e.Task] = e.Name
	case KindResult:
		c.result(e)
	case KindStats:
		if h := c.host(e.Host); h != nil {
			h.stated = e.Counts
		}
	case KindEnd:
		c.ended = true
	}
}

func (c *Counter) host(name string) *hostCount {
	if h := c.hosts[name]; h != nil {
		return h
	}
	if len(c.order) >= MaxHosts {
		c.truncated = true
		return nil
	}
	if c.hosts == nil {
		c.hosts = map[string]*hostCount{}
	}
	h := &hostCount{own: HostTotals{Host: name}}
	c.hosts[name] = h
	c.order = append(c.order, name)
	return h
}

func (c *Counter) result(e *Event) {
	if e.Bad() {
		text := e.Text
		if e.Output != "" {
			text += "\n" + e.Output
		}
		c.Error(HostError{Host: e.Host, Task: c.tasks[e.Task], Error: text, Unreachable: e.Status == Unreachable})
	}
	h := c.host(e.Host)
	if h == nil {
		return
	}
	h.own.add(e)
}

// add counts a result as ansible does: what is ignored is ok.
func (n *HostTotals) add(e *Event) {
	switch {
	case e.Status == Skipped:
		n.Skipped++
		return
	case e.Ignored:
		n.Ignored++
	case e.Status == Unreachable:
		n.Unreachable++
		return
	case e.Rescued:
		n.Rescued++
		return
	case e.Status == Failed:
		n.Failed++
		return
	}
	n.OK++
	if e.Changed {
		n.Changed++
	}
}

// Error adds an error that no event tells.
func (c *Counter) Error(e HostError) {
	if len(c.errors) >= MaxErrors {
		c.truncated = true
		return
	}
	e.Error, _ = head(e.Error, MaxErrorText)
	c.errors = append(c.errors, e)
}

// Truncate notes that something is missing.
func (c *Counter) Truncate() { c.truncated = true }

// Started reports whether there was any event of a playbook.
func (c *Counter) Started() bool { return c.started }

// Ended reports whether the last playbook came to its end.
func (c *Counter) Ended() bool { return c.ended }

// Totals are those of the events so far: of each host what ansible stated, or,
// if the run was cut off before that, what its results come to.
func (c *Counter) Totals() Totals {
	t := Totals{Hosts: make([]HostTotals, 0, len(c.order)), Errors: append([]HostError{}, c.errors...), Truncated: c.truncated}
	for _, name := range c.order {
		h := c.hosts[name]
		n := h.own
		if s := h.stated; s != nil && c.ended {
			n = HostTotals{Host: name, OK: s[0], Changed: s[1], Unreachable: s[2], Failed: s[3], Skipped: s[4], Rescued: s[5], Ignored: s[6]}
		}
		t.Hosts = append(t.Hosts, n)
	}
	return t
}
