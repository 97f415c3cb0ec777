// Package vault looks after everything that is stored sealed: it counts which
// keys are still needed, and seals it again with another key while the server
// runs. It promises never to overwrite a text that it cannot open, and to leave
// nothing half written wherever it is interrupted.
package vault

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"signalbox/internal/domain"
	"signalbox/internal/secrets"
	"signalbox/internal/store"
)

// Kinds of sealed texts, as reports and backups call them.
const (
	KindKey  = "key"  // of the key store
	KindTask = "task" // secret answers of a task that has not ended
	KindTOTP = "totp" // second factor of a user
)

// batch is how many texts are changed in one transaction: short enough that a
// running server hardly waits.
const batch = 50

// maxPasses bounds how often Rekey starts over for what others changed
// meanwhile.
const maxPasses = 20

// item is one sealed text.
type item struct {
	id      int64
	project domain.ProjectID // 0: of none
	sealed  string           // "" for none
	place   string
}

// shelf is where texts of one kind are stored.
type shelf struct {
	kind string
	// list returns items behind the one numbered cursor, in one order; 0 is the
	// start.
	list func(ctx context.Context, cursor int64) ([]item, error)
	// change replaces a text by what fn makes of it. It has store.ErrNotFound for
	// one that is gone.
	change func(ctx context.Context, id int64, fn func(sealed string) (string, error)) error
}

func shelves(st store.Store) []shelf {
	return []shelf{
		{
			kind: KindKey,
			list: func(ctx context.Context, cursor int64) (list []item, err error) {
				keys, err := st.Keys().List(ctx, store.Where(store.Gt("id", cursor)).Max(batch))
				for _, k := range keys {
					list = append(list, item{int64(k.ID), k.ProjectID, k.Ciphertext, secrets.KeyPlace(k.ProjectID)})
				}
				return list, err
			},
			change: func(ctx context.Context, id int64, fn func(string) (string, error)) error {
				_, err := st.Keys().Update(ctx, domain.KeyID(id), func(k *domain.Key) (err error) {
					k.Ciphertext, err = fn(k.Ciphertext)
					return err
				})
				return err
			},
		},
		{
			kind: KindTask,
			list: func(ctx context.Context, cursor int64) (list []item, err error) {
				var unfinished []domain.TaskStatus // the store erases the secrets of the others
				for _, status := range domain.Statuses() {
					if !status.Terminal() {
						unfinished = append(unfinished, status)
					}
				}
				tasks, err := st.Tasks().List(ctx, store.TaskFilter{Statuses: unfinished, Before: domain.TaskID(cursor), Limit: batch})
				if err != nil {
					return nil, err
				}
				for _, t := range tasks {
					d, err := st.Tasks().Definition(ctx, t.ID)
					if err != nil && !errors.Is(err, store.ErrNotFound) { // it may be deleted meanwhile
						return nil, err
					}
					list = append(list, item{int64(t.ID), t.ProjectID, d.Secret, secrets.TaskPlace})
				}
				return list, nil
			},
			change: func(ctx context.Context, id int64, fn func(string) (string, error)) error {
				return st.Tasks().Reseal(ctx, domain.TaskID(id), fn)
			},
		},
		{
			kind: KindTOTP,
			list: func(ctx context.Context, cursor int64) (list []item, err error) {
				factors, err := st.TOTPs().List(ctx, store.Where(store.Gt("id", cursor)).Max(batch))
				for _, f := range factors {
					list = append(list, item{id: int64(f.ID), sealed: f.Secret, place: f.Place()})
				}
				return list, err
			},
			change: func(ctx context.Context, id int64, fn func(string) (string, error)) error {
				_, err := st.TOTPs().Update(ctx, domain.TOTPID(id), func(f *domain.TOTP) (err error) {
					f.Secret, err = fn(f.Secret)
					return err
				})
				return err
			},
		},
	}
}

// each calls fn with the sealed texts of a shelf, batch by batch.
func (s shelf) each(ctx context.Context, fn func([]item) error) error {
	for cursor := int64(0); ; {
		list, err := s.list(ctx, cursor)
		if err != nil {
			return fmt.Errorf("read secrets of kind %s: %w", s.kind, err)
		}
		if len(list) == 0 {
			return ctx.Err()
		}
		cursor = list[len(list)-1].id
		list = slices.DeleteFunc(list, func(i item) bool { return i.sealed == "" })
		if err := fn(list); err != nil {
			return err
		}
	}
}

// Status is what can be done with a key.
type Status string

const (
	StatusActive  Status = "active"
	StatusPending Status = "retired, rekey pending"
	StatusUnused  Status = "retired, SAFE TO REMOVE"
	StatusMissing Status = "MISSING KEY (cannot decrypt)"
)

// KeyUse says how many texts need a key.
type KeyUse struct {
	ID     string
	Label  string // "" for one that has no name
	Rows   int
	Status Status
}

// Unreadable is a text that cannot be opened.
type Unreadable struct {
	Kind    string
	ID      int64
	Project int64 // 0: of none
	Reason  string
}

// Report says which keys the stored texts need.
type Report struct {
	Keys, Tasks, TOTPs int // texts by kind
	Uses               []KeyUse
	Unreadable         []Unreadable
}

