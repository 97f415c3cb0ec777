package sqlstore

import (
	"path/filepath"
	"strings"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/store"
	"signalbox/internal/store/storetest"
)

// TestPlans_EndedTasksComeInOrder: the newest tasks of a status are read off the
// index. Only what is left of them, a page, may be sorted.
func TestPlans_EndedTasksComeInOrder(t *testing.T) {
	t.Parallel()
	s := openHere(t, filepath.Join(t.TempDir(), "x.db"))
	w := storetest.Seed(t, s)
	filter := store.TaskFilter{Project: w.Project.ID, Statuses: []domain.TaskStatus{domain.StatusError}, Limit: 200}
	if _, err := s.Tasks().List(t.Context(), filter); err != nil {
		t.Fatal(err)
	}
	s.eng.read.mu.RLock()
	defer s.eng.read.mu.RUnlock()
	seen := false
	for query := range s.eng.read.stmts {
		if !strings.Contains(query, "tasks_ended") {
			continue
		}
		seen = true
		sorts := 0
		rows, err := s.eng.read.db.QueryContext(t.Context(), "explain query plan "+query, 1, "error", 200, 200)
		if err != nil {
			t.Fatal(err)
		}
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			if strings.Contains(step, "TEMP B-TREE") {
				sorts++
			}
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		if sorts > 1 {
			t.Errorf("%d sorts in %s", sorts, query)
		}
	}
	if !seen {
		t.Error("no query names the index of ended tasks")
	}
}
