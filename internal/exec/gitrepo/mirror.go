package gitrepo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/process"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

// Kinds of failure that are handled, not only told.
var (
	errNoRef   = errors.New("the remote has no such ref")
	errFormat  = errors.New("the mirror has another object format than the remote")
	errDamaged = errors.New("the mirror is damaged")
)

// mirrorDir is the mirror of a repository. The address is part of the name, so
// that a changed address starts afresh; so is whether history is cut, because
// a mirror that lacks some of it cannot lend it.
func (c *client) mirrorDir(project int64, repo job.Repository) string {
	sum := sha256.Sum256([]byte(repo.URL))
	name := strconv.FormatInt(project, 10) + "_" + strconv.FormatInt(repo.ID, 10) + "_" + hex.EncodeToString(sum[:6])
	if repo.Depth > 0 {
		name += "_shallow"
	}
	return filepath.Join(c.DataDir, workspace.MirrorsDir, name)
}

// wanted lists the refs that a repository's branch may mean, best first.
func wanted(repo job.Repository) []string {
	switch {
	case repo.Branch == "":
		return []string{"HEAD"}
	case strings.HasPrefix(repo.Branch, "refs/"):
		return []string{repo.Branch}
	}
	return []string{"refs/heads/" + repo.Branch, "refs/tags/" + repo.Branch}
}

// mirrorRef is where the mirror keeps a ref. The name is a digest, because
// branches "a" and "a/b", one after the other, would be in each other's way.
func mirrorRef(ref string) string {
	sum := sha256.Sum256([]byte(ref))
	return "refs/signalbox/" + hex.EncodeToString(sum[:10])
}

// bring makes sure that the mirror has the wanted commit and returns its hash.
func (s *session) bring(ctx context.Context, mirror string) (string, error) {
	if s.repo.Commit != "" {
		return s.bringCommit(ctx, mirror)
	}
	refs := wanted(s.repo)
	if dir := localPath(s.repo); dir != "" && commitOnly(refs[0]) {
		// Reading a file tells more cheaply than git that nothing has changed.
		if hash := looseRef(gitDir(dir), refs[0]); hash != "" && hash == looseRef(mirror, mirrorRef(refs[0])) {
			return hash, nil
		}
	}
	var first error
	for _, ref := range refs {
		err := s.fetchOnce(ctx, mirror, ref)
		if err == nil {
			if hash := s.commitOf(ctx, mirror, ref); hash != "" {
				return hash, nil
			}
			return "", s.damaged(errors.New("the fetched commit is missing"))
		}
		if first == nil {
			first = err
		}
		if !errors.Is(err, errNoRef) {
			return "", err
		}
	}
	return "", s.missing(ctx, mirror, refs[0], first)
}

// commitOnly reports whether a ref names a commit itself. A tag may be an object
// of its own.
func commitOnly(ref string) bool { return ref == "HEAD" || strings.HasPrefix(ref, "refs/heads/") }

// commitOf is the commit of a fetched ref.
func (s *session) commitOf(ctx context.Context, mirror, ref string) string {
	if commitOnly(ref) {
		if hash := looseRef(mirror, mirrorRef(ref)); hash != "" {
			return hash
		}
	}
	return s.resolve(ctx, mirror, mirrorRef(ref))
}

// missing says why a branch is not there.
func (s *session) missing(ctx context.Context, mirror, ref string, cause error) error {
	if refs, err := s.list(ctx); err == nil && len(refs) == 0 {
		return fault.Wrap(cause, "The repository '%s' has no commits yet. Push something to it.", s.repo.Name)
	}
	if s.repo.Branch != "" && s.resolve(ctx, mirror, mirrorRef(ref)) != "" {
		return fault.Wrap(cause, "The branch '%s' was deleted from the repository '%s' (or renamed). Choose another branch in the repository, template or task.", s.repo.Branch, s.repo.Name)
	}
	return cause
}

