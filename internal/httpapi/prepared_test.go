package httpapi_test

import (
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/httpapi"
	"signalbox/internal/store/sqlstore"
)

// prepared is a database that is made by the first test that wants it, and
// copied for all others: migrating one and filling it through the API takes
// longer than most tests.
type prepared struct {
	name string
	make func(t testing.TB) *world
	once sync.Once

	file []byte
	// What a test knows about it, in a world without a site.
	world  world
	other  *world
	key    string // what its secrets are sealed with
	now    time.Time
	log    []byte // what the server said meanwhile, for tests that look for secrets
	tokens map[string]string
	users  map[string]domain.User
}

var (
	// preparedSite holds the administrator and nothing else.
	preparedSite = prepared{name: "site", make: func(t testing.TB) *world {
		s := openSite(t, sqlstore.Config{Path: filepath.Join(t.TempDir(), "site.db")}, newKey(), time.Now().UTC())
		s.addUser("admin", true)
		return &world{site: s}
	}}
	// preparedWorld holds a world.
	preparedWorld = prepared{name: "world", make: func(t testing.TB) *world {
		w := &world{site: newSite(t)}
		w.begin()
		return w
	}}
	// preparedPair holds a world with a task that waits, and another one of the
	// administrator alone.
	preparedPair = prepared{name: "pair", make: func(t testing.TB) *world {
		w := newWorld(t)
		other := &world{site: w.site}
		other.project = w.must("admin", "POST", "/api/projects", object{"name": "Other"})
		other.furnish("admin", "other-")
		w.launch()
		w.other = other
		return w
	}}
)

// copy returns a world, and in it a site, of its own.
func (p *prepared) copy(t testing.TB, change ...func(*httpapi.Deps)) *world {
	t.Helper()
	p.once.Do(func() { p.prepare(t) })
	if p.file == nil {
		t.Fatalf("the database %q could not be prepared; the test that tried says why", p.name)
	}
	path := filepath.Join(t.TempDir(), "test.db")
	if err := os.WriteFile(path, p.file, 0o600); err != nil {
		t.Fatal(err)
	}
	w := p.world
	w.site = openSite(t, sqlstore.Config{Path: path}, p.key, p.now, change...)
	w.log.Write(p.log)
	w.tokens, w.users = maps.Clone(p.tokens), maps.Clone(p.users)
	if p.other != nil {
		other := *p.other
		other.site = w.site
		w.other = &other
	}
	return &w
}

func (p *prepared) prepare(t testing.TB) {
	t.Helper()
	w := p.make(t)
	path := filepath.Join(t.TempDir(), "prepared.db")
	// The file alone is not all there is, as long as the log beside it is in use.
	if _, err := w.eye().ExecContext(t.Context(), "vacuum into ?", path); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p.key, p.now, p.log, p.tokens, p.users = w.sealedBy, w.clock.Now(), w.log.Bytes(), w.tokens, w.users
	p.world, p.other = *w, w.other
	p.world.site, p.world.other = nil, nil
	p.file = file
}

// TestDump_SeesWhatIsCommitted makes sure that what was refused is held against
// the database as it is, not as it was.
func TestDump_SeesWhatIsCommitted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for round := range 3 {
		before := w.dump()
		if w.dump() != before {
			t.Errorf("round %d: nothing was done, and it differs", round)
		}
		w.must("owner", "POST", w.path("/views"), object{"title": "new", "project_id": w.project})
		if after := w.dump(); after == before || after != w.read() {
			t.Errorf("round %d: a new row is not seen", round)
		}
	}
}
