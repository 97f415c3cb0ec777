package workspace

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

// MarkVariable is in the environment of all programs of a job. Its value is the
// job's work directory or a path below it. When the job is killed, the program it
// runs dies with it, but not what that has started in a session of its own, and
// control groups, which know, are not to be had everywhere.
const MarkVariable = "SIGNALBOX_WORK"

// killMarked ends the processes of this user that are marked with a path at or
// below root.
func killMarked(root string) {
	files, _ := filepath.Glob("/proc/[0-9]*/environ") // the pattern is valid
	for _, file := range files {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil || pid == os.Getpid() || !marked(file, root) {
			continue
		}
		// The number may have passed to another process since; the descriptor
		// stays with the one that is looked at again.
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		if marked(file, root) {
			_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) // it may just have ended
		}
		_ = unix.Close(fd)
	}
}

func marked(file, root string) bool {
	environ, err := os.ReadFile(file) // those of other users cannot be read
	if err != nil {
		return false
	}
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if path, ok := bytes.CutPrefix(entry, []byte(MarkVariable+"=")); ok {
			return string(path) == root || bytes.HasPrefix(path, []byte(root+string(filepath.Separator)))
		}
	}
	return false
}
