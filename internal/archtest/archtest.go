// Package archtest holds the structure of the house as a test: who may import
// whom and why, that packages say what they are for, that state lives in values
// and not in packages, and that every dependency has its reason written down.
//
// When a rule stands in the way of something good, change the rule together
// with its reason.
package archtest

import (
	"path"
	"strings"
)

const module = "signalbox/"

// A layer is a ring of the house. A package may import packages of inner rings
// and of its own, never of outer ones.
type layer struct {
	name string
	// packages are names below the module; a name ending in "/..." stands for a
	// package and all below it.
	packages []string
	// apart is set where packages of the same ring do not import each other,
	// unless they belong to the same entry.
	apart   bool
	because string
}

// layers goes from the middle to the rim. Every package has its place here.
func layers() []layer {
	return []layer{
		{
			name:     "domain",
			packages: []string{"internal/domain"},
			because:  "the words of the product depend on nothing, so that everything can depend on them",
		},
		{
			name:     "contracts",
			packages: []string{"internal/ansibleresult", "internal/audit", "internal/authz", "internal/job", "internal/logchunk", "internal/store", "internal/live"},
			because:  "a contract that knew one of its implementations would fit only that one",
		},
		{
			name: "capabilities",
			packages: []string{
				"internal/access", "internal/auth/...", "internal/backup", "internal/catalog/...", "internal/client", "internal/config", "internal/dispatch/...", "internal/exec/...",
				"internal/mail", "internal/notify/...", "internal/runner", "internal/secrets/...", "internal/tasks/...", "internal/store/storetest",
			},
			because: "use cases ask for abilities, so that a database or the web can be replaced without touching them",
		},
		{
			name: "adapters",
			packages: []string{
				"internal/cli", "internal/httpapi/...", "internal/store/sqlstore/...", "internal/store/boltstore", "internal/store/kv", "internal/store/rowmap", "internal/store/rules", "internal/store/schema", "internal/store/transfer", "internal/webui",
			},
			apart:   true,
			because: "each technology can be understood, tested and exchanged alone",
		},
		{
			name:     "composition root",
			packages: []string{"internal/app"},
			because:  "one place sees everything and connects it",
		},
		{
			name:     "programs and tests",
			packages: []string{"cmd/signalbox", "internal/archtest", "internal/store/storetest/cmd/conformance", "internal/testkit/...", "test/..."},
			because:  "nothing is built on a program or on a test's helper",
		},
	}
}

// A ban keeps packages from importing others, also by way of third packages
// when it is deep.
type ban struct {
	from    []string
	never   []string // import paths; those of this module without its name
	except  []string
	deep    bool
	because string
}

func bans() []ban {
	return []ban{
		{
			from:    []string{"internal/domain"},
			never:   []string{"os", "os/exec", "io/fs", "net", "net/http", "database/sql"},
			because: "the domain does no I/O",
		},
		{
			from:    []string{"internal/exec/...", "internal/runner", "internal/job"},
			never:   []string{"internal/store/...", "internal/httpapi/...", "internal/webui", "internal/auth/...", "internal/tasks/..."},
			deep:    true,
			because: "what runs beside users' programs stays small, and cannot reach the database or sessions",
		},
		{
			from:    []string{"internal/tasks/...", "internal/dispatch/...", "internal/auth/...", "internal/httpapi/...", "internal/mail", "internal/secrets/...", "internal/store/..."},
			never:   []string{"internal/config"},
			because: "settings are handed over as values: a part that reads the whole configuration cannot be tested alone",
		},
		{
			from:    []string{"internal/..."},
			except:  []string{"internal/exec/...", "internal/job", "internal/runner", "internal/testkit/...", "internal/store/storetest", "internal/archtest", "internal/app"}, // app finds out which programs there are, storetest kills its own
			never:   []string{"os/exec"},
			because: "the server never runs what users influence; programs are started by jobs",
		},
		{
			from:    []string{"internal/..."},
			except:  []string{"internal/store/sqlstore/...", "internal/store/rowmap"},
			never:   []string{"database/sql", "github.com/uptrace/bun/...", "modernc.org/sqlite/...", "github.com/jackc/pgx/v5/...", "github.com/go-sql-driver/mysql/...", "github.com/pressly/goose/..."},
			because: "SQL has one home",
		},
		{
			from:    []string{"internal/..."},
			except:  []string{"internal/store/kv", "internal/store/boltstore"},
			never:   []string{"go.etcd.io/bbolt/..."},
			because: "Bolt has one home",
		},
		{
			from:    []string{"internal/..."},
			except:  []string{"internal/httpapi/..."},
			never:   []string{"github.com/danielgtaylor/huma/...", "github.com/coder/websocket/..."},
			because: "the web framework has one home",
		},
		{
			from:    []string{"internal/..."},
			except:  []string{"internal/exec/gitrepo"},
			never:   []string{"github.com/go-git/..."},
			because: "the git library has one home, behind the same interface as the program",
		},
		{
			from:    []string{"internal/..."},
			except:  []string{"internal/mail"},
			never:   []string{"github.com/wneessen/go-mail/..."},
			because: "mail has one home, which bounds the time and keeps headers apart from texts",
		},
		{
			from:    []string{"internal/..."},
			except:  []string{"internal/cli"},
			never:   []string{"github.com/spf13/cobra/...", "github.com/spf13/pflag/..."},
			because: "the command line has one home",
		},
	}
}

// matches reports whether a name is one of the patterns.
func matches(name string, patterns []string) bool {
	for _, p := range patterns {
		if covers(p, name) {
			return true
		}
	}
	return false
}

func covers(pattern, name string) bool {
	if tree, ok := strings.CutSuffix(pattern, "/..."); ok {
		return name == tree || strings.HasPrefix(name, tree+"/")
	}
	return pattern == name
}

// place finds the ring of a package and the entry it belongs to: the longest one
// that covers it.
func place(name string, rings []layer) (ring int, entry string) {
	ring = -1
	for i, l := range rings {
		for _, p := range l.packages {
			if covers(p, name) && (ring < 0 || len(p) > len(entry)) {
				ring, entry = i, p
			}
		}
	}
	return ring, entry
}

// family is what packages of one entry, or of one directory below internal,
// share: a part and its helpers may import each other.
func family(entry string) string {
	name := strings.TrimSuffix(entry, "/...")
	if strings.HasPrefix(name, "internal/store/") {
		return "internal/store"
	}
	return path.Clean(name)
}
