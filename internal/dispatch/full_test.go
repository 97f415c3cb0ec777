package dispatch_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"signalbox/internal/dispatch"
	"signalbox/internal/domain"
	"signalbox/internal/job"
	"signalbox/internal/testkit"
)

// noRoom is a queue with one task, and a worker without room for its directory.
type noRoom struct {
	claimed atomic.Bool
	reasons chan string
}

func (n *noRoom) Claim(context.Context, string, time.Duration) (domain.Task, bool, error) {
	return domain.Task{ID: 1, Epoch: 1, Status: domain.StatusStarting}, !n.claimed.Swap(true), nil
}

func (n *noRoom) BuildJob(context.Context, domain.Task) (job.Spec, error) { return job.Spec{}, nil }

func (n *noRoom) Fail(_ context.Context, _ domain.TaskID, _ int64, reason string) error {
	n.reasons <- reason
	return nil
}
func (n *noRoom) Owned(context.Context, string) ([]domain.Task, error) { return nil, nil }

func (n *noRoom) RenewLeases(context.Context, string, time.Duration) error { return nil }

func (n *noRoom) Start(context.Context, job.Spec) error {
	return fmt.Errorf("make job directory: %w", syscall.ENOSPC)
}
func (n *noRoom) Signal(int64, bool)                           {}
func (n *noRoom) Answer(int64, int, bool)                      {}
func (n *noRoom) Recover(context.Context, []domain.Task) error { return nil }

// TestStart_NamesTheFullDisk: whoever starts a task on a full disk learns why it
// did not start.
func TestStart_NamesTheFullDisk(t *testing.T) {
	t.Parallel()
	n := &noRoom{reasons: make(chan string, 1)}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- dispatch.New("me", n, n, slog.New(slog.DiscardHandler)).Run(ctx) }()
	if reason := testkit.Receive(t, n.reasons, "the end of the task"); !strings.Contains(reason, "disk of the data directory is full") {
		t.Errorf("the task ended with %q", reason)
	}
	cancel()
	if err := testkit.Receive(t, done, "the dispatcher's end"); err != nil {
		t.Fatal(err)
	}
}
