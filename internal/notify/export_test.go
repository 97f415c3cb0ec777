package notify

import (
	"context"

	"signalbox/internal/domain"
)

// Tidy is one round of keeping house.
func (s *Service) Tidy(ctx context.Context) error { return s.tidy(ctx) }

// Take is the first half of an attempt, as if the server died then.
func (s *Service) Take(ctx context.Context, n domain.Notification) error {
	_, err := s.take(ctx, n)
	return err
}
