package gitrepo

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
	"github.com/go-git/go-git/v5/plumbing/revlist"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/storage/filesystem"

	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

// library is the engine without the git program. It uses the parts of go-git
// that read and write objects and speak the protocol; what belongs to a work
// tree of a user is not needed here.
type library struct {
	*client
	remote
}

func newLibrary(c *client, r remote) (engine, error) {
	if r.LFS {
		return nil, fault.New("The repository '%s' is set to fetch large files, which needs the git program. Set git_client to %s, or turn LFS off in the repository.", r.Name, CLI)
	}
	if dir := localPath(r.Repository); dir != "" && usesSHA256(gitDir(dir)) {
		return nil, errSHA256(r.Name)
	}
	return &library{client: c, remote: r}, nil
}

func errSHA256(name string) error {
	return fault.New("The repository '%s' uses SHA-256 hashes, which need the git program. Set git_client to %s.", name, CLI)
}

// Sizes that bound the memory of a job.
const (
	objectCache = 16 << 20 // bytes of objects kept while reading
	inMemory    = 1 << 20  // bytes above which a file is streamed
)

// openStorage opens a git directory.
func openStorage(dir string) *filesystem.Storage {
	return filesystem.NewStorageWithOptions(osfs.New(dir), cache.NewObjectLRU(objectCache),
		filesystem.Options{KeepDescriptors: true, LargeObjectThreshold: inMemory, AlternatesFS: osfs.New("/")})
}

// with opens the mirror for a while.
func (l *library) with(ctx context.Context, mirror string, do func(st *filesystem.Storage) error) error {
	if usesSHA256(mirror) {
		return errSHA256(l.Name)
	}
	st := openStorage(mirror)
	defer st.Close()
	return l.explain(ctx, do(st))
}

// talk connects to the remote and hears what it has.
func (l *library) talk(ctx context.Context, do func(transport.UploadPackSession, *packp.AdvRefs) error) error {
	type connected struct {
		session transport.UploadPackSession
		err     error
	}
	came := make(chan connected, 1)
	go func() {
		s, err := l.connect()
		came <- connected{s, err}
	}()
	var c connected
	select {
	case c = <-came:
	case <-ctx.Done():
		go func() { // the library gives no way to stop connecting
			if late := <-came; late.err == nil {
				_ = late.session.Close()
			}
		}()
		return context.Cause(ctx)
	}
	if c.err != nil {
		return c.err
	}
	// The session ends its reads with the context. It is not to be closed from
	// another goroutine.
	defer c.session.Close()
	refs, err := c.session.AdvertisedReferencesContext(ctx)
	if err != nil && strings.Contains(err.Error(), "object-format=sha256") {
		return errSHA256(l.Name)
	}
	if err != nil {
		return err
	}
	return do(c.session, refs)
}

func (l *library) list(ctx context.Context) ([]string, error) {
	var names []string
	err := l.talk(ctx, func(_ transport.UploadPackSession, refs *packp.AdvRefs) error {
		for name := range refs.References {
			if strings.HasPrefix(name, "refs/heads/") || strings.HasPrefix(name, "refs/tags/") {
				names = append(names, name)
			}
		}
		return nil
	})
	if errors.Is(err, transport.ErrEmptyRemoteRepository) {
		return nil, nil
	}
	slices.Sort(names)
	return names, l.explain(ctx, err)
}

func (l *library) fetch(ctx context.Context, mirror string, refs ...refspec) error {
	return l.with(ctx, mirror, func(st *filesystem.Storage) error {
		return l.talk(ctx, func(session transport.UploadPackSession, adv *packp.AdvRefs) error {
			want, err := choose(adv, refs)
			if err != nil {
				return err
			}
			if err := l.receive(ctx, session, adv, st, want); err != nil {
				return err
			}
			for name, hash := range want {
				if err := st.SetReference(plumbing.NewHashReference(plumbing.ReferenceName(name), hash)); err != nil {
					return err
				}
			}
			return nil
		})
	})
}

// choose finds what the specs mean among what the remote has: refs of the mirror
// and what they become.
func choose(adv *packp.AdvRefs, refs []refspec) (map[string]plumbing.Hash, error) {
	want := map[string]plumbing.Hash{}
	for _, r := range refs {
		prefix, all := strings.CutSuffix(r.src, "*")
		hash, known := adv.References[r.src]
		switch {
		case all:
			for name, hash := range adv.References {
				if rest, ok := strings.CutPrefix(name, prefix); ok {
					want[strings.TrimSuffix(r.dst, "*")+rest] = hash
				}
			}
		case r.src == "HEAD" && adv.Head != nil:
			want[r.dst] = *adv.Head
		case known:
			want[r.dst] = hash
		case plumbing.IsHash(r.src):
			want[r.dst] = plumbing.NewHash(r.src)
		default:
			return nil, errors.New("couldn't find remote ref " + r.src)
		}
	}
	return want, nil
}

