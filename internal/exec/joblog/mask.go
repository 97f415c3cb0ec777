package joblog

import "encoding/binary"

// Mask replaces a secret in the output.
const Mask = "***"

// Masker finds secrets in a stream. Most output has nothing to do with them, so
// a filter over the first bytes of all secrets skips through it, and only where
// it strikes an Aho-Corasick automaton looks closer. The automaton takes every
// byte once however the secrets overlap, so no output can make it slow.
type Masker struct {
	root    [256]int32 // the states of depth 1
	child   []int32    // first child, 0 none
	sibling []int32
	label   []byte
	fail    []int32
	depth   []int32
	found   []int32         // length of the longest secret ending here, 0 none
	filter  [1 << 10]uint64 // a bit for each hash of the first filterBytes
}

// filterBytes is what the filter looks at. No secret is shorter.
const filterBytes = minSecret

// NewMasker makes a masker for the secrets, or nil when there is none to hide.
func NewMasker(secrets []string) *Masker {
	patterns := Forms(secrets)
	if len(patterns) == 0 {
		return nil
	}
	return newMasker(patterns)
}

func newMasker(patterns []string) *Masker {
	total := 1
	for _, p := range patterns {
		total += len(p)
	}
	t := newTrie(total)
	for _, p := range patterns {
		t.add(p)
	}
	return t.build()
}

// trie is the tree of all patterns, numbered in order of insertion.
type trie struct {
	child, sibling []int32
	label          []byte
	found          []int32
	heads          []uint32 // first bytes of each pattern
}

func newTrie(room int) *trie {
	t := &trie{
		child: make([]int32, 0, room), sibling: make([]int32, 0, room),
		label: make([]byte, 0, room), found: make([]int32, 0, room),
	}
	t.node(0)
	return t
}

func (t *trie) node(label byte) int32 {
	t.child = append(t.child, 0)
	t.sibling = append(t.sibling, 0)
	t.label = append(t.label, label)
	t.found = append(t.found, 0)
	return int32(len(t.child) - 1)
}

func (t *trie) add(p string) {
	s := int32(0)
	for i := range len(p) {
		next := t.child[s]
		for next != 0 && t.label[next] != p[i] {
			next = t.sibling[next]
		}
		if next == 0 {
			next = t.node(p[i])
			t.sibling[next] = t.child[s]
			t.child[s] = next
		}
		s = next
	}
	t.found[s] = int32(len(p))
	t.heads = append(t.heads, binary.LittleEndian.Uint32([]byte(p[:filterBytes])))
}

// build renumbers the states by depth and adds failure links and the table.
func (t *trie) build() *Masker {
	n := len(t.child)
	m := &Masker{
		child: make([]int32, n), sibling: make([]int32, n), label: make([]byte, n),
		fail: make([]int32, n), depth: make([]int32, n), found: make([]int32, n),
	}
	order := make([]int32, 1, n) // new number → old number
	for i := 0; i < len(order); i++ {
		old := order[i]
		m.label[i], m.found[i] = t.label[old], t.found[old]
		var last int32
		for c := t.child[old]; c != 0; c = t.sibling[c] {
			at := int32(len(order))
			order = append(order, c)
			m.depth[at] = m.depth[i] + 1
			if last == 0 {
				m.child[i] = at
			} else {
				m.sibling[last] = at
			}
			last = at
		}
	}
	for c := m.child[0]; c != 0; c = m.sibling[c] {
		m.root[m.label[c]] = c
	}
	for i := range n {
		for c := m.child[i]; c != 0; c = m.sibling[c] {
			if i != 0 {
				m.fail[c] = m.follow(m.fail[i], m.label[c])
			}
			m.found[c] = max(m.found[c], m.found[m.fail[c]])
		}
	}
	for _, p := range t.heads {
		h := headHash(p)
		m.filter[h>>6] |= 1 << (h & 63)
	}
	return m
}

// headHash spreads the first bytes of a secret over the bits of the filter.
func headHash(head uint32) uint32 { return head * 0x9E3779B1 >> 16 }

