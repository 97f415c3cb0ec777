package job

import "time"

// QueryBranches asks for the branches of a repository.
const QueryBranches = "branches"

// Query is a question to "signalbox job query", given as JSON on its standard
// input. It is answered by a process of its own, because git must not run in
// the server.
type Query struct {
	Op         string
	ProjectID  int64
	Repository Repository
	Host       Host
	Timeout    time.Duration // zero: 20 s
}

// Answer comes back as JSON on standard output. Error is a sentence for the
// user, and then nothing else is set.
type Answer struct {
	Branches []string `json:"branches"`
	Error    string   `json:"error,omitempty"`
}
