package tasks

import (
	"context"
	"errors"
	"fmt"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// CheckParams checks what a schedule or an integration asks of a template by the
// rules that Launch goes by, and that it holds no secret answers, which would
// be stored in the clear. Answers may be missing unless it is complete. Errors
// name fields of task_params.
func (s *Service) CheckParams(ctx context.Context, actor domain.Actor, p domain.ProjectID, id domain.TemplateID, inventory *domain.InventoryID, params domain.TaskParams, complete bool) error {
	tpl, err := s.Store.Templates().Get(ctx, id)
	if errors.Is(err, store.ErrNotFound) || err == nil && tpl.ProjectID != p {
		return domain.NotFound("template")
	}
	if err != nil {
		return err
	}
	app, err := s.app(ctx, tpl.App)
	if err != nil {
		return err
	}
	text := func(t *string) string {
		if t == nil {
			return ""
		}
		return *t
	}
	l := launch{
		s: s, actor: actor, tpl: tpl, app: app, stored: true, partial: !complete,
		req: Launch{TemplateID: id, Environment: text(params.Environment)},
		task: &domain.Task{
			ProjectID: p, TemplateID: id, Arguments: params.Arguments, GitBranch: params.GitBranch,
			Message: text(params.Message), InventoryID: inventory, Params: params.Params,
		},
	}
	_, err = l.check(ctx)
	var refused *domain.Error
	if errors.As(err, &refused) && refused.Field != "" {
		inside := *refused
		inside.Field = fmt.Sprint("task_params.", refused.Field)
		return &inside
	}
	return err
}