// skip returns the first place from at on where a secret may begin.
func (m *Masker) skip(src []byte, at int) int {
	for ; at+8 <= len(src); at += 4 {
		v := binary.LittleEndian.Uint64(src[at:])
		h0, h1, h2, h3 := headHash(uint32(v)), headHash(uint32(v>>8)), headHash(uint32(v>>16)), headHash(uint32(v>>24))
		b0, b1 := m.filter[h0>>6&1023]>>(h0&63), m.filter[h1>>6&1023]>>(h1&63)
		b2, b3 := m.filter[h2>>6&1023]>>(h2&63), m.filter[h3>>6&1023]>>(h3&63)
		if (b0|b1|b2|b3)&1 == 0 {
			continue
		}
		switch {
		case b0&1 != 0:
			return at
		case b1&1 != 0:
			return at + 1
		case b2&1 != 0:
			return at + 2
		}
		return at + 3
	}
	for ; at+filterBytes <= len(src); at++ {
		if h := headHash(binary.LittleEndian.Uint32(src[at:])); m.filter[h>>6]>>(h&63)&1 != 0 {
			break
		}
	}
	return at // too near to the end to tell
}

// follow is one step of the automaton.
func (m *Masker) follow(s int32, b byte) int32 {
	for s != 0 {
		c := m.child[s]
		for c != 0 && m.label[c] != b {
			c = m.sibling[c]
		}
		if c != 0 {
			return c
		}
		s = m.fail[s]
	}
	return m.root[b]
}

// region is a part of the output to hide, in bytes from the start of the
// current piece; negative is held back from earlier.
type region struct{ start, end int }

// masking is the state of one stream.
type masking struct {
	*Masker
	state   int32
	held    []byte   // not given out yet: could be the beginning of a secret
	covered int      // where the last mask that was given out ends, as in region
	regions []region // found, disjoint, ascending, not given out
}

func (m *Masker) stream() *masking { return &masking{Masker: m, covered: longAgo} }

const longAgo = -1 << 40

// write appends to dst what may be shown after src was read. It holds back at
// most the length of the longest secret, less one.
func (k *masking) write(dst, src []byte) []byte {
	s := k.state
	for i := 0; i < len(src); i++ {
		if begun := i - int(k.depth[s]); begun >= 0 && k.depth[s] < filterBytes {
			// Not far into anything: is it worth going on?
			if next := k.skip(src, begun); next > begun {
				if s, i = 0, next; i == len(src) {
					break
				}
			}
		}
		s = k.follow(s, src[i])
		if k.found[s] != 0 {
			k.add(region{i + 1 - int(k.found[s]), i + 1})
			if k.child[s] == 0 {
				s = k.fail[s] // it cannot get longer: nothing to wait for
			}
		}
	}
	k.state = s
	return k.give(dst, src, len(src)-int(k.depth[s]))
}

// close gives out the rest.
func (k *masking) close(dst []byte) []byte {
	k.state = 0
	return k.give(dst, nil, 0)
}

// add notes a find; ends only grow, so it can only swallow the last ones.
func (k *masking) add(r region) {
	for n := len(k.regions); n > 0 && k.regions[n-1].end >= r.start; n-- {
		r.start = min(r.start, k.regions[n-1].start)
		k.regions = k.regions[:n-1]
	}
	k.regions = append(k.regions, r)
}

// give appends everything before safe, where no later find can begin.
func (k *masking) give(dst, src []byte, safe int) []byte {
	at := max(-len(k.held), min(k.covered, safe))
	done := 0
	for _, r := range k.regions {
		if r.start >= safe {
			break
		}
		done++
		if r.start > k.covered {
			dst = append(k.copy(dst, src, at, r.start), Mask...)
		}
		k.covered = max(k.covered, r.end)
		at = max(at, min(k.covered, safe))
	}
	dst = k.copy(dst, src, at, safe)

	// What comes next counts from the end of src.
	k.regions = k.regions[:copy(k.regions, k.regions[done:])]
	for i := range k.regions {
		k.regions[i].start -= len(src)
		k.regions[i].end -= len(src)
	}
	k.covered = max(k.covered-len(src), longAgo)
	if safe >= 0 {
		k.held = append(k.held[:0], src[safe:]...)
	} else {
		k.held = append(k.held[:copy(k.held, k.held[len(k.held)+safe:])], src...)
	}
	return dst
}

// copy appends the bytes from a to b, which may begin in what is held back.
func (k *masking) copy(dst, src []byte, a, b int) []byte {
	if a < 0 && a < b {
		dst = append(dst, k.held[len(k.held)+a:len(k.held)+min(b, 0)]...)
		a = 0
	}
	if a < b {
		dst = append(dst, src[a:b]...)
	}
	return dst
}

// Text hides the secrets of a text. A nil masker hides nothing.
func (m *Masker) Text(text string) string {
	if m == nil {
		return text
	}
	k := m.stream()
	return string(k.close(k.write(nil, []byte(text))))
}
