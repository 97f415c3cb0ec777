package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox/internal/domain"
	"signalbox/internal/secrets"
	"signalbox/internal/store"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/storetest"
)

// world is a store with sealed texts of every kind.
type world struct {
	store.Store
	t     *testing.T
	keys  []domain.KeyID
	task  domain.TaskID
	totp  domain.TOTPID
	owner domain.UserID
	old   *secrets.Keyring
}

func ring(t *testing.T, keys ...string) *secrets.Keyring {
	t.Helper()
	r, err := secrets.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// newWorld seals n keys, a task's answers and a second factor with a key.
func newWorld(t *testing.T, key string, n int) *world {
	t.Helper()
	st := must[*sqlstore.Store](t)(sqlstore.Open(t.Context(), sqlstore.Config{Path: filepath.Join(t.TempDir(), "db")}))
	t.Cleanup(func() { _ = st.Close() })
	seed := storetest.Seed(t, st)
	w := &world{Store: st, t: t, old: ring(t, key), owner: seed.User.ID}
	for i := range n {
		k := domain.Key{ProjectID: seed.Project.ID, Name: fmt.Sprintf("key %d", i), Type: domain.KeyString}
		k.Ciphertext = must[string](t)(w.old.SealKey(k.ProjectID, k.Type, domain.KeySecret{String: domain.Secret(fmt.Sprintf("secret %d", i))}))
		if err := st.Keys().Create(t.Context(), &k); err != nil {
			t.Fatal(err)
		}
		w.keys = append(w.keys, k.ID)
	}
	task := domain.Task{ProjectID: seed.Project.ID, TemplateID: seed.Template.ID, Status: domain.StatusWaiting, Created: storetest.Now()}
	def := seed.Definition(seed.Template)
	def.Secret = must[string](t)(w.old.Seal([]byte(`{"a":1}`), secrets.TaskPlace))
	if err := st.Tasks().Create(t.Context(), &task, def); err != nil {
		t.Fatal(err)
	}
	w.task = task.ID
	factor := domain.TOTP{UserID: seed.User.ID, Created: storetest.Now(), Secret: must[string](t)(w.old.Seal([]byte("otp"), domain.TOTP{UserID: seed.User.ID}.Place()))}
	if err := st.TOTPs().Create(t.Context(), &factor); err != nil {
		t.Fatal(err)
	}
	w.totp = factor.ID
	// The seed's own keys hold texts that were never sealed.
	for _, k := range must[[]domain.Key](t)(st.Keys().List(t.Context(), store.Query{})) {
		if !strings.HasPrefix(k.Name, "key ") {
			must[domain.Key](t)(st.Keys().Update(t.Context(), k.ID, func(k *domain.Key) error { k.Ciphertext = ""; return nil }))
		}
	}
	for _, task := range must[[]domain.TaskWithTemplate](t)(st.Tasks().List(t.Context(), store.TaskFilter{Limit: 100})) {
		if task.ID != w.task {
			if err := st.Tasks().Reseal(t.Context(), task.ID, func(string) (string, error) { return "", nil }); err != nil {
				t.Fatal(err)
			}
		}
	}
	return w
}

// readable fails the test unless every secret is what it was.
func (w *world) readable(r *secrets.Keyring) {
	w.t.Helper()
	for i, id := range w.keys {
		k := must[domain.Key](w.t)(w.Keys().Get(w.t.Context(), id))
		secret, err := r.OpenKey(k)
		if err != nil || secret.String.Reveal() != fmt.Sprintf("secret %d", i) {
			w.t.Fatalf("key %d: got %q, %v", i, secret.String.Reveal(), err)
		}
	}
	d := must[domain.TaskDefinition](w.t)(w.Tasks().Definition(w.t.Context(), w.task))
	if text, err := r.Open(d.Secret, secrets.TaskPlace); err != nil || string(text) != `{"a":1}` {
		w.t.Fatalf("task: got %q, %v", text, err)
	}
	f := must[domain.TOTP](w.t)(w.TOTPs().Get(w.t.Context(), w.totp))
	if text, err := r.Open(f.Secret, f.Place()); err != nil || string(text) != "otp" {
		w.t.Fatalf("second factor: got %q, %v", text, err)
	}
}

func TestRekey_SealsEverythingAgain(t *testing.T) {
	t.Parallel()
	a, b := secrets.GenerateKey(), secrets.GenerateKey()
	w := newWorld(t, a, 2*batch+3)
	both := ring(t, b, a)

	dry := must[Done](t)(Rekey(t.Context(), w, both, How{DryRun: true}))
	if dry.Keys != len(w.keys) || dry.Tasks != 1 || dry.TOTPs != 1 || dry.Kept != 0 {
		t.Errorf("dry run: %+v", dry)
	}
	w.readable(ring(t, a))

	r := must[Report](t)(Check(t.Context(), w, both))
	if len(r.Uses) != 2 || r.Uses[0].Status != StatusActive || r.Uses[0].Rows != 0 || r.Uses[1].Status != StatusPending || r.Uses[1].Rows != len(w.keys)+2 {
		t.Errorf("before: %+v", r)
	}
	done := must[Done](t)(Rekey(t.Context(), w, both, How{}))
	if done.Keys != len(w.keys) || done.Tasks != 1 || done.TOTPs != 1 || done.Kept != 0 || len(done.Unreadable) != 0 {
		t.Errorf("rekey: %+v", done)
	}
	w.readable(ring(t, b))
	r = must[Report](t)(Check(t.Context(), w, both))
	if r.Uses[0].Rows != len(w.keys)+2 || r.Uses[1].Status != StatusUnused {
		t.Errorf("after: %+v", r)
	}
	again := must[Done](t)(Rekey(t.Context(), w, both, How{}))
	if again.Keys != 0 || again.Kept != len(w.keys)+2 {
		t.Errorf("once more: %+v", again)
	}
}

func TestRekey_GoesOnAfterItWasInterrupted(t *testing.T) {
	t.Parallel()
	a, b := secrets.GenerateKey(), secrets.GenerateKey()
	w := newWorld(t, a, 2*batch+3)
	both := ring(t, b, a)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err := Rekey(ctx, &interrupted{Store: w.Store, after: 1, cancel: cancel}, both, How{})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	r := must[Report](t)(Check(t.Context(), w, both))
	if r.Uses[0].Rows == 0 || r.Uses[1].Rows == 0 || len(r.Unreadable) > 0 {
		t.Fatalf("halfway: %+v", r)
	}
	w.readable(both)
	must[Done](t)(Rekey(t.Context(), w, both, How{}))
	w.readable(ring(t, b))
}

// interrupted ends the work after a number of transactions.
type interrupted struct {
	store.Store
	after  int
	cancel func()
}

func (s *interrupted) InTx(ctx context.Context, fn func(context.Context) error) error {
	err := s.Store.InTx(ctx, fn)
	if s.after--; s.after == 0 {
		s.cancel()
	}
	return err
}

func TestRekey_LeavesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	a, b, lost := secrets.GenerateKey(), secrets.GenerateKey(), secrets.GenerateKey()
	w := newWorld(t, a, 3)
	foreign := must[string](t)(ring(t, lost).SealKey(1, domain.KeyString, domain.KeySecret{String: "x"}))
	first := w.keys[0]
	must[domain.Key](t)(w.Keys().Update(t.Context(), first, func(k *domain.Key) error { k.Ciphertext = foreign; return nil }))
	both := ring(t, b, a)

	r := must[Report](t)(Check(t.Context(), w, both))
	if last := r.Uses[len(r.Uses)-1]; last.Status != StatusMissing || last.Rows != 1 || len(r.Unreadable) != 1 {
		t.Errorf("check: %+v", r)
	}
	done := must[Done](t)(Rekey(t.Context(), w, both, How{}))
	if done.Keys != 2 || len(done.Unreadable) != 1 || done.Unreadable[0].ID != int64(first) {
		t.Errorf("rekey: %+v", done)
	}
	if k := must[domain.Key](t)(w.Keys().Get(t.Context(), first)); k.Ciphertext != foreign {
		t.Error("the text that cannot be read was changed")
	}
}

