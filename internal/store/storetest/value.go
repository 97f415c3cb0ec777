package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

func valueCases() []testCase {
	return []testCase{
		{"texts", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			for name, text := range map[string]string{
				"empty": "", "quotes": `'";--\'`, "backslashes": `\n\0\\`, "placeholders": "? $1 :a @b %s",
				"control": "a\tb\r\nc\x01\x7f", "four bytes": "🚂🚃 𝔘𝔫𝔦 中文 עברית", "combining": "e\u0301 vs é", "trailing blanks": " a  ",
				"NUL": "a\x00b", "not UTF-8": "caf\xe9 \xff\xc3", "noncharacters": "\uffff\U0010ffff\U0010ffff41", "replacement": "\ufffd",
				"line separators": "\u2028\u2029", "large": strings.Repeat("0123456789abcdef", 1<<16),
			} {
				g := domain.VariableGroup{ProjectID: w.Project.ID, Name: name, JSON: text, Env: &text}
				check(t, s.VariableGroups().Create(ctx, &g))
				got, err := s.VariableGroups().Get(ctx, g.ID)
				check(t, err)
				if got.JSON != text || got.Env == nil || *got.Env != text {
					t.Errorf("%s: got %.40q, want %.40q", name, got.JSON, text)
				}
				if len(text) < 1000 {
					found, err := s.VariableGroups().First(ctx, store.Where(store.Eq("env", text)))
					check(t, err)
					if found.ID != g.ID {
						t.Errorf("%s: found group %d, want %d", name, found.ID, g.ID)
					}
					// SQLite's functions see a text up to its first NUL only.
					prefix, _, _ := strings.Cut(text, "\x00")
					found, err = s.VariableGroups().First(ctx, store.Where(store.HasPrefix("json", prefix), store.Eq("id", g.ID)))
					if err != nil || found.ID != g.ID {
						t.Errorf("%s: not found by its text as the prefix: %v", name, err)
					}
				}
			}
		}},
		{"JSON is kept as written", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			for _, doc := range []string{``, `{}`, `{ "b": 1, "a": 1.0, "a": 2 }`, `{"n":12345678901234567890,"f":1e400,"s":"\u00e9é<>&\ud83d\ude82"}`, "[\n\t1 ]", `null`} {
				tmpl := w.NewTemplate(t, func(tmpl *domain.Template) { tmpl.TaskParams = domain.JSON(doc) })
				got, err := s.Templates().Get(ctx, tmpl.ID)
				check(t, err)
				if string(got.TaskParams) != doc {
					t.Errorf("template: got %s, want %s", got.TaskParams, doc)
				}
				task := w.Task(tmpl)
				task.Params = domain.JSON(doc)
				check(t, s.Tasks().Create(ctx, &task, w.Definition(tmpl)))
				stored, err := s.Tasks().Get(ctx, task.ID)
				check(t, err)
				if string(stored.Params) != doc {
					t.Errorf("task: got %s, want %s", stored.Params, doc)
				}
			}
		}},
		{"null and empty", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			for name, change := range map[string]func(*domain.Template){
				"null": func(*domain.Template) {},
				"empty": func(t *domain.Template) {
					t.Description, t.Arguments, t.SurveyVars = ptr(""), ptr(""), []domain.SurveyVar{}
				},
			} {
				want := w.NewTemplate(t, change)
				got, err := s.Templates().Get(ctx, want.ID)
				check(t, err)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", name, diff)
				}
				if (got.SurveyVars == nil) != (name == "null") {
					t.Errorf("%s: survey %#v", name, got.SurveyVars)
				}
			}
		}},
		{"times", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			w := Seed(t, s)
			tokyo := time.FixedZone("JST", 9*3600)
			for _, at := range []time.Time{
				Now(), {}, time.Unix(0, 0), time.Date(2026, 12, 31, 23, 59, 59, 999999999, tokyo),
				time.Date(1969, 7, 20, 20, 17, 40, 123456000, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
				time.Date(2026, 10, 25, 1, 30, 0, 1000, tokyo),
			} {
				k := domain.Token{TokenHash: fmt.Sprint(at.UnixNano(), at.Year()), UserID: w.User.ID, Created: at, ExpiresAt: &at}
				check(t, s.Tokens().Create(ctx, &k))
				got, err := s.Tokens().Get(ctx, k.ID)
				check(t, err)
				want := at.UTC().Truncate(time.Microsecond)
				if !got.Created.Equal(want) || !got.ExpiresAt.Equal(want) || got.Created.Location() != time.UTC {
					t.Errorf("got %v and %v, want %v", got.Created, got.ExpiresAt, want)
				}
				if got.Created.IsZero() != at.IsZero() {
					t.Errorf("zero time %t became %t", at.IsZero(), got.Created.IsZero())
				}
				if diff := cmp.Diff(k, got); diff != "" {
					t.Errorf("what create handed back is not what was stored (-created +got):\n%s", diff)
				}
				n, err := s.Tokens().Count(ctx, store.Where(store.Eq("id", k.ID), store.Lt("created", at.Add(time.Microsecond)), store.Gt("created", at.Add(-time.Microsecond))))
				check(t, err)
				if n != 1 {
					t.Errorf("%v is not between its neighbours", at)
				}
			}
			list, err := s.Tokens().List(ctx, store.Where().By("created"))
			check(t, err)
			for i := 1; i < len(list); i++ {
				if list[i].Created.Before(list[i-1].Created) {
					t.Errorf("%v listed after %v", list[i].Created, list[i-1].Created)
				}
			}
		}},
		{"large numbers", func(t *testing.T, s store.Store) {
			ctx := t.Context()
			Seed(t, s)
			for _, n := range []int64{1 << 53, 1<<63 - 1, -1 << 63} {
				e := domain.Event{ObjectType: domain.ObjectTask, ObjectID: &n, Created: Now()}
				check(t, s.Events().Add(ctx, &e))
				list, err := s.Events().List(ctx, store.EventFilter{Limit: 1})
				check(t, err)
				if *list[0].ObjectID != n {
					t.Errorf("got %d, want %d", *list[0].ObjectID, n)
				}
			}
		}},
	}
}
