package gitrepo

import (
	"context"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/workspace"
)

// bring makes sure that the mirror has the wanted commit and returns its hash.
func (s *session) bring(ctx context.Context, mirror string) (string, error) {
	repo := s.repo
	if repo.Commit != "" {
		return s.bringCommit(ctx, mirror)
	}
	if dir := localPath(repo); dir != "" {
		// Reading a file tells more cheaply than git that nothing has changed.
		if hash := looseRef(gitDir(dir), remoteRef(repo)); hash != "" && hash == looseRef(mirror, mirrorRef(repo)) {
			return hash, nil
		}
	}
	if err := s.fetchOnce(ctx, mirror); err != nil {
		return "", err
	}
	hash := looseRef(mirror, mirrorRef(repo))
	if hash == "" {
		out, err := s.git(ctx, mirror, "rev-parse", "--verify", mirrorRef(repo)+"^{commit}")
		if err != nil {
			return "", err
		}
		hash = strings.TrimSpace(string(out))
	}
	return hash, nil
}

// bringCommit is bring for a commit that was asked for by its hash.
func (s *session) bringCommit(ctx context.Context, mirror string) (string, error) {
	wanted := strings.ToLower(s.repo.Commit)
	if !isHash(wanted) {
		return "", fault.New("%q is not a commit hash. Give 7 to 64 hexadecimal digits.", s.repo.Commit)
	}
	resolve := func() string {
		if _, err := os.Stat(filepath.Join(mirror, "HEAD")); err != nil {
			return ""
		}
		out, err := s.quiet(ctx, mirror, "rev-parse", "--verify", "--quiet", wanted+"^{commit}")
		if err != nil {
			return ""
		}
		return strings.TrimSpace(string(out))
	}
	if hash := resolve(); hash != "" {
		return hash, nil
	}
	// The branch first; then what servers give only if they are configured to;
	// then everything.
	err := s.fetchOnce(ctx, mirror)
	if hash := resolve(); hash != "" {
		return hash, nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return "", cause
	}
	if len(wanted) >= 40 {
		if _, direct := s.fetchRef(ctx, mirror, "+"+wanted+":refs/signalbox/pin-"+wanted); direct == nil {
			if hash := resolve(); hash != "" {
				return hash, nil
			}
		}
	}
	if _, all := s.fetchRef(ctx, mirror, "+refs/heads/*:refs/signalbox-all/heads/*", "+refs/tags/*:refs/signalbox-all/tags/*"); all != nil {
		if err != nil {
			return "", err
		}
		return "", all
	}
	if hash := resolve(); hash != "" {
		return hash, nil
	}
	return "", fault.New("The commit %s does not exist in the repository '%s'. Check the hash, and that it has been pushed.", s.repo.Commit, s.repo.Name)
}

// isHash reports whether a text can be a commit's hash, or the beginning of one.
func isHash(text string) bool {
	return len(text) >= 7 && len(text) <= 64 && strings.Trim(text, "0123456789abcdef") == ""
}

// looseRef reads a ref of a git directory that is a file of its own, which
// comes before any other form. "" means: ask git.
func looseRef(dir, ref string) string {
	if dir == "" || ref == "HEAD" {
		return ""
	}
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(ref)))
	if err != nil {
		return ""
	}
	hash := strings.TrimSpace(string(text))
	if n := len(hash); n != 40 && n != 64 {
		return ""
	}
	if _, err := hex.DecodeString(hash); err != nil {
		return ""
	}
	return hash
}

// fetchOnce fetches the branch. Of several processes that want the same, one
// fetches and the others, which wait for it, use what it got, if it began after
// they asked.
func (s *session) fetchOnce(ctx context.Context, mirror string) error {
	asked := time.Now()
	unlock, err := s.prepareMirror(ctx, mirror)
	if err != nil {
		return err
	}
	defer unlock()
	stamp := filepath.Join(mirror, "fetched-"+filepath.Base(mirrorRef(s.repo)))
	if text, err := os.ReadFile(stamp); err == nil {
		if began, err := strconv.ParseInt(string(text), 10, 64); err == nil && began > asked.UnixNano() && began <= time.Now().UnixNano() {
			return nil
		}
	}
	began := time.Now()
	if err := s.fetchLocked(ctx, mirror, "+"+remoteRef(s.repo)+":"+mirrorRef(s.repo)); err != nil {
		return err
	}
	_ = os.WriteFile(stamp, []byte(strconv.FormatInt(began.UnixNano(), 10)), 0o600) // without it others fetch again
	return nil
}

func (s *session) fetchRef(ctx context.Context, mirror string, specs ...string) (bool, error) {
	unlock, err := s.prepareMirror(ctx, mirror)
	if err != nil {
		return false, err
	}
	defer unlock()
	return true, s.fetchLocked(ctx, mirror, specs...)
}

func (s *session) fetchLocked(ctx context.Context, mirror string, specs ...string) error {
	args := append([]string{"fetch", "--quiet", "--force", "--no-tags", "--no-write-fetch-head", "--no-auto-gc",
		"--no-recurse-submodules", "--", s.repo.URL}, specs...)
	_, err := s.git(ctx, mirror, args...)
	return err
}

// prepareMirror locks the mirror and makes it if need be.
func (s *session) prepareMirror(ctx context.Context, mirror string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(mirror), 0o700); err != nil {
		return nil, explainDisk(err)
	}
	unlock, err = workspace.Lock(ctx, mirror+".lock")
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Join(mirror, "HEAD")); err == nil {
		clearStale(mirror)
		return unlock, nil
	}
	if err := makeMirror(mirror); err != nil {
		unlock()
		return nil, explainDisk(err)
	}
	return unlock, nil
}

// clearStale removes what a git that was killed left in the mirror, which would
// make every later one fail or fill the disk. The caller holds our lock, so no
// lock file of git's can belong to a living one.
func clearStale(mirror string) {
	for _, pattern := range []string{"*.lock", "refs/signalbox/*.lock", "refs/signalbox-all/*/*.lock"} {
		stale, _ := filepath.Glob(filepath.Join(mirror, pattern)) // the pattern is valid
		for _, path := range stale {
			_ = os.Remove(path) // if it cannot be removed, git will say so
		}
	}
	const abandoned = time.Hour
	parts, _ := filepath.Glob(filepath.Join(mirror, "objects/pack/tmp_*"))
	for _, path := range parts {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > abandoned {
			_ = os.Remove(path)
		}
	}
}

// makeMirror writes an empty bare repository, HEAD last, which makes it one.
// It is what "git init --bare" does, without starting a program.
func makeMirror(dir string) error {
	for _, sub := range []string{"objects/info", "objects/pack", "refs/heads", "refs/signalbox", "info"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	const config = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "HEAD"), []byte("ref: refs/heads/none\n"), 0o600)
}

// Mirrors lists the mirrors of a data directory that belong to a repository,
// or with repository 0 to a project, for removal.
func Mirrors(dataDir string, project, repository int64) ([]string, error) {
	pattern := strconv.FormatInt(project, 10) + "_"
	if repository != 0 {
		pattern += strconv.FormatInt(repository, 10) + "_"
	}
	return filepath.Glob(filepath.Join(dataDir, "mirrors", pattern+"*"))
}