// receive takes the objects of the wanted refs that the mirror lacks.
func (l *library) receive(ctx context.Context, session transport.UploadPackSession, adv *packp.AdvRefs, st *filesystem.Storage, want map[string]plumbing.Hash) error {
	whole, haves, err := holdings(st)
	if err != nil {
		return err
	}
	req := packp.NewUploadPackRequestFromCapabilities(adv.Capabilities)
	for _, hash := range want {
		if !whole[hash] && !slices.Contains(req.Wants, hash) {
			req.Wants = append(req.Wants, hash)
		}
	}
	if len(req.Wants) == 0 {
		return nil
	}
	if dir := localPath(l.Repository); dir != "" {
		return l.copyLocal(ctx, openStorage(gitDir(dir)), st, req.Wants, haves)
	}
	if adv.Capabilities.Supports(capability.NoProgress) {
		if err := req.Capabilities.Set(capability.NoProgress); err != nil {
			return err
		}
	}
	if l.Depth > 0 && adv.Capabilities.Supports(capability.Shallow) {
		// Nothing is said to be there: what is cut off could not be told apart.
		req.Depth = packp.DepthCommits(l.Depth)
		if err := req.Capabilities.Set(capability.Shallow); err != nil {
			return err
		}
	} else {
		req.Haves = haves
	}
	reader, err := session.UploadPack(ctx, req)
	if errors.Is(err, transport.ErrEmptyUploadPackRequest) {
		return nil
	}
	if err != nil {
		return err
	}
	defer reader.Close()
	if err := addShallow(st, reader.Shallows); err != nil {
		return err
	}
	err = packfile.UpdateObjectStorage(st, demuxed(req.Capabilities, reader))
	if errors.Is(err, packfile.ErrEmptyPackfile) {
		return nil
	}
	return err
}

// copyLocal takes objects from a repository on this machine. The library's own
// server would look for small differences between all of them, which takes
// minutes where writing them as they are takes seconds.
func (l *library) copyLocal(ctx context.Context, from, to *filesystem.Storage, wants, haves []plumbing.Hash) error {
	defer from.Close()
	haves = slices.DeleteFunc(haves, func(h plumbing.Hash) bool { return from.HasEncodedObject(h) != nil })
	known, err := revlist.Objects(from, haves, nil)
	if err != nil {
		known = nil // where history is cut, for one: then everything is copied
	}
	list, err := revlist.Objects(from, wants, known)
	if err != nil || len(list) == 0 {
		return err
	}
	r, w := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, err := packfile.NewEncoder(w, from, false).Encode(list, 0)
		_ = w.CloseWithError(err) // never fails
	}()
	stop := context.AfterFunc(ctx, func() { _ = r.CloseWithError(context.Cause(ctx)) })
	defer stop()
	err = packfile.UpdateObjectStorage(to, r)
	_ = r.CloseWithError(errors.New("no longer read")) // ends the writer; never fails
	<-done
	return err
}

// addShallow notes where history is cut.
func addShallow(st *filesystem.Storage, more []plumbing.Hash) error {
	if len(more) == 0 {
		return nil
	}
	list, err := st.Shallow()
	if err != nil {
		return err
	}
	for _, hash := range more {
		if !slices.Contains(list, hash) {
			list = append(list, hash)
		}
	}
	return st.SetShallow(list)
}

func demuxed(caps *capability.List, r io.Reader) io.Reader {
	switch {
	case caps.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, r)
	case caps.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, r)
	}
	return r
}

// holdings lists what the refs of the mirror stand for, which is there with all
// it needs, and of it and its ancestors what is told to the remote.
func holdings(st *filesystem.Storage) (whole map[plumbing.Hash]bool, haves []plumbing.Hash, err error) {
	const perRef, total = 64, 512
	whole = map[plumbing.Hash]bool{}
	iter, err := st.IterReferences()
	if err != nil {
		return nil, nil, err
	}
	err = iter.ForEach(func(ref *plumbing.Reference) error {
		if ref.Type() != plumbing.HashReference || whole[ref.Hash()] {
			return nil
		}
		commit := peel(st, ref.Hash())
		if commit == nil {
			return nil // damaged, or something that is no commit: it is fetched again
		}
		whole[ref.Hash()] = true
		for n := 0; commit != nil && n < perRef && len(haves) < total; n++ {
			haves = append(haves, commit.Hash)
			if commit.NumParents() == 0 {
				break
			}
			commit, _ = object.GetCommit(st, commit.ParentHashes[0]) // nil where history is cut
		}
		return nil
	})
	return whole, haves, err
}

// peel follows tags to a commit, nil when there is none.
func peel(st *filesystem.Storage, hash plumbing.Hash) *object.Commit {
	for range 10 {
		if commit, err := object.GetCommit(st, hash); err == nil {
			return commit
		}
		tag, err := object.GetTag(st, hash)
		if err != nil {
			return nil
		}
		hash = tag.Target
	}
	return nil
}