// Check opens everything that is stored sealed and changes nothing.
func Check(ctx context.Context, st store.Store, ring *secrets.Keyring) (Report, error) {
	var r Report
	rows := map[string]int{}
	for _, s := range shelves(st) {
		err := s.each(ctx, func(list []item) error {
			for _, i := range list {
				switch s.kind {
				case KindKey:
					r.Keys++
				case KindTask:
					r.Tasks++
				case KindTOTP:
					r.TOTPs++
				}
				if id, ok := secrets.KeyID(i.sealed); ok {
					rows[id]++
				}
				if _, err := ring.Open(i.sealed, i.place); err != nil {
					r.Unreadable = append(r.Unreadable, s.unreadable(i, err))
				}
			}
			return nil
		})
		if err != nil {
			return r, err
		}
	}
	for n, k := range ring.Keys() {
		use := KeyUse{ID: k.ID, Label: k.Label, Rows: rows[k.ID], Status: StatusPending}
		switch {
		case n == 0:
			use.Status = StatusActive
		case use.Rows == 0:
			use.Status = StatusUnused
		}
		delete(rows, k.ID)
		r.Uses = append(r.Uses, use)
	}
	var missing []KeyUse
	for id, n := range rows {
		missing = append(missing, KeyUse{ID: id, Rows: n, Status: StatusMissing})
	}
	slices.SortFunc(missing, func(a, b KeyUse) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	r.Uses = append(r.Uses, missing...)
	return r, nil
}

func (s shelf) unreadable(i item, err error) Unreadable {
	reason := "it is damaged, or belongs elsewhere"
	if errors.Is(err, secrets.ErrUnknownKey) {
		id, _ := secrets.KeyID(i.sealed)
		reason = "its key " + id + " is not configured"
	}
	return Unreadable{Kind: s.kind, ID: i.id, Project: int64(i.project), Reason: reason}
}

// How says how to seal again.
type How struct {
	DryRun bool
	// Backup is a file to make, which gets the texts that are replaced, as they
	// were; "" for none.
	Backup string
}

// Done says what Rekey or Rollback did, or would have done.
type Done struct {
	Keys, Tasks, TOTPs int // changed, by kind
	Kept               int // that were as wanted
	Unreadable         []Unreadable
}

func (d *Done) count(kind string) {
	switch kind {
	case KindKey:
		d.Keys++
	case KindTask:
		d.Tasks++
	case KindTOTP:
		d.TOTPs++
	}
}

// errMoved: somebody else changed the text since it was listed.
var errMoved = errors.New("changed meanwhile")

// Rekey seals everything again that was not sealed with the first key of the
// ring. It may be interrupted and called again at any time, also while a server
// works on the store. Texts that cannot be opened stay as they are and are
// reported; they are no error.
func Rekey(ctx context.Context, st store.Store, ring *secrets.Keyring, how How) (done Done, err error) {
	var copyTo *copies
	if how.Backup != "" && !how.DryRun {
		if copyTo, err = createCopies(how.Backup); err != nil {
			return done, err
		}
		defer func() { err = errors.Join(err, copyTo.close()) }()
	}
	for pass := 1; ; pass++ {
		done.Kept, done.Unreadable = 0, nil
		again := false
		for _, s := range shelves(st) {
			err := s.each(ctx, func(list []item) error {
				var stale []item
				for _, i := range list {
					if !ring.Stale(i.sealed) {
						done.Kept++
					} else if _, err := ring.Open(i.sealed, i.place); err != nil {
						done.Unreadable = append(done.Unreadable, s.unreadable(i, err))
					} else {
						stale = append(stale, i)
					}
				}
				if how.DryRun {
					for range stale {
						done.count(s.kind)
					}
					return nil
				}
				if len(stale) == 0 {
					return nil
				}
				if copyTo != nil {
					if err := copyTo.add(s.kind, stale); err != nil {
						return err
					}
				}
				again = true
				n, err := s.reseal(ctx, st, ring, stale)
				for range n {
					done.count(s.kind)
				}
				return err
			})
			if err != nil {
				return done, err
			}
		}
		if !again {
			if !how.DryRun { // the last pass counted what the others changed
				done.Kept = max(done.Kept-done.Keys-done.Tasks-done.TOTPs, 0)
			}
			return done, nil
		}
		if pass == maxPasses {
			return done, errors.New("a server keeps sealing with another key: give it the same active key first")
		}
	}
}

// reseal changes texts in one transaction, and reads them again when it is
// complete. It returns how many there were; those that others changed meanwhile
// are left out.
func (s shelf) reseal(ctx context.Context, st store.Store, ring *secrets.Keyring, list []item) (int, error) {
	var changed []item
	var plains [][]byte
	err := st.InTx(ctx, func(ctx context.Context) error {
		changed, plains = nil, nil // it may run again
		for _, i := range list {
			var sealed string
			var plain []byte
			err := s.change(ctx, i.id, func(now string) (_ string, err error) {
				sealed = ""
				if now != i.sealed {
					return now, nil
				}
				if plain, err = ring.Open(now, i.place); err != nil {
					return "", err
				}
				if sealed, err = ring.Seal(plain, i.place); err != nil {
					return "", err
				}
				return sealed, nil
			})
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return fmt.Errorf("seal %s %d again: %w", s.kind, i.id, err)
			}
			if sealed != "" {
				i.sealed = sealed
				changed, plains = append(changed, i), append(plains, plain)
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	primary := ring.Primary()
	for n, i := range changed {
		err := s.change(ctx, i.id, func(now string) (string, error) {
			if now != i.sealed {
				return "", errMoved // another one's work by now
			}
			plain, err := primary.Open(now, i.place)
			if err == nil && !bytes.Equal(plain, plains[n]) {
				err = secrets.ErrDamaged
			}
			if err != nil {
				return "", err
			}
			return now, nil
		})
		if err != nil && !errors.Is(err, errMoved) && !errors.Is(err, store.ErrNotFound) {
			return n, fmt.Errorf("read %s %d again after writing it: %w", s.kind, i.id, err)
		}
	}
	return len(changed), nil
}