func TestRollback(t *testing.T) {
	t.Parallel()
	a, b := secrets.GenerateKey(), secrets.GenerateKey()
	w := newWorld(t, a, batch+2)
	both := ring(t, b, a)
	file := filepath.Join(t.TempDir(), "backup")
	must[Done](t)(Rekey(t.Context(), w, both, How{Backup: file}))
	w.readable(ring(t, b))
	if info := must[os.FileInfo](t)(os.Stat(file)); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	if _, err := Rekey(t.Context(), w, both, How{Backup: file}); !domain.IsKind(err, domain.KindConflict) {
		t.Errorf("over a backup: %v", err)
	}
	// The key of the backup is not configured: nothing may be put back.
	if done := must[Done](t)(Rollback(t.Context(), w, ring(t, b), file, false)); done.Keys != 0 || len(done.Unreadable) != len(w.keys)+2 {
		t.Errorf("without the key: %+v", done)
	}
	w.readable(ring(t, b))

	// One secret is another by now.
	id := w.keys[len(w.keys)-1]
	k := must[domain.Key](t)(w.Keys().Get(t.Context(), id))
	fresh := must[string](t)(both.SealKey(k.ProjectID, k.Type, domain.KeySecret{String: "fresh"}))
	must[domain.Key](t)(w.Keys().Update(t.Context(), id, func(k *domain.Key) error { k.Ciphertext = fresh; return nil }))
	done := must[Done](t)(Rollback(t.Context(), w, both, file, false))
	if done.Keys != len(w.keys)-1 || done.Tasks != 1 || done.TOTPs != 1 || len(done.Unreadable) != 1 {
		t.Errorf("rollback: %+v", done)
	}
	w.keys = w.keys[:len(w.keys)-1]
	w.readable(ring(t, a))
}
