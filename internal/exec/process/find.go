package process

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ErrNotFound says that a program is not on the search path.
var ErrNotFound = errors.New("program not found")

// Find looks a program up the way a shell would: on the search path of the
// environment it is going to get, unless it has a slash.
func Find(program, path string) (string, error) {
	if strings.Contains(program, "/") {
		info, err := os.Stat(program)
		if err != nil {
			return "", ErrNotFound
		}
		if info.IsDir() || info.Mode()&0o111 == 0 {
			return "", syscall.EACCES
		}
		return program, nil
	}
	var found error = ErrNotFound
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue // never a program out of the checkout by accident
		}
		full := filepath.Join(dir, program)
		info, err := os.Stat(full)
		if err != nil || info.IsDir() {
			continue
		}
		if info.Mode()&0o111 == 0 {
			found = syscall.EACCES
			continue
		}
		return full, nil
	}
	return "", found
}
