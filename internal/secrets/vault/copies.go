package vault

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"signalbox/internal/domain"
	"signalbox/internal/secrets"
	"signalbox/internal/store"
)

// line is a sealed text in a backup, which has one per line.
type line struct {
	Kind    string `json:"kind,omitempty"` // absent: a key, as in backups of the reference
	Project int64  `json:"project_id,omitempty"`
	KeyID   int64  `json:"key_id,omitempty"`
	TaskID  int64  `json:"task_id,omitempty"`
	TOTPID  int64  `json:"totp_id,omitempty"`
	Secret  string `json:"secret"`
}

// maxLine bounds a line of a backup; a private key is far smaller.
const maxLine = 16 << 20

func (l line) of() (kind string, id int64) {
	switch {
	case l.Kind == KindTask:
		return KindTask, l.TaskID
	case l.Kind == KindTOTP:
		return KindTOTP, l.TOTPID
	case l.Kind == KindKey || l.Kind == "":
		return KindKey, l.KeyID
	}
	return l.Kind, 0
}

// copies is a backup that is being written.
type copies struct{ f *os.File }

func createCopies(name string) (*copies, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, domain.Conflict("the backup %s exists already; name another file", name)
	}
	if err != nil {
		return nil, fmt.Errorf("make the backup: %w", err)
	}
	return &copies{f}, nil
}

// add returns when the texts are on the disk.
func (c *copies) add(kind string, list []item) error {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	for _, i := range list {
		l := line{Kind: kind, Project: int64(i.project), Secret: i.sealed}
		switch kind {
		case KindKey:
			l.KeyID = i.id
		case KindTask:
			l.TaskID = i.id
		case KindTOTP:
			l.TOTPID = i.id
		}
		if err := e.Encode(l); err != nil {
			return err
		}
	}
	_, err := c.f.Write(text.Bytes())
	if err = errors.Join(err, c.f.Sync()); err != nil {
		return fmt.Errorf("write the backup: %w", err)
	}
	return nil
}

func (c *copies) close() error { return c.f.Close() }

// Rollback puts back the texts of a backup of Rekey. Those that hold something
// else by now, or that the ring cannot open, are left alone and reported; those
// that are gone are passed over.
func Rollback(ctx context.Context, st store.Store, ring *secrets.Keyring, file string, dry bool) (done Done, err error) {
	f, err := os.Open(file)
	if err != nil {
		return done, domain.Invalid("--rollback", "%s", err)
	}
	defer func() { _ = f.Close() }() // read-only
	lines, err := readLines(f)
	if err != nil {
		return done, domain.Invalid("--rollback", "%s: %s", file, err)
	}
	on := map[string]shelf{}
	for _, s := range shelves(st) {
		on[s.kind] = s
	}
	for start := 0; start < len(lines); start += batch {
		part := lines[start:min(start+batch, len(lines))]
		var made Done
		err := st.InTx(ctx, func(ctx context.Context) error {
			made = Done{} // it may run again
			for _, l := range part {
				kind, _ := l.of()
				if err := on[kind].putBack(ctx, st, ring, l, dry, &made); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return done, err
		}
		done.Keys, done.Tasks, done.TOTPs = done.Keys+made.Keys, done.Tasks+made.Tasks, done.TOTPs+made.TOTPs
		done.Kept += made.Kept
		done.Unreadable = append(done.Unreadable, made.Unreadable...)
	}
	return done, nil
}

func readLines(r io.Reader) (lines []line, err error) {
	scan := bufio.NewScanner(r)
	scan.Buffer(nil, maxLine)
	for n := 1; scan.Scan(); n++ {
		if len(bytes.TrimSpace(scan.Bytes())) == 0 {
			continue
		}
		var l line
		err := json.Unmarshal(scan.Bytes(), &l)
		if kind, id := l.of(); err != nil || id <= 0 || l.Secret == "" || kind != KindKey && kind != KindTask && kind != KindTOTP {
			return nil, fmt.Errorf("line %d is not a line of a backup", n)
		}
		lines = append(lines, l)
	}
	return lines, scan.Err()
}

func (s shelf) putBack(ctx context.Context, st store.Store, ring *secrets.Keyring, l line, dry bool, done *Done) error {
	_, id := l.of()
	place, err := placeOf(ctx, st, s.kind, id)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	var put, kept bool
	reason := ""
	err = s.change(ctx, id, func(now string) (string, error) {
		put, kept, reason = false, false, ""
		old, err := ring.Open(l.Secret, place)
		switch present, lost := ring.Open(now, place); {
		case now == l.Secret:
			kept = true
			return now, nil
		case err != nil:
			reason = "the text of the backup cannot be opened with the keys that are configured"
		case now == "":
			reason = "it was removed since"
		case lost == nil && !bytes.Equal(present, old):
			reason = "it was changed since"
		default:
			put = true
			if !dry {
				return l.Secret, nil
			}
		}
		return now, nil
	})
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("put back %s %d: %w", s.kind, id, err)
	case put:
		done.count(s.kind)
	case kept:
		done.Kept++
	case reason != "":
		done.Unreadable = append(done.Unreadable, Unreadable{Kind: s.kind, ID: id, Project: l.Project, Reason: reason})
	}
	return nil
}

// placeOf is the place a stored text is sealed for; a backup is not asked.
func placeOf(ctx context.Context, st store.Store, kind string, id int64) (string, error) {
	switch kind {
	case KindKey:
		k, err := st.Keys().Get(ctx, domain.KeyID(id))
		return secrets.KeyPlace(k.ProjectID), err
	case KindTOTP:
		f, err := st.TOTPs().Get(ctx, domain.TOTPID(id))
		return f.Place(), err
	}
	return secrets.TaskPlace, nil
}
