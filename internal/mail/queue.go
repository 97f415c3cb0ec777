package mail

import (
	"context"
	"log/slog"
	"sync"
)

// The bounds of a Queue: a server that is slow to take letters costs their
// number in memory, and nothing else.
const (
	maxQueued  = 200
	queueHands = 2
)

// Queue sends letters nobody waits for. What cannot be sent is dropped with a
// line in the log, which names neither the text, nor the subject, where codes
// stand, nor the reader.
type Queue struct {
	sender  *Sender
	log     *slog.Logger
	letters chan Message
}

// NewQueue returns a queue; Run sends what is put into it.
func NewQueue(s *Sender, log *slog.Logger) *Queue {
	return &Queue{sender: s, log: log, letters: make(chan Message, maxQueued)}
}

// Configured reports whether there is a server to send through.
func (q *Queue) Configured() bool { return q.sender.Configured() }

// Post puts a letter into the queue and returns at once.
func (q *Queue) Post(m Message) {
	if !q.Configured() {
		return
	}
	select {
	case q.letters <- m:
	default:
		q.log.Warn("mail dropped: too many letters wait for the server")
	}
}

// Run sends letters until ctx ends, and returns when nothing is under way.
func (q *Queue) Run(ctx context.Context) {
	var hands sync.WaitGroup
	for range queueHands {
		hands.Go(func() {
			for {
				select {
				case <-ctx.Done():
					return
				case m := <-q.letters:
					if err := q.sender.Send(ctx, m); err != nil {
						q.log.Warn("mail dropped", "error", err)
					}
				}
			}
		})
	}
	hands.Wait()
	if n := len(q.letters); n > 0 {
		q.log.Warn("mail dropped: the server stops", "letters", n)
	}
}
