package storetest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/logchunk"
	"signalbox/internal/store"
)

// HugeChunk is the size of the largest value that Rich stores.
const HugeChunk = 16 << 20

// Rich fills a store with rows of every kind, among them what is easily lost on
// the way from one database to another: texts of any bytes, null beside empty,
// times of all precisions, large values, rows that refer to later ones, and
// numbers whose rows are gone.
func Rich(t testing.TB, s store.Store) *World {
	t.Helper()
	ctx := t.Context()
	w := Seed(t, s)
	w.AddOther(t)
	p := w.Project.ID

	texts := []string{
		"", "plain", `'";--\n\\`, "? $1 :a @b %s", "tab\tline\r\nend\x01\x7f", "🚂🚃 𝔘𝔫𝔦 中文 עברית", "e\u0301 vs é", "  blanks  ",
		"NUL\x00inside", "caf\xe9 \xff\xc3", "\uffff\U0010ffff\U0010ffff41", "\ufffd", "\u2028", strings.Repeat("0123456789abcdef", 1<<15),
	}
	times := []time.Time{
		Now(), {}, time.Unix(0, 0), time.Date(1969, 7, 20, 20, 17, 40, 123456789, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999999000, time.UTC),
	}
	for i, text := range texts {
		at := times[i%len(times)]
		short := text
		if len(short) > 100 {
			short = short[:100]
		}
		g := domain.VariableGroup{ProjectID: p, Name: short, JSON: text}
		if i%2 == 0 {
			g.Env = &text
		}
		check(t, s.VariableGroups().Create(ctx, &g))
		k := domain.Key{ProjectID: p, Name: short, Type: domain.KeySSH, Ciphertext: text, VariableGroupID: &g.ID, Owner: domain.KeyOwner([]string{"", "variable"}[i%2])}
		check(t, s.Keys().Create(ctx, &k))
		tok := domain.Token{TokenHash: fmt.Sprint("token", i), UserID: w.User.ID, Name: short, Created: at}
		if i%2 == 0 {
			tok.ExpiresAt = &at
		}
		check(t, s.Tokens().Create(ctx, &tok))
		check(t, s.Sessions().Create(ctx, &domain.Session{TokenHash: fmt.Sprint("session", i), UserID: w.OtherUser.ID, Created: at, LastActive: at, UserAgent: text, Expired: i%2 == 1}))
		object := []int64{1 << 53, 1<<63 - 1, -1 << 63, 0}[i%4]
		e := domain.Event{ObjectType: domain.ObjectTask, Description: text, Address: short, Created: at}
		if i%2 == 0 {
			e.ProjectID, e.UserID, e.ObjectID = &p, &w.User.ID, &object
		}
		check(t, s.Events().Add(ctx, &e))
		check(t, s.Options().Set(ctx, fmt.Sprintf("%d%s", i%3, short), text))
		v := domain.View{ProjectID: p, Title: short, Position: i, Hidden: i%2 == 0}
		check(t, s.Views().Create(ctx, &v))
	}

	// Rows that refer to later ones, and in a circle.
	later := w.NewTemplate(t, func(tmpl *domain.Template) {
		tmpl.Name, tmpl.SurveyVars, tmpl.Description = "later", []domain.SurveyVar{}, &texts[10] // frozen in definitions
		tmpl.TaskParams = domain.JSON(`{ "b": 1.0, "a": 2, "a": "é<>&\ud83d" }`)
	})
	_, err := s.Templates().Update(ctx, w.Template.ID, func(tmpl *domain.Template) error {
		tmpl.BuildTemplateID = &later.ID
		tmpl.SurveyVars = []domain.SurveyVar{{Name: "x", Title: "🚂", Values: []domain.SurveyValue{{Name: "<", Value: "&"}}}}
		return nil
	})
	check(t, err)
	_, err = s.Inventories().Update(ctx, w.Inventory.ID, func(i *domain.Inventory) error {
		i.TemplateID = &later.ID
		return nil
	})
	check(t, err)
	check(t, s.Vaults().Create(ctx, &domain.Vault{ProjectID: p, TemplateID: later.ID, KeyID: &w.Key.ID}))

	// A task that runs, with chunks of all sizes; its bytes cannot be made smaller.
	task := w.Running(t, w.Template)
	source := rand.New(rand.NewPCG(1, 2))
	payload := func(size int) []byte {
		data := make([]byte, size)
		for i := range data {
			data[i] = byte(source.Uint32())
		}
		return data
	}
	at := int64(1)
	for i, size := range []int{0, 1, 1000, HugeChunk, 70_000, 3 << 20, 10} {
		c := logchunk.Chunk{FirstSeq: at, Count: 3, FirstTime: times[0], LastTime: times[0].Add(time.Microsecond), RawBytes: size, Payload: payload(size)}
		at += 3
		task, err = s.Tasks().Record(ctx, task.ID, store.Report{Epoch: task.Epoch, FromOffset: int64(i), ToOffset: int64(i + 1), Chunks: []logchunk.Chunk{c},
			Results: []logchunk.Chunk{c}, Stages: []domain.TaskStage{{Seq: i + 1, Type: "running", Start: Now(), FirstLine: c.FirstSeq, Result: domain.JSON(`{"n": 1}`)}}})
		check(t, err)
	}
	check(t, s.Notifications().Create(ctx, &domain.Notification{ProjectID: p, TaskID: task.ID, Channel: domain.ChannelSlack, UserID: &w.User.ID, NextAt: ptr(Now()), Error: texts[5]}))
	// More tasks than a batch holds, waiting and ended.
	for i := range 70 {
		waiting := w.Task(later)
		waiting.Message = texts[i%13]
		if i%2 == 0 {
			waiting.Version, waiting.Params = &texts[i%13], nil
		}
		check(t, s.Tasks().Create(ctx, &waiting, w.Definition(later)))
		if i%5 == 0 {
			_, err := s.Tasks().Update(ctx, waiting.ID, func(t *domain.Task) error {
				t.Status, t.End = domain.StatusStopped, &times[i%len(times)]
				return nil
			})
			check(t, err)
		}
	}

	// Numbers are not given out again although these are gone.
	gone := w.NewTask(t, later)
	check(t, s.Tasks().Delete(ctx, gone.ID))
	view := domain.View{ProjectID: p}
	check(t, s.Views().Create(ctx, &view))
	check(t, s.Views().Delete(ctx, view.ID))
	check(t, s.HostConfigs().Create(ctx, &domain.HostConfig{ProjectID: p, Type: domain.HostConfigURL, Host: "https://git.example.org/Team", SSHKeyID: w.Key.ID}))
	empty := domain.Repository{ProjectID: p, SSHKeyID: w.Key.ID}
	check(t, s.Repositories().Create(ctx, &empty))
	check(t, s.Repositories().Delete(ctx, empty.ID))
	return w
}
