// Package testkit is what tests of several packages share: a clock that stands
// still, git remotes made of files, free ports, waiting without sleeping, and
// telling apart a machine that lacks a program from one that must have it.
//
// It is imported by tests only. Running the built program is left to
// test/harness.
package testkit

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// Clock is a clock that moves only when told to. The zero value is not usable.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at noon of a day in winter.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)}
}

// Now returns the time of the clock; its method value is a time source.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock and returns its new time.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// InCI reports whether a missing program is a failure.
func InCI() bool { return os.Getenv("CI") == "true" }

// RequireTool returns the path of a program. Without it the test is skipped, and
// says so; with CI=true it fails.
func RequireTool(tb testing.TB, name string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	for _, dir := range []string{"/usr/sbin/", "/sbin/"} { // not on everybody's PATH
		if err != nil {
			path, err = exec.LookPath(dir + name)
		}
	}
	if err == nil {
		return path
	}
	if InCI() {
		tb.Fatalf("%s is missing, and with CI=true nothing may be", name)
	}
	tb.Skipf("SKIPPED: %s is missing; scripts/prepare.sh says how to get it", name)
	return ""
}

// Listen opens a listener on a free loopback port. Handing the listener on,
// rather than its number, leaves no moment in which somebody else takes it.
func Listen(tb testing.TB) net.Listener {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = l.Close() }) // closed before by most users
	return l
}

// FreePort returns a loopback port that was free a moment ago, for programs that
// take a number only.
func FreePort(tb testing.TB) int {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
	return port
}

// patience is how long waiting helpers wait: far longer than anything takes, so
// that only what never happens fails.
const patience = 30 * time.Second

// Context returns a context that ends with the test, or when it takes too long.
func Context(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), patience)
	tb.Cleanup(cancel)
	return ctx
}

// Receive returns the next value of a channel. It fails the test when the
// channel is closed or nothing comes.
func Receive[T any](tb testing.TB, from <-chan T, what string) T {
	tb.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	select {
	case v, ok := <-from:
		if !ok {
			tb.Fatalf("waiting for %s: the channel was closed", what)
		}
		return v
	case <-timeout.C:
		tb.Fatalf("waiting for %s: nothing came in %s", what, patience)
	}
	panic("unreachable")
}

// Eventually asks until the condition holds. It is for what cannot be signalled,
// such as the state of another process: within a process use Receive.
func Eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			tb.Fatalf("waiting for %s: it did not happen in %s", what, patience)
		}
		<-tick.C
	}
}

// CleanEnv is an environment with the search path of this process and nothing
// else of it, plus what is given.
func CleanEnv(tb testing.TB, extra ...string) []string {
	tb.Helper()
	home := tb.TempDir()
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "LANG=C.UTF-8", "TZ=UTC"}
	for _, entry := range extra {
		if !strings.Contains(entry, "=") {
			tb.Fatalf("%q is no variable", entry)
		}
	}
	return append(env, extra...)
}
