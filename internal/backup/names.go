package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Namer gives the rows of one kind names that differ, since a document refers
// to things by name.
type Namer struct {
	kind  string
	taken map[string]bool
}

// NewNamer returns a Namer for a kind of rows.
func NewNamer(kind string) *Namer { return &Namer{kind: kind, taken: map[string]bool{}} }

// Name returns the name of the next row: its own, and with an addition where an
// earlier row has that already. The same rows in the same order get the same
// names.
func (n *Namer) Name(own string) string {
	name := own
	for i := 2; n.taken[name]; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", n.kind, own, i))
		name = own + " - " + hex.EncodeToString(sum[:5])
	}
	n.taken[name] = true
	return name
}
