package config

import (
	"strings"
)

// errorText is an error that is its text.
type errorText string

func (e errorText) Error() string { return string(e) }

// Problem is one mistake in the configuration.
type Problem struct {
	Source string // file, "environment variable X" or a flag
	Key    string // "" when the whole source is at fault
	// Message says what is wrong, naming the value (masked when it is secret)
	// and the form that is expected.
	Message string
}

// String is the line a user reads.
func (p Problem) String() string {
	line := p.Source + ": " + p.Message
	if p.Key != "" {
		line = p.Source + ": " + p.Key + ": " + p.Message
	}
	return strings.Join(strings.Fields(line), " ")
}

// Error is everything that is wrong with a configuration, one line each.
type Error struct{ Problems []Problem }

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// nearest returns the known name closest to a mistyped one, "" when none is
// close.
func nearest(name string, known []string) string {
	best, distance := "", min(len(name), 1+max(2, len(name)/3))
	for _, candidate := range known {
		if d := editDistance(name, candidate); d < distance {
			best, distance = candidate, d
		}
	}
	return best
}

// editDistance counts the insertions, deletions and substitutions between two
// names.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
