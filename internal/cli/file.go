package cli

import (
	"errors"
	"os"
	"path/filepath"
)

// writePrivate replaces a file whole, readable by its owner only: settings hold
// secrets, and what a project's export names is nobody else's business.
func writePrivate(name string, text []byte) error {
	temp, err := os.CreateTemp(filepath.Dir(name), ".signalbox-*") // made with mode 0600
	if err != nil {
		return err
	}
	_, err = temp.Write(text)
	err = errors.Join(err, temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temp.Name()) // it is of no use
	}
	return err
}
