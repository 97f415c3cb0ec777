package job

import (
	"errors"
	"os"
	"syscall"
)

// roomWanted is how much a directory must have room for not to be on a full disk.
const roomWanted = 256 << 10

// DiskFull reports whether there is no room for a file of some size in a
// directory. It is for failures of which nobody says that this was the reason.
func DiskFull(dir string) bool {
	f, err := os.CreateTemp(dir, ".room-*")
	if err != nil {
		return IsFull(err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	_, err = f.Write(make([]byte, roomWanted))
	return IsFull(err)
}

// IsFull reports whether an error says that a disk or a quota is full.
func IsFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
