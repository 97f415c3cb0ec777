package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/config"

	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

const (
	maxModules = 1 << 20 // bytes of a .gitmodules file
	maxLevels  = 10      // submodules of submodules
)

// submodules brings the submodules of a checkout. Each is a repository like any
// other: with a mirror that tasks share, and the sign-in for its own address.
func (s *session) submodules(ctx context.Context, project int64, mirror, hash, dir string, level int) error {
	if _, err := os.Lstat(filepath.Join(dir, ".gitmodules")); err != nil {
		return nil
	}
	// What the commit has, not what the directory has: that may be a link.
	text, _, err := s.blob(ctx, mirror, hash, ".gitmodules", maxModules)
	if errors.Is(err, errNoFile) {
		return nil
	}
	if err != nil {
		return err
	}
	modules, err := parseModules(text)
	if err != nil {
		return fault.Wrap(err, "The file .gitmodules of the repository '%s' cannot be read. Correct it.", s.repo.Name)
	}
	links, err := s.links(ctx, mirror, hash, modules)
	if err != nil {
		return err
	}
	if len(links) > 0 && level >= maxLevels {
		return fault.New("The submodules of the repository '%s' are nested deeper than %d levels. Do two of them contain each other?", s.repo.Name, maxLevels)
	}
	for _, m := range modules {
		if commit := links[m.path]; commit != "" {
			if err := s.submodule(ctx, project, m, commit, dir, level); err != nil {
				return err
			}
		}
	}
	return nil
}

// module is an entry of a .gitmodules file.
type module struct{ name, path, url, update string }

// parseModules reads a .gitmodules file.
func parseModules(text []byte) ([]module, error) {
	var raw config.Config
	if err := config.NewDecoder(bytes.NewReader(text)).Decode(&raw); err != nil {
		return nil, err
	}
	var list []module
	for _, sub := range raw.Section("submodule").Subsections {
		list = append(list, module{sub.Name, path.Clean(sub.Option("path")), sub.Option("url"), sub.Option("update")})
	}
	return list, nil
}

// links finds the commits that the submodules are at, by path. Those that the
// commit does not have, or that are not to be updated, are left out.
func (s *session) links(ctx context.Context, mirror, hash string, modules []module) (map[string]string, error) {
	links := map[string]string{}
	for _, m := range modules {
		if m.update == "none" || m.path == "." || !filepath.IsLocal(filepath.FromSlash(m.path)) {
			continue
		}
		parent := path.Dir(m.path)
		if parent == "." {
			parent = ""
		}
		err := s.tree(ctx, mirror, hash, parent, false, func(e job.FileEntry) bool {
			if e.Kind == "submodule" && e.Path == m.path {
				links[m.path] = e.Link
			}
			return links[m.path] == ""
		})
		if err != nil && !errors.Is(err, errNoFile) {
			return nil, err
		}
	}
	return links, nil
}

// submodule brings one.
func (s *session) submodule(ctx context.Context, project int64, m module, hash, dir string, level int) error {
	address, err := resolveSubmodule(s.repo.URL, m.url)
	if err != nil {
		return err
	}
	kind := kindOf(address)
	switch {
	case address == "":
		return fault.New("The submodule '%s' of the repository '%s' has no address. Correct .gitmodules.", m.path, s.repo.Name)
	case kind == "" || (kind == "local" || kind == "file") && localPath(s.repo) == "":
		// A repository of another machine must not reach into this one's files.
		return fault.New("The submodule '%s' of the repository '%s' uses a protocol that is not allowed (%s). Use https or ssh.", m.path, s.repo.Name, endpoint(address))
	}
	target, err := emptyPlace(dir, m.path)
	if err != nil {
		return fault.Wrap(err, "The submodule '%s' of the repository '%s' cannot be placed: %v.", m.path, s.repo.Name, err)
	}
	sub := job.Repository{
		ID: s.repo.ID, Name: s.repo.Name + ", submodule " + m.path, URL: address, Kind: kind, Commit: hash, Override: true,
		Credential: credentialFor(s.repo, s.Credentials, address), Depth: s.repo.Depth, LFS: s.repo.LFS,
	}
	if _, err := s.checkout(ctx, project, sub, target, level+1); err != nil {
		return err
	}
	return activate(dir, m.name, address)
}

// emptyPlace is the directory that the checkout made for a submodule.
func emptyPlace(dir, name string) (string, error) {
	place := dir
	for _, part := range strings.Split(filepath.FromSlash(name), string(filepath.Separator)) {
		if strings.EqualFold(part, ".git") {
			return "", errors.New("its path leads into .git")
		}
		place = filepath.Join(place, part)
		info, err := os.Lstat(place)
		if errors.Is(err, os.ErrNotExist) {
			err = os.Mkdir(place, 0o700)
		} else if err == nil && !info.IsDir() {
			err = errors.New("its path is not a directory")
		}
		if err != nil {
			return "", err
		}
	}
	return place, nil
}

// activate tells the repository of the task about a submodule, so that git in
// it shows the submodule as present.
func activate(dir, name, address string) error {
	f, err := os.OpenFile(filepath.Join(dir, ".git", "config"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return explainDisk(err)
	}
	_, err = fmt.Fprintf(f, "[submodule %s]\n\tactive = true\n\turl = %s\n", configQuote(name), configQuote(address))
	if err := errors.Join(err, f.Close()); err != nil {
		return explainDisk(err)
	}
	return nil
}
