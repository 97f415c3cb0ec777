package boltstore

import (
	"context"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/kv"
	"signalbox/internal/store/rules"
)

// putStage stores a stage in place of the one of its number.
func (s *tasks) putStage(t *kv.Tx, stage domain.TaskStage) error {
	row, err := s.stages.Row(t, int64(stage.TaskID), int64(stage.Seq))
	if err != nil {
		return err
	}
	if row == nil {
		return s.stages.Add(t, &stage)
	}
	_, err = s.stages.Replace(t, row, &stage)
	return err
}

func (s *tasks) Stages(ctx context.Context, id domain.TaskID) (list []domain.TaskStage, err error) {
	err = s.DB.Read(ctx, func(t *kv.Tx) error {
		list, err = s.stages.Select(ctx, t, store.Where(ofTask(id)).By("seq").Max(kv.NoLimit))
		return err
	})
	return list, rules.Explain(err, "stages of task %d", id)
}

func ended() []domain.TaskStatus {
	return []domain.TaskStatus{domain.StatusStopped, domain.StatusSuccess, domain.StatusError}
}

func (s *tasks) Ended(ctx context.Context, after domain.TaskID, limit int) ([]domain.Task, error) {
	list, err := s.collection.List(ctx, store.Where(store.Gt("id", after), store.In("status", ended())).By("id").Max(limit))
	return list, rules.Explain(err, "tasks that have ended")
}

func (s *tasks) OutputBytes(ctx context.Context) (n int64, err error) {
	log, results := s.Column("log_bytes"), s.Column("result_bytes")
	err = s.DB.Read(ctx, func(t *kv.Tx) error {
		return s.Query(ctx, t, store.Where(store.In("status", ended())).Max(kv.NoLimit), func(row []any) error {
			n += row[log].(int64) + row[results].(int64)
			return nil
		})
	})
	return n, rules.Explain(err, "size of all output")
}
