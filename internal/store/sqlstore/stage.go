package sqlstore

import (
	"context"
	"strings"

	"signalbox/internal/domain"
	"signalbox/internal/store/rules"
)

// putStage stores a stage in place of the one of its number.
func (s *tasks) putStage(ctx context.Context, tx *txn, stage *domain.TaskStage) error {
	values, err := s.stages.rows.Values(stage, nil)
	if err != nil {
		return err
	}
	if _, err := tx.exec(ctx, "delete from task_stages where task_id = ? and seq = ?", int64(stage.TaskID), int64(stage.Seq)); err != nil {
		return err
	}
	_, err = tx.exec(ctx, "insert into task_stages ("+s.stages.columns+") values (?"+strings.Repeat(", ?", len(values)-1)+")", values...)
	return err
}

func (s *tasks) Stages(ctx context.Context, id domain.TaskID) ([]domain.TaskStage, error) {
	list, err := s.stages.list(ctx, "select "+s.stages.columns+" from task_stages where task_id = ? order by seq", []any{int64(id)})
	return list, rules.Explain(err, "stages of task %d", id)
}

// over is the condition on tasks that have ended, spelt so that no partial index
// is tempted: the way through the identifiers needs no sorting.
func over() string { return "status not in (" + quoted(domain.UnfinishedStatuses()) + ")" }

func (s *tasks) Ended(ctx context.Context, after domain.TaskID, limit int) ([]domain.Task, error) {
	list, err := s.list(ctx, "select "+s.columns+" from tasks where id > ? and "+over()+" order by id limit ?", []any{int64(after), int64(limit)})
	return list, rules.Explain(err, "tasks that have ended")
}

func (s *tasks) OutputBytes(ctx context.Context) (int64, error) {
	var n int64
	err := s.eng.scanLong(ctx, "select coalesce(sum(log_bytes + result_bytes), 0) from tasks where "+over(), nil, &n)
	return n, rules.Explain(err, "size of all output")
}
