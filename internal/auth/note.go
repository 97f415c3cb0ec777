package auth

import (
	"context"
	"fmt"
	"sync"

	"signalbox/internal/audit"
	"signalbox/internal/domain"
)

// note adds a line of activity, inside the transaction of what it tells about.
func (s *Service) note(ctx context.Context, actor domain.Actor, e audit.Entry) error {
	return audit.Log{Store: s.cfg.Store, Now: s.cfg.Now}.Add(ctx, actor, e)
}

func (s *Service) noteLogin(ctx context.Context, c Client, user domain.User) error {
	return s.note(ctx, c.actor(user), audit.Entry{
		Action: domain.ActionLogin, Object: domain.ObjectSession, Target: user.Username, Text: fmt.Sprintf("%s signed in", user.Username),
	})
}

// noteRefusal tells of a sign-in that came to nothing. What was typed is told
// only when it is the name of a user: it may be a password in the wrong field.
func (s *Service) noteRefusal(ctx context.Context, c Client, user domain.User, text string) {
	name := user.Username
	if user.ID == 0 {
		name = "an unknown user"
	}
	_ = s.note(ctx, c.actor(domain.User{}), audit.Entry{ // whoever is refused must not see that the log is not to be had
		Action: domain.ActionLogin, Object: domain.ObjectSession, Target: user.Username, Outcome: domain.OutcomeDenied,
		Text: fmt.Sprintf(text, name),
	})
}

// maxDenials bounds the memory for half sessions that were told of.
const maxDenials = 10000

// denials remembers the half sessions whose use was written down.
type denials struct {
	mu   sync.Mutex // guards seen
	seen map[domain.SessionID]bool
}

func (d *denials) first(id domain.SessionID) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.seen[id] {
		return false
	}
	if d.seen == nil || len(d.seen) >= maxDenials {
		d.seen = map[domain.SessionID]bool{}
	}
	d.seen[id] = true
	return true
}

// NoteHalfSession writes down that a session was used before its sign-in was
// complete, once for each session. The actor is what Identify returned with the
// refusal.
func (s *Service) NoteHalfSession(ctx context.Context, actor domain.Actor, what string) {
	if actor.SessionID == 0 || !s.denials.first(actor.SessionID) {
		return
	}
	_ = s.note(ctx, actor, audit.Entry{ // refused already, with or without a line
		Action: domain.ActionAccess, Object: domain.ObjectSession, ID: int64(actor.SessionID), Target: actor.User.Username,
		Outcome: domain.OutcomeDenied, Text: fmt.Sprintf("%s refused to %s: the sign-in is not complete", what, actor.User.Username),
	})
}

func (s *Service) noteCreated(ctx context.Context, c Client, user domain.User, text string) error {
	return s.note(ctx, c.actor(user), audit.Entry{
		Action: domain.ActionCreate, Object: domain.ObjectUser, ID: int64(user.ID), Target: user.Username,
		Text: fmt.Sprintf(text, user.Username), After: user,
	})
}
