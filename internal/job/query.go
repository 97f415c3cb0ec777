package job

import "time"

// Questions about a repository. Those about its files look at the commit that
// Repository.Branch or Repository.Commit names, or into a local directory that
// is used in place.
const (
	QueryBranches = "branches" // Answer.Branches
	QueryTags     = "tags"     // Answer.Tags
	QueryCommit   = "commit"   // Answer.Commit: the newest of the branch, or the named one
	QueryFiles    = "files"    // Answer.Files, Answer.Truncated
	QueryFile     = "file"     // Answer.File
)

// QueryPrograms asks about the machine instead: which programs of apps there
// are, and in which version. Answer.Programs has one for each of Query.Programs,
// in their order.
const QueryPrograms = "programs"

// Query is a question to "signalbox job query", given as JSON on its standard
// input. It is answered by a process of its own, because git and the
// apps must not run in the server.
type Query struct {
	Op          string
	ProjectID   int64
	Repository  Repository
	Credentials []HostCredential
	Host        Host
	Timeout     time.Duration // zero: 20 s

	// Path is the directory to list ("" is the root), or the file to read.
	Path  string
	Files FileQuery

	Programs []ProgramQuery
}

// ProgramQuery asks for the program of an app.
type ProgramQuery struct {
	App string
	// Candidates are looked up on PATH unless absolute; the first that is found
	// counts.
	Candidates []string
	// VersionArgs make it print its version; none: it is not run.
	VersionArgs []string
}

// Program is what a machine knows of the program of an app.
type Program struct {
	App     string `json:"app"`
	Path    string `json:"path,omitempty"`    // "": not found
	Version string `json:"version,omitempty"` // "": it did not say
}

// FileQuery bounds a list of files.
type FileQuery struct {
	Recursive bool
	// Suffixes keeps only files whose names end in one of them, in any case.
	// Directories are kept in lists that are not recursive.
	Suffixes []string
	Limit    int // entries; 0: 1000, at most 10000
}

// FileEntry is a file of a repository. Kind is "file", "dir", "link" or
// "submodule"; Size is that of files, in bytes.
type FileEntry struct {
	Path string `json:"path"` // from the root, with slashes
	Kind string `json:"kind"`
	Size int64  `json:"size,omitempty"`
	Exec bool   `json:"exec,omitempty"`
	Link string `json:"link,omitempty"` // the commit of a submodule
}

// FileContent is what a file holds, at most a mebibyte of it.
type FileContent struct {
	Path      string `json:"path"`
	Size      int64  `json:"size"` // of the whole file
	Data      []byte `json:"data"` // base64 in JSON
	Truncated bool   `json:"truncated,omitempty"`
}

// Answer comes back as JSON on standard output. Error is a sentence for the
// user, and then nothing else is set.
type Answer struct {
	Branches  []string     `json:"branches"`
	Tags      []string     `json:"tags,omitempty"`
	Commit    *Commit      `json:"commit,omitempty"`
	Files     []FileEntry  `json:"files,omitempty"`
	Truncated bool         `json:"truncated,omitempty"` // Files is not all
	File      *FileContent `json:"file,omitempty"`
	Programs  []Program    `json:"programs,omitempty"`
	Error     string       `json:"error,omitempty"`
}
