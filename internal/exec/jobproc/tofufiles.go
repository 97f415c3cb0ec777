package jobproc

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/apps/terraform"
	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/joblog"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

// tofuFiles is what outlives runs of this family in the data directory: local
// state of configurations without a backend, which backend the last run used, and
// providers.
type tofuFiles struct {
	state   string // directory of this template and configuration
	plugins string // directory of the project's providers
	locks   string
	data    string // TF_DATA_DIR of the run
}

const (
	stateName     = "terraform.tfstate"
	workspacesDir = "terraform.tfstate.d"
	backendRecord = "backend.json" // the program's own record of the backend
)

func openTofuFiles(spec *job.Spec) (tofuFiles, error) {
	project := "project_" + strconv.FormatInt(spec.ProjectID, 10)
	config := "root"
	if dir := filepath.Clean("/" + spec.Playbook); dir != "/" {
		config = "dir_" + url.PathEscape(dir[1:])
	}
	base := filepath.Join(spec.Host.DataDir, "terraform")
	f := tofuFiles{
		state:   filepath.Join(spec.Host.DataDir, "states", project, "template_"+strconv.FormatInt(spec.TemplateID, 10), config),
		plugins: filepath.Join(base, "plugins", project),
		locks:   filepath.Join(base, "locks"),
	}
	for _, dir := range []string{f.state, f.plugins, f.locks} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return f, workspace.Explain(err, "make a directory for the state and the providers")
		}
	}
	return f, nil
}

// seed gives the run the record of the last one, so that a backend that has
// changed since is noticed.
//
// Without it the program takes any backend as it is, which is what reconfiguring
// means.
func (f *tofuFiles) seed(data string, reconfigure bool) error {
	f.data = data
	if reconfigure {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(f.state, backendRecord))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(data, stateName), f.moved(text), 0o600)
	}
	if err != nil {
		return workspace.Explain(err, "read which backend the last run used")
	}
	return nil
}

// moved corrects a record that names our place for state in a data directory
// that has been moved since: to the program that would be another backend.
func (f *tofuFiles) moved(record []byte) []byte {
	var read struct {
		Backend backend `json:"backend"`
	}
	if json.Unmarshal(record, &read) != nil || read.Backend.Type != "local" || read.Backend.Config.Path == nil {
		return record
	}
	// The last four parts are those of openTofuFiles.
	template := filepath.Dir(f.state)
	suffix := filepath.Join(string(filepath.Separator), "states", filepath.Base(filepath.Dir(template)), filepath.Base(template), filepath.Base(f.state))
	old := filepath.Dir(*read.Backend.Config.Path)
	if old == f.state || !strings.HasSuffix(old, suffix) {
		return record
	}
	before, _ := json.Marshal(old) // a string always encodes
	after, _ := json.Marshal(f.state)
	return bytes.ReplaceAll(record, bytes.Trim(before, `"`), bytes.Trim(after, `"`))
}

// backend is the part of the program's record that is read.
type backend struct {
	Type   string `json:"type"` // "" for none, which is the local one
	Config struct {
		Path *string `json:"path"`
	} `json:"config"`
}

// beside reports whether the state is a file beside the configuration; path is
// what the configuration calls it, "" for the usual name.
func (b backend) beside() (path string, yes bool) {
	switch {
	case b.Type != "" && b.Type != "local":
		return "", false
	case b.Config.Path == nil:
		return "", true
	}
	return *b.Config.Path, !filepath.IsAbs(*b.Config.Path)
}

// remember keeps the program's record of the backend for the next run, unless it
// holds a secret.
func (f *tofuFiles) remember(masker *joblog.Masker) (backend, error) {
	var record struct {
		Backend backend `json:"backend"`
	}
	kept := filepath.Join(f.state, backendRecord)
	text, err := os.ReadFile(filepath.Join(f.data, stateName))
	if err == nil && json.Unmarshal(text, &record) == nil && masker.Text(string(text)) == string(text) {
		return record.Backend, replaceFile(kept, text)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return record.Backend, workspace.Explain(err, "read which backend is used")
	}
	if err := os.Remove(kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return record.Backend, workspace.Explain(err, "forget which backend was used")
	}
	return record.Backend, nil
}

// replaceFile writes a file so that it is the old or the new one at any time.
func replaceFile(path string, text []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // 0600
	if err == nil {
		_, err = tmp.Write(text)
		if err = errors.Join(err, tmp.Close()); err == nil {
			err = os.Rename(tmp.Name(), path)
		}
		if err != nil {
			_ = os.Remove(tmp.Name()) // it may be gone
		}
	}
	if err != nil {
		return workspace.Explain(err, "keep which backend is used")
	}
	return nil
}