// bringCommit is bring for a commit that was asked for by its hash.
func (s *session) bringCommit(ctx context.Context, mirror string) (string, error) {
	want := strings.ToLower(s.repo.Commit)
	if !isHash(want) {
		return "", fault.New("%q is not a commit hash. Give 7 to 64 hexadecimal digits.", s.repo.Commit)
	}
	resolve := func() string {
		if _, err := os.Stat(filepath.Join(mirror, "HEAD")); err != nil {
			return ""
		}
		return s.resolve(ctx, mirror, want)
	}
	if hash := resolve(); hash != "" {
		return hash, nil
	}
	// The branch first; then what servers give only if they are configured to;
	// then everything.
	err := s.fetchOnce(ctx, mirror, wanted(s.repo)[0])
	if hash := resolve(); hash != "" {
		return hash, nil
	}
	if cause := context.Cause(ctx); cause != nil {
		return "", cause
	}
	if len(want) >= 40 {
		if direct := s.fetchRefs(ctx, mirror, refspec{want, "refs/signalbox/pin-" + want}); direct == nil {
			if hash := resolve(); hash != "" {
				return hash, nil
			}
		}
	}
	all := s.fetchRefs(ctx, mirror,
		refspec{"refs/heads/*", "refs/signalbox-all/heads/*"}, refspec{"refs/tags/*", "refs/signalbox-all/tags/*"})
	if hash := resolve(); hash != "" {
		return hash, nil
	}
	switch {
	case all != nil && err != nil:
		return "", err
	case all != nil:
		return "", all
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

// fetchOnce fetches a ref. Of several processes that want the same, one fetches
// and the others, which wait for it, use what it got, if it began after they
// asked.
func (s *session) fetchOnce(ctx context.Context, mirror, ref string) error {
	asked := process.SinceBoot()
	unlock, err := s.prepareMirror(ctx, mirror)
	if err != nil {
		return err
	}
	defer unlock()
	stamp := filepath.Join(mirror, "fetched-"+filepath.Base(mirrorRef(ref)))
	if text, err := os.ReadFile(stamp); err == nil {
		if began, ok := stampedAt(text); ok && began > asked && began <= process.SinceBoot() {
			return nil
		}
	}
	began := process.SinceBoot()
	if err := s.fetchLocked(ctx, mirror, refspec{ref, mirrorRef(ref)}); err != nil {
		return err
	}
	_ = os.WriteFile(stamp, stampOf(began), 0o600) // without it others fetch again
	return nil
}

// bootFile tells one start of the machine from another.
const bootFile = "/proc/sys/kernel/random/boot_id"

// stampOf notes a moment for other processes. The clock on the wall would not do:
// set back, it makes an old fetch look like one that began after it was asked for.
func stampOf(at time.Duration) []byte {
	boot, _ := os.ReadFile(bootFile) // without it the time alone has to do
	return fmt.Appendf(nil, "%s %d", bytes.TrimSpace(boot), at)
}

// stampedAt reads a stamp; false for one of another start of the machine.
func stampedAt(text []byte) (time.Duration, bool) {
	boot, at, _ := bytes.Cut(text, []byte(" "))
	now, _ := os.ReadFile(bootFile)
	n, err := strconv.ParseInt(string(at), 10, 64)
	return time.Duration(n), err == nil && bytes.Equal(boot, bytes.TrimSpace(now))
}

func (s *session) fetchRefs(ctx context.Context, mirror string, refs ...refspec) error {
	unlock, err := s.prepareMirror(ctx, mirror)
	if err != nil {
		return err
	}
	defer unlock()
	return s.fetchLocked(ctx, mirror, refs...)
}

// fetchLocked fetches, in the remote's object format.
func (s *session) fetchLocked(ctx context.Context, mirror string, refs ...refspec) error {
	err := s.fetch(ctx, mirror, refs...)
	if !errors.Is(err, errFormat) {
		return err
	}
	other := !usesSHA256(mirror)
	if err := emptyMirror(mirror); err != nil {
		return explainDisk(err)
	}
	if err := makeMirror(mirror, other); err != nil {
		return explainDisk(err)
	}
	return s.fetch(ctx, mirror, refs...)
}

// prepareMirror locks the mirror and makes it if need be.
func (s *session) prepareMirror(ctx context.Context, mirror string) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(mirror), 0o700); err != nil {
		return nil, explainDisk(err)
	}
	unlock, err = workspace.Lock(ctx, mirror+workspace.MirrorLock)
	if err != nil {
		return nil, err
	}
	if err := s.prepareLocked(ctx, mirror); err != nil {
		unlock()
		return nil, err
	}
	return unlock, nil
}

func (s *session) prepareLocked(ctx context.Context, mirror string) error {
	if mirrorWhole(mirror) {
		clearStale(mirror)
		s.tidyLocked(ctx, mirror)
		return nil
	}
	if err := emptyMirror(mirror); err != nil { // one that was cut off while it was made
		return explainDisk(err)
	}
	if err := makeMirror(mirror, false); err != nil {
		return explainDisk(err)
	}
	return nil
}

// tidyPacks is the number of packs, about one per fetch that brought anything,
// after which a mirror is packed.
const tidyPacks = 50

