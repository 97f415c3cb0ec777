package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
)

func stageCases() []testCase {
	return []testCase{
		{"a stage begins and ends", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task, other := w.Running(t, w.Template), w.Running(t, w.NewTemplate(t, func(*domain.Template) {}))
			at := int64(0)
			record := func(stages ...domain.TaskStage) {
				t.Helper()
				_, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: at, ToOffset: at + 1, Stages: stages})
				check(t, err)
				at++
			}
			read := func(want ...domain.TaskStage) {
				t.Helper()
				got, err := s.Tasks().Stages(ctx, task.ID)
				check(t, err)
				if len(want) == 0 {
					want = []domain.TaskStage{}
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("stages (-want +got):\n%s", diff)
				}
			}
			read()
			first := domain.TaskStage{TaskID: task.ID, Seq: 1, Type: "init", Start: Now(), FirstLine: 1}
			second := domain.TaskStage{TaskID: task.ID, Seq: 2, Type: "running", Start: Now().Add(time.Second), FirstLine: 4}
			revision, err := s.Revision(ctx, w.Project.ID)
			check(t, err)
			record(first)
			read(first)
			first.End, first.LastLine = ptr(Now().Add(time.Second)), 3
			record(first, second) // a stage and the next in one report
			second.End, second.LastLine, second.Result = ptr(Now().Add(time.Minute)), 3, domain.JSON(`{"a": [1, "ü"]}`)
			record(second)
			read(first, second)
			now, err := s.Revision(ctx, w.Project.ID)
			check(t, err)
			if now != revision {
				t.Error("a stage raised the revision: lists do not show stages")
			}
			// Taken over before: nothing changes.
			changed := first
			changed.Type = "other"
			_, err = s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: 1, ToOffset: 2, Stages: []domain.TaskStage{changed}})
			check(t, err)
			_, err = s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: 3, ToOffset: 4, Stages: []domain.TaskStage{changed}, Apply: func(*domain.Task) error { return errStop }})
			wantError(t, "refused report", err, errStop)
			_, err = s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch - 1, FromOffset: 3, ToOffset: 4, Stages: []domain.TaskStage{changed}})
			wantError(t, "fenced report", err, store.ErrFenced)
			read(first, second)
			// The stages of another task are its own.
			_, err = s.Tasks().Record(ctx, other.ID, store.Report{Epoch: other.Epoch, ToOffset: 1, Stages: []domain.TaskStage{{TaskID: task.ID, Seq: 1, Type: "running", Start: Now()}}})
			check(t, err)
			read(first, second)
			got, err := s.Tasks().Stages(ctx, other.ID)
			check(t, err)
			if len(got) != 1 || got[0].TaskID != other.ID {
				t.Errorf("stages of the other task: %+v", got)
			}
			check(t, s.Tasks().Delete(ctx, task.ID))
			read()
		}},
		{"results are kept like the log, apart from it", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			task := w.Running(t, w.Template)
			var results []logchunk.Chunk
			for i := range int64(5) {
				chunks := chunksOf(3*i+1, 3)
				got, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: i, ToOffset: i + 1, Results: chunks})
				check(t, err)
				results = append(results, chunks...)
				if got.ResultLines != 3*i+3 || got.LogLines != 0 || got.LogBytes != 0 {
					t.Errorf("after %d reports: %d results, %d lines", i+1, got.ResultLines, got.LogLines)
				}
			}
			_, err := s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: 5, ToOffset: 6, Chunks: chunksOf(1, 2)})
			check(t, err)
			for name, r := range map[string]store.Report{
				"results missing":     {FromOffset: 6, ToOffset: 7, Results: chunksOf(17, 1)},
				"results twice":       {FromOffset: 6, ToOffset: 7, Results: chunksOf(15, 1)},
				"empty results":       {FromOffset: 6, ToOffset: 7, Results: []logchunk.Chunk{{FirstSeq: 16}}},
				"results of nothing":  {FromOffset: 6, ToOffset: 6, Results: chunksOf(16, 1)},
				"stages of nothing":   {FromOffset: 6, ToOffset: 6, Stages: []domain.TaskStage{{Seq: 1, Start: Now()}}},
				"results and no line": {FromOffset: 6, ToOffset: 7, Results: chunksOf(16, 1), Chunks: chunksOf(16, 1)},
			} {
				r.Epoch = task.Epoch
				_, err := s.Tasks().Record(ctx, task.ID, r)
				wantError(t, name, err, store.ErrGap)
			}
			got, err := s.Results().Chunks(ctx, task.ID, 4, 2)
			check(t, err)
			if diff := cmp.Diff(results[1:3], got); diff != "" {
				t.Errorf("a window of the results (-want +got):\n%s", diff)
			}
			_, err = s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: 6, ToOffset: 7, Apply: func(t *domain.Task) error {
				t.LogComplete, t.Status, t.ResultLines, t.ResultBytes = true, domain.StatusSuccess, 99, 99 // not theirs to change
				return nil
			}})
			check(t, err)
			check(t, s.Results().Compact(ctx, task.ID))
			bytes, n, err := s.Results().Size(ctx, task.ID)
			check(t, err)
			if n != 1 || bytes == 0 {
				t.Errorf("%d chunks of %d bytes after compaction", n, bytes)
			}
			got, err = s.Results().Chunks(ctx, task.ID, 0, 10)
			check(t, err)
			if len(got) != 1 || got[0].Count != 15 {
				t.Errorf("compacted results: %+v", got)
			}
			lines, err := s.Logs().Chunks(ctx, task.ID, 0, 10)
			check(t, err)
			if len(lines) != 1 || lines[0].Count != 2 {
				t.Errorf("the log: %+v", lines)
			}
			stored, err := s.Tasks().Get(ctx, task.ID)
			check(t, err)
			if stored.ResultLines != 15 || stored.ResultBytes == 0 {
				t.Errorf("%d results of %d bytes are counted", stored.ResultLines, stored.ResultBytes)
			}
			check(t, s.Tasks().Delete(ctx, task.ID))
			if _, n, err := s.Results().Size(ctx, task.ID); err != nil || n != 0 {
				t.Errorf("%d chunks are left, %v", n, err)
			}
		}},
		{"what has ended", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			var want []domain.TaskID
			var bytes int64
			for i, status := range append(domain.Statuses(), domain.Statuses()...) {
				task := w.Task(w.Template)
				task.Status, task.LogBytes, task.ResultBytes = status, int64(i), 100*int64(i)
				check(t, s.Tasks().Create(ctx, &task, domain.TaskDefinition{}))
				if status.Terminal() {
					want = append(want, task.ID)
					bytes += 101 * int64(i)
				}
			}
			for _, c := range []struct {
				after domain.TaskID
				limit int
				want  []domain.TaskID
			}{{0, 100, want}, {0, 2, want[:2]}, {want[1], 3, want[2:5]}, {want[5], 3, nil}} {
				list, err := s.Tasks().Ended(ctx, c.after, c.limit)
				check(t, err)
				var got []domain.TaskID
				for _, task := range list {
					got = append(got, task.ID)
				}
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("after %d, limit %d (-want +got):\n%s", c.after, c.limit, diff)
				}
			}
			got, err := s.Tasks().OutputBytes(ctx)
			check(t, err)
			if got != bytes {
				t.Errorf("%d bytes of output, want %d", got, bytes)
			}
		}},
		{"output of nothing", func(t *testing.T, s store.Store) {
			n, err := s.Tasks().OutputBytes(t.Context())
			check(t, err)
			if n != 0 {
				t.Errorf("%d bytes without a task", n)
			}
		}},
		{"who waits for a person takes no room", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			_, err := s.Projects().Update(ctx, w.Project.ID, func(p *domain.Project) error { p.MaxParallelTasks = 1; return nil })
			check(t, err)
			asking := w.Running(t, w.Template)
			same, other := w.NewTask(t, w.Template), w.NewTask(t, w.NewTemplate(t, func(*domain.Template) {}))
			turn := func(to domain.TaskStatus) {
				t.Helper()
				_, err := s.Tasks().Update(ctx, asking.ID, func(t *domain.Task) error { t.Status = to; return nil })
				check(t, err)
			}
			blocked := func(want map[domain.TaskID]store.Blocker) {
				t.Helper()
				got, err := s.Tasks().Blocked(ctx, 1, []domain.TaskID{same.ID, other.ID})
				check(t, err)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("blocked (-want +got):\n%s", diff)
				}
			}
			byTemplate := store.Blocker{Reason: store.BlockedByTemplate, Limit: 1, TaskID: asking.ID}
			byProject := store.Blocker{Reason: store.BlockedByProject, Limit: 1, TaskID: asking.ID}
			blocked(map[domain.TaskID]store.Blocker{same.ID: byTemplate, other.ID: byProject})
			turn(domain.StatusWaitingConfirmation)
			blocked(map[domain.TaskID]store.Blocker{same.ID: byTemplate})
			turn(domain.StatusConfirmed)
			blocked(map[domain.TaskID]store.Blocker{same.ID: byTemplate, other.ID: byProject})
			turn(domain.StatusRunning)
			turn(domain.StatusWaitingConfirmation)
			got, err := s.Tasks().Claim(ctx, store.Claim{Owner: "x", LeaseUntil: Now(), MaxParallel: 1})
			check(t, err)
			if got.ID != other.ID {
				t.Errorf("claimed task %d, want %d", got.ID, other.ID)
			}
			owned, err := s.Tasks().Owned(ctx, "here")
			check(t, err)
			if len(owned) != 1 || owned[0].ID != asking.ID {
				t.Errorf("who waits is no longer looked after: %+v", owned)
			}
		}},
	}
}