func (l *library) resolve(ctx context.Context, mirror, name string) string {
	found := ""
	_ = l.with(ctx, mirror, func(st *filesystem.Storage) error { // a failure is a no
		var candidates []plumbing.Hash
		switch {
		case strings.HasPrefix(name, "refs/"):
			ref, err := st.Reference(plumbing.ReferenceName(name))
			if err != nil {
				return err
			}
			candidates = append(candidates, ref.Hash())
		case plumbing.IsHash(name):
			candidates = append(candidates, plumbing.NewHash(name))
		default:
			prefix, err := hex.DecodeString(name[:len(name)/2*2])
			if err != nil {
				return err
			}
			if candidates, err = st.HashesWithPrefix(prefix); err != nil {
				return err
			}
		}
		commits := map[string]bool{}
		for _, hash := range candidates {
			if !strings.HasPrefix(name, "refs/") && !strings.HasPrefix(hash.String(), name) {
				continue
			}
			if commit := peel(st, hash); commit != nil {
				found = commit.Hash.String()
				commits[found] = true
			}
		}
		if len(commits) != 1 { // several: the beginning says too little
			found = ""
		}
		return nil
	})
	return found
}

func (l *library) subject(ctx context.Context, mirror, hash string) (subject string, err error) {
	err = l.with(ctx, mirror, func(st *filesystem.Storage) error {
		commit, err := object.GetCommit(st, plumbing.NewHash(hash))
		if err == nil {
			subject = firstParagraph(commit.Message)
		}
		return err
	})
	return subject, err
}

// firstParagraph is what git calls the subject.
func firstParagraph(message string) string {
	var words []string
	for line := range strings.Lines(strings.TrimLeft(message, "\n")) {
		if strings.TrimSpace(line) == "" {
			break
		}
		words = append(words, strings.TrimSpace(line))
	}
	return strings.Join(words, " ")
}

func (l *library) tree(ctx context.Context, mirror, hash, dir string, recursive bool, each func(job.FileEntry) bool) error {
	missing := false
	err := l.with(ctx, mirror, func(st *filesystem.Storage) error {
		root, err := treeOf(st, hash)
		if err != nil {
			return err
		}
		if dir != "" {
			entry, err := root.FindEntry(dir)
			if err != nil || entry.Mode != filemode.Dir {
				missing = true
				return nil
			}
			if root, err = object.GetTree(st, entry.Hash); err != nil {
				return err
			}
		}
		_, err = walk(ctx, st, root, dir, recursive, each)
		return err
	})
	if missing {
		return errNoFile
	}
	return err
}

func treeOf(st *filesystem.Storage, hash string) (*object.Tree, error) {
	commit, err := object.GetCommit(st, plumbing.NewHash(hash))
	if err != nil {
		return nil, err
	}
	return object.GetTree(st, commit.TreeHash)
}

// walk lists a tree; it reports whether to go on.
func walk(ctx context.Context, st *filesystem.Storage, tree *object.Tree, dir string, recursive bool, each func(job.FileEntry) bool) (bool, error) {
	for _, entry := range tree.Entries {
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		e := job.FileEntry{Path: entry.Name, Kind: "file", Exec: entry.Mode == filemode.Executable}
		if dir != "" {
			e.Path = dir + "/" + entry.Name
		}
		switch entry.Mode {
		case filemode.Dir:
			e.Kind = "dir"
		case filemode.Symlink:
			e.Kind = "link"
		case filemode.Submodule:
			e.Kind, e.Link = "submodule", entry.Hash.String()
		default:
			var err error
			if e.Size, err = st.EncodedObjectSize(entry.Hash); err != nil {
				return false, err
			}
		}
		if entry.Mode == filemode.Dir && recursive {
			sub, err := object.GetTree(st, entry.Hash)
			if err != nil {
				return false, err
			}
			if more, err := walk(ctx, st, sub, e.Path, recursive, each); err != nil || !more {
				return false, err
			}
			continue
		}
		if !each(e) {
			return false, nil
		}
	}
	return true, nil
}

func (l *library) blob(ctx context.Context, mirror, hash, name string, limit int64) (data []byte, size int64, err error) {
	missing := false
	err = l.with(ctx, mirror, func(st *filesystem.Storage) error {
		root, err := treeOf(st, hash)
		if err != nil {
			return err
		}
		entry, err := root.FindEntry(name)
		if err != nil || !entry.Mode.IsFile() {
			missing = true
			return nil
		}
		blob, err := object.GetBlob(st, entry.Hash)
		if err != nil {
			return err
		}
		size = blob.Size
		r, err := blob.Reader()
		if err != nil {
			return err
		}
		defer r.Close()
		var buf bytes.Buffer
		_, err = io.Copy(&buf, io.LimitReader(r, limit))
		data = buf.Bytes()
		return err
	})
	if missing {
		return nil, 0, errNoFile
	}
	return data, size, err
}

// tidy makes the mirror afresh: the library cannot pack what it has, and a new
// fetch is one pack.
func (l *library) tidy(_ context.Context, mirror string) error {
	if err := emptyMirror(mirror); err != nil {
		return err
	}
	return makeMirror(mirror, false)
}

// isFileError tells what the disk says from what git objects say.
func isFileError(err error) bool {
	var path *os.PathError
	var link *os.LinkError
	return errors.As(err, &path) || errors.As(err, &link)
}