// localBackend makes local state of a checkout outlive it: a file beside the
// configuration names a place in the data directory. The program writes its state
// by renaming, so a link would not do.
func (f *tofuFiles) localBackend(dir string) error {
	text := fmt.Sprintf("# Written by Signalbox for the time of a run.\nterraform {\n  backend \"local\" {\n    path          = %s\n    workspace_dir = %s\n  }\n}\n",
		hclString(filepath.Join(f.state, stateName)), hclString(filepath.Join(f.state, workspacesDir)))
	file, err := os.OpenFile(filepath.Join(dir, "signalbox_override.tf"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		_, err = file.WriteString(text)
		err = errors.Join(err, file.Close())
	}
	if err != nil {
		return workspace.Explain(err, "say where the state is kept")
	}
	return nil
}

func hclString(text string) string {
	quoted, _ := json.Marshal(text) // a string always encodes
	return strings.NewReplacer("${", "$${", "%{", "%%{").Replace(string(quoted))
}

// A block that says where state lives begins a line: the language allows no other
// form. Comments may stand within it.
func backendBlock() (block, comment *regexp.Regexp) {
	return regexp.MustCompile(`(?m)^\s*(backend\s+"?[\w-]+"?|cloud)\s*\{`), regexp.MustCompile(`(?s)/\*.*?\*/`)
}

// namesBackend reports whether a configuration seems to say where its state
// lives. It errs on the side of yes: the program's own answer is asked for then.
func namesBackend(dir string) bool {
	block, comment := backendBlock()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return true
	}
	for _, e := range entries {
		name, isJSON := strings.CutSuffix(e.Name(), ".json")
		if e.IsDir() || !strings.HasSuffix(name, ".tf") && !strings.HasSuffix(name, ".tofu") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		switch {
		case err != nil:
			return true
		case isJSON && (bytes.Contains(text, []byte(`"backend"`)) || bytes.Contains(text, []byte(`"cloud"`))):
			return true
		case !isJSON && (block.Match(text) || block.Match(comment.ReplaceAll(text, nil))):
			return true
		}
	}
	return false
}

// rescue keeps the state that a program could not write to its backend and left
// beside the configuration.
func (f *tofuFiles) rescue(dir string, task int64, say func(string)) {
	text, err := os.ReadFile(filepath.Join(dir, "errored.tfstate"))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	kept := filepath.Join(f.state, fmt.Sprintf("errored-task-%d.tfstate", task))
	if err == nil {
		err = replaceFile(kept, text)
	}
	if err != nil {
		say("The state could not be written to its backend, and not be kept here either: " + fault.Sentence(err))
		return
	}
	say("The state could not be written to its backend. It is kept on this machine in " + kept + ": push it by hand with state push.")
}

// lockPlugins waits until no other run changes the project's providers.
func (f *tofuFiles) lockPlugins(ctx context.Context, env []apps.Var) (func(), error) {
	if apps.Lookup(env, "TF_PLUGIN_CACHE_DIR") != f.plugins {
		return func() {}, nil // the user's own
	}
	return workspace.Lock(ctx, filepath.Join(f.locks, filepath.Base(f.plugins)+".plugins"))
}

// withBackend calls a function while the file that overrides the backend is
// there. The file is written for each time it is needed and not for the whole
// run, because a directory that is used in place belongs to others too.
func (t *tofu) withBackend(ctx context.Context, do func() error) (err error) {
	if !t.params.OverrideBackend {
		return do()
	}
	name, err := terraform.BackendFile(t.params.BackendFile)
	if err != nil {
		return err
	}
	path := filepath.Join(t.in.Dir, name)
	if t.inPlace {
		sum := sha256.Sum256([]byte(path))
		unlock, err := workspace.Lock(ctx, filepath.Join(t.keep.locks, hex.EncodeToString(sum[:16])+".backend"))
		if err != nil {
			return err
		}
		defer unlock()
		// A run that was killed has left it, and nobody else holds the lock.
		if text, err := os.ReadFile(path); err == nil && string(text) == terraform.BackendText {
			_ = os.Remove(path) // a failure shows below
		}
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fault.New("The repository has a file %s, which the backend file of the template would overwrite. Choose another name in the template; one that ends in _override.tf takes the place of a backend in the repository.", name)
	}
	if err != nil {
		return workspace.Explain(err, "write the backend file")
	}
	defer func() {
		if gone := os.Remove(path); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, workspace.Explain(gone, "remove the backend file "+name))
		}
	}()
	_, err = file.WriteString(terraform.BackendText)
	if err = errors.Join(err, file.Close()); err != nil {
		return workspace.Explain(err, "write the backend file")
	}
	return do()
}
