package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

func queryCases() []testCase {
	return []testCase{
		{"conditions", func(t *testing.T, s store.Store) {
			w := Seed(t, s)
			other := Seed(t, s)
			check(t, s.Views().Delete(t.Context(), mustDetachView(t, w)))
			check(t, s.Views().Delete(t.Context(), mustDetachView(t, other)))
			for i, v := range []domain.View{
				{Title: "alpha", Position: 1},
				{Title: "Beta", Position: 2, SortColumn: ptr("name"), Hidden: true},
				{Title: "beta2", Position: 3, SortColumn: ptr("")},
				{Title: "Ωmega", Position: 4, SortColumn: ptr("playbook")},
			} {
				v.ProjectID = w.Project.ID
				if i == 3 {
					v.ProjectID = other.Project.ID
				}
				check(t, s.Views().Create(t.Context(), &v))
			}
			cases := []struct {
				name  string
				conds []store.Cond
				want  []string
			}{
				{"none", nil, []string{"alpha", "Beta", "beta2", "Ωmega"}},
				{"project", []store.Cond{store.InProject(w.Project.ID)}, []string{"alpha", "Beta", "beta2"}},
				{"eq text", []store.Cond{store.Eq("title", "Beta")}, []string{"Beta"}},
				{"eq keeps case", []store.Cond{store.Eq("title", "beta")}, nil},
				{"eq bool", []store.Cond{store.Eq("hidden", true)}, []string{"Beta"}},
				{"eq pointer", []store.Cond{store.Eq("sort_column", ptr("name"))}, []string{"Beta"}},
				{"eq nil pointer", []store.Cond{store.Eq("sort_column", (*string)(nil))}, []string{"alpha"}},
				{"eq empty is not null", []store.Cond{store.Eq("sort_column", "")}, []string{"beta2"}},
				{"null", []store.Cond{store.Null("sort_column")}, []string{"alpha"}},
				{"ne", []store.Cond{store.Ne("title", "Beta")}, []string{"alpha", "beta2", "Ωmega"}},
				{"ne counts null", []store.Cond{store.Ne("sort_column", "name")}, []string{"alpha", "beta2", "Ωmega"}},
				{"ne nil", []store.Cond{store.Ne("sort_column", nil)}, []string{"Beta", "beta2", "Ωmega"}},
				{"lt", []store.Cond{store.Lt("position", 2)}, []string{"alpha"}},
				{"gt", []store.Cond{store.Gt("position", 2)}, []string{"beta2", "Ωmega"}},
				{"in", []store.Cond{store.In("position", []int{1, 3, 99})}, []string{"alpha", "beta2"}},
				{"in typed", []store.Cond{store.In("project_id", []domain.ProjectID{other.Project.ID})}, []string{"Ωmega"}},
				{"in nothing", []store.Cond{store.In("position", []int{})}, nil},
				{"fold", []store.Cond{store.Fold("title", "BETA")}, []string{"Beta"}},
				{"fold greek", []store.Cond{store.Fold("title", "ωMEGA")}, []string{"Ωmega"}},
				{"prefix", []store.Cond{store.HasPrefix("title", "be")}, []string{"beta2"}},
				{"prefix is no pattern", []store.Cond{store.HasPrefix("title", "%e")}, nil},
				{"prefix empty", []store.Cond{store.HasPrefix("title", ""), store.Gt("position", 3)}, []string{"Ωmega"}},
				{"prefix greek", []store.Cond{store.HasPrefix("title", "Ω")}, []string{"Ωmega"}},
				{"and", []store.Cond{store.Gt("position", 1), store.Eq("hidden", false), store.InProject(w.Project.ID)}, []string{"beta2"}},
			}
			for _, c := range cases {
				list, err := s.Views().List(t.Context(), store.Where(c.conds...).By("position"))
				check(t, err)
				var got []string
				for _, v := range list {
					got = append(got, v.Title)
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("%s: got %q, want %q", c.name, got, c.want)
				}
				n, err := s.Views().Count(t.Context(), store.Where(c.conds...))
				check(t, err)
				if n != len(c.want) {
					t.Errorf("%s: counted %d, want %d", c.name, n, len(c.want))
				}
			}
			for _, field := range []string{"nonsense", `title" or 1=1 --`, "title_fold"} {
				if _, err := s.Views().List(t.Context(), store.Where(store.Eq(field, "x"))); err == nil {
					t.Errorf("a condition on %q was accepted", field)
				}
				if _, err := s.Views().List(t.Context(), store.Where().By(field)); err == nil {
					t.Errorf("an order by %q was accepted", field)
				}
			}
			n, err := s.Views().DeleteWhere(t.Context(), store.InProject(w.Project.ID), store.Gt("position", 1))
			check(t, err)
			if n != 2 {
				t.Errorf("deleted %d, want 2", n)
			}
		}},
		{"order and limit", func(t *testing.T, s store.Store) {
			w := Seed(t, s)
			check(t, s.Views().Delete(t.Context(), mustDetachView(t, w)))
			for i, title := range []string{"b", "A", "ä", "B", "a", "Я", "я", "Б"} {
				check(t, s.Views().Create(t.Context(), &domain.View{ProjectID: w.Project.ID, Title: title, Position: i % 2}))
			}
			cases := []struct {
				name string
				q    store.Query
				want []string
			}{
				{"by identifier", store.Query{}, []string{"b", "A", "ä", "B", "a", "Я", "я", "Б"}},
				{"text without case", store.Where().By("title"), []string{"A", "a", "b", "B", "ä", "Б", "Я", "я"}},
				{"descending", store.Where().By("-title"), []string{"Я", "я", "Б", "ä", "b", "B", "A", "a"}},
				{"two keys", store.Where().By("-position", "title"), []string{"A", "B", "Б", "Я", "a", "b", "ä", "я"}},
				{"newest first", store.Where().By("-id").Max(2), []string{"Б", "я"}},
				{"limit", store.Where().By("title").Max(3), []string{"A", "a", "b"}},
			}
			for _, c := range cases {
				list, err := s.Views().List(t.Context(), c.q)
				check(t, err)
				var got []string
				for _, v := range list {
					got = append(got, v.Title)
				}
				if !slices.Equal(got, c.want) {
					t.Errorf("%s: got %q, want %q", c.name, got, c.want)
				}
				first, err := s.Views().First(t.Context(), c.q)
				check(t, err)
				if first.Title != c.want[0] {
					t.Errorf("%s: first is %q, want %q", c.name, first.Title, c.want[0])
				}
			}
		}},
		{"default limit and long lists", func(t *testing.T, s store.Store) {
			w := Seed(t, s)
			const n = store.DefaultLimit + 5
			ids := make([]domain.KeyID, 0, n)
			check(t, s.InTx(t.Context(), func(ctx context.Context) error {
				ids = ids[:0]
				for i := range n {
					k := domain.Key{ProjectID: w.Project.ID, Name: fmt.Sprintf("key %d", i), Type: domain.KeyNone}
					if err := s.Keys().Create(ctx, &k); err != nil {
						return err
					}
					ids = append(ids, k.ID)
				}
				return nil
			}))
			list, err := s.Keys().List(t.Context(), store.Where(store.InProject(w.Project.ID)).By("name"))
			check(t, err)
			if len(list) != store.DefaultLimit {
				t.Errorf("%d rows, want %d", len(list), store.DefaultLimit)
			}
			if !slices.IsSortedFunc(list, func(a, b domain.Key) int {
				return slices.Compare([]byte(store.FoldCase(a.Name)), []byte(store.FoldCase(b.Name)))
			}) {
				t.Error("not in order")
			}
			list, err = s.Keys().List(t.Context(), store.Where(store.In("id", ids)).Max(2*n))
			check(t, err)
			if len(list) != n {
				t.Errorf("%d rows by identifier, want %d", len(list), n)
			}
		}},
	}
}

// mustDetachView frees the seeded view for deletion.
func mustDetachView(t *testing.T, w *World) domain.ViewID {
	t.Helper()
	_, err := w.Store.Templates().Update(t.Context(), w.Template.ID, func(t *domain.Template) error {
		t.ViewID = nil
		return nil
	})
	check(t, err)
	return w.View.ID
}