// tidyLocked packs a mirror now and then. It waits for a moment when no task
// borrows from it, because what no branch has any more is dropped.
func (s *session) tidyLocked(ctx context.Context, mirror string) {
	packs, _ := filepath.Glob(filepath.Join(mirror, "objects/pack/*.pack")) // the pattern is valid
	if len(packs) < tidyPacks && looseObjects(mirror) < 6700 {
		return
	}
	free, err := workspace.TryLock(mirror + workspace.MirrorUsed)
	if err != nil {
		return
	}
	defer free()
	_ = s.tidy(ctx, mirror) // it is an optimisation; what is wrong shows at the fetch
}

// looseObjects guesses the number of objects in files of their own as git does,
// by one of the 256 directories.
func looseObjects(mirror string) int {
	entries, _ := os.ReadDir(filepath.Join(mirror, "objects", "17"))
	return len(entries) * 256
}

// mirrorWhole reports whether a mirror has what makes it a repository.
func mirrorWhole(mirror string) bool {
	head, err := os.ReadFile(filepath.Join(mirror, "HEAD"))
	if err != nil || !strings.HasPrefix(string(head), "ref: ") {
		return false
	}
	config, err := os.ReadFile(filepath.Join(mirror, "config"))
	if err != nil || !strings.Contains(string(config), "bare = true") {
		return false
	}
	for _, sub := range []string{"objects", "refs"} {
		if info, err := os.Stat(filepath.Join(mirror, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

func usesSHA256(mirror string) bool {
	config, err := os.ReadFile(filepath.Join(mirror, "config"))
	return err == nil && strings.Contains(string(config), "objectformat = sha256")
}

// damaged makes an error that has the mirror rebuilt.
func (s *session) damaged(err error) error {
	return fault.Wrap(errors.Join(errDamaged, err), "The local copy of the repository '%s' is damaged: %v.", s.repo.Name, err)
}

// hold keeps others from tidying or removing the mirror until Close.
func (c *client) hold(mirror string) error {
	if err := os.MkdirAll(filepath.Dir(mirror), 0o700); err != nil {
		return explainDisk(err)
	}
	f, err := workspace.Share(mirror + workspace.MirrorUsed)
	if err != nil {
		return explainDisk(err)
	}
	c.held = append(c.held, f)
	return nil
}

// identity tells a mirror from the one that takes its place.
func identity(mirror string) fs.FileInfo {
	info, err := os.Stat(filepath.Join(mirror, "HEAD"))
	if err != nil {
		return nil
	}
	return info
}

// rebuild removes a damaged mirror, unless somebody has done so meanwhile.
func (s *session) rebuild(ctx context.Context, mirror string, seen fs.FileInfo) error {
	unlock, err := workspace.Lock(ctx, mirror+workspace.MirrorLock)
	if err != nil {
		return err
	}
	defer unlock()
	if now := identity(mirror); now != nil && seen != nil && !os.SameFile(now, seen) {
		return nil
	}
	if err := emptyMirror(mirror); err != nil {
		return explainDisk(err)
	}
	return nil
}

// emptyMirror removes a mirror, first what makes it one: what is left after a
// crash is no repository.
func emptyMirror(mirror string) error {
	if err := os.Remove(filepath.Join(mirror, "HEAD")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.RemoveAll(mirror)
}

// clearStale removes what a git that was killed left in the mirror, which would
// make every later one fail or fill the disk. The caller holds our lock, so no
// lock file of git's can belong to a living one.
func clearStale(mirror string) {
	remove := func(pattern string) {
		stale, _ := filepath.Glob(filepath.Join(mirror, pattern)) // the pattern is valid
		for _, path := range stale {
			_ = os.Remove(path) // if it cannot be removed, git will say so
		}
	}
	remove("*.lock")
	remove("gc.pid")
	remove("objects/info/*.lock")
	remove("objects/info/*/*.lock")
	remove("refs/signalbox/*.lock")
	_ = filepath.WalkDir(filepath.Join(mirror, "refs/signalbox-all"), func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && strings.HasSuffix(path, ".lock") {
			_ = os.Remove(path)
		}
		return nil
	})
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
func makeMirror(dir string, sha256 bool) error {
	for _, sub := range []string{"objects/info", "objects/pack", "refs/heads", "refs/signalbox", "info"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return err
		}
	}
	config := "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
	if sha256 {
		config = "[core]\n\trepositoryformatversion = 1\n\tfilemode = true\n\tbare = true\n[extensions]\n\tobjectformat = sha256\n"
	}
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
	return filepath.Glob(filepath.Join(dataDir, workspace.MirrorsDir, pattern+"*"))
}
