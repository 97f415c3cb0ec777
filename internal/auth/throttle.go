package auth

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"signalbox/internal/domain"
)

// ThrottleConfig are the steps of throttling: after FreeTries failures in a row
// each further one makes the next wait longer, up to LongestWait, and after
// LockTries the wait is LockTime. What is zero is as usual.
type ThrottleConfig struct {
	FreeTries, LockTries  int
	LockTime, LongestWait time.Duration
}

// The usual steps.
const (
	freeTries   = 5
	lockTries   = 20
	lockTime    = 15 * time.Minute
	longestWait = 2 * time.Minute
	// maxTracked bounds the memory that an attacker with many names or
	// addresses can make us use.
	maxTracked = 20000
)

// outcome is how an attempt ended.
type outcome int

const (
	unclear outcome = iota // an internal failure, or the client left
	failed
	succeeded
)

// throttle slows guessing down, by account and by address.
type throttle struct {
	now func() time.Time
	cfg ThrottleConfig

	mu      sync.Mutex // guards entries
	entries map[string]*tries
}

// tries is the record of one account or address.
type tries struct {
	failures int
	pending  int // attempts under way
	last     time.Time
	until    time.Time
	// with are some of the keys that failed together with this one.
	with []string
}

// maxWith bounds them.
const maxWith = 16

func newThrottle(now func() time.Time, cfg ThrottleConfig) *throttle {
	cfg.FreeTries = cmp.Or(cfg.FreeTries, freeTries)
	cfg.LockTries = cmp.Or(cfg.LockTries, lockTries)
	cfg.LockTime = cmp.Or(cfg.LockTime, lockTime)
	cfg.LongestWait = cmp.Or(cfg.LongestWait, longestWait)
	return &throttle{now: now, cfg: cfg, entries: map[string]*tries{}}
}

// begin asks whether an attempt may be made. The caller reports its outcome to
// done, exactly once. The error is the same for every reason and names the wait.
func (t *throttle) begin(keys ...string) (done func(outcome), err error) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trim(now)
	var wait time.Duration
	for _, key := range keys {
		e := t.entries[key]
		if e == nil {
			continue
		}
		if e.pending == 0 && now.Sub(e.last) > t.cfg.LockTime && !now.Before(e.until) {
			delete(t.entries, key) // long ago
			continue
		}
		if left := e.until.Sub(now); left > wait {
			wait = left
		}
		// Parallel guesses must not slip through before the first has failed.
		if e.failures+e.pending >= t.cfg.LockTries && wait < time.Second {
			wait = time.Second
		}
	}
	if wait > 0 {
		return nil, &domain.Error{
			Kind: domain.KindThrottled, Message: "too many failed sign-ins; wait before the next try",
			RetryAfter: int((wait + time.Second - 1) / time.Second),
		}
	}
	for _, key := range keys {
		if t.entries[key] == nil {
			t.entries[key] = &tries{}
		}
		t.entries[key].pending++
		t.entries[key].last = now
	}
	return func(o outcome) { t.end(o, keys) }, nil
}

func (t *throttle) end(o outcome, keys []string) {
	now := t.now()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		e := t.entries[key]
		if e == nil {
			continue
		}
		e.pending--
		switch o {
		case succeeded:
			e.failures, e.until = 0, time.Time{}
		case failed:
			e.failures++
			e.last = now
			e.until = now.Add(t.waitAfter(e.failures))
			for _, other := range keys {
				if other != key && len(e.with) < maxWith && !slices.Contains(e.with, other) {
					e.with = append(e.with, other)
				}
			}
		}
		if e.failures == 0 && e.pending <= 0 {
			delete(t.entries, key)
		}
	}
}

// forget lets keys start over, and those that failed together with them.
// Attempts under way still count.
func (t *throttle) forget(keys ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range keys {
		e := t.entries[key]
		if e == nil {
			continue
		}
		for _, name := range append(e.with, key) {
			if other := t.entries[name]; other != nil {
				other.failures, other.until = 0, time.Time{}
				if other.pending <= 0 {
					delete(t.entries, name)
				}
			}
		}
	}
}

// lastTry is when one of the keys was last tried.
func (t *throttle) lastTry(keys ...string) time.Time {
	t.mu.Lock()
	defer t.mu.Unlock()
	var last time.Time
	for _, key := range keys {
		if e := t.entries[key]; e != nil && e.last.After(last) {
			last = e.last
		}
	}
	return last
}

// waitAfter is the wait that follows the n-th failure in a row.
func (t *throttle) waitAfter(n int) time.Duration {
	switch {
	case n >= t.cfg.LockTries:
		return t.cfg.LockTime
	case n < t.cfg.FreeTries:
		return 0
	}
	return min(time.Second<<min(n-t.cfg.FreeTries, 20), t.cfg.LongestWait)
}

// trim makes room when too much is remembered: first what no longer matters,
// then whatever comes, except what is locked or under way.
func (t *throttle) trim(now time.Time) {
	if len(t.entries) < maxTracked {
		return
	}
	for key, e := range t.entries {
		if e.pending == 0 && now.Sub(e.last) > t.cfg.LockTime && !now.Before(e.until) {
			delete(t.entries, key)
		}
	}
	for key, e := range t.entries {
		if len(t.entries) < maxTracked*9/10 {
			return
		}
		if e.pending == 0 && e.failures < t.cfg.LockTries {
			delete(t.entries, key)
		}
	}
	for key, e := range t.entries {
		if len(t.entries) < maxTracked {
			return
		}
		if e.pending == 0 {
			delete(t.entries, key)
		}
	}
}
