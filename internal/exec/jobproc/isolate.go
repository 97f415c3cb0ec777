package jobproc

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"signalbox/internal/exec/isolate"
	"signalbox/internal/exec/process"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

// isolate sets up how the commands of the run are kept apart. From here on the
// job itself has no more rights over files than they have, so that no link they
// lay leads it to somebody else's.
func (s *session) isolate() error {
	who, err := isolate.Resolve(s.spec.Host.Isolation)
	if err != nil {
		return err
	}
	group := process.NewCgroup(fmt.Sprintf("signalbox-task-%d-%s", s.spec.TaskID, strconv.FormatInt(time.Now().UnixNano(), 36)))
	s.as = who.Commands(group)
	s.asGit = s.as.ForGit()
	s.cleanup = append(s.cleanup, group.Remove)
	if group != nil {
		// Before anything runs in it: whoever finds this job dead must know.
		if err := s.journal.Append(job.Record{Child: &job.Child{Cgroup: group.Dir}}); err != nil {
			return err
		}
	}
	s.cleanup = append(s.cleanup, func() {
		// The directory itself is the server's to remove.
		_ = process.Privileged(func() error { return os.RemoveAll(filepath.Join(s.dir, job.WorkDir)) })
	})
	if err := isolate.Enter(who, s.spec.Host.DataDir, s.dir); err != nil {
		return err
	}
	s.getenv = who.Environ(s.getenv)
	return nil
}

func (s *session) cgroup() string {
	if s.as == nil || s.as.Cgroup == nil {
		return ""
	}
	return s.as.Cgroup.Dir
}

// helperProgram is a path to this very program for git's question for a sign-in,
// also when an upgrade has replaced its file meanwhile. Another user cannot reach
// it by way of this process: that one gets a copy, unless the file is open to all.
func helperProgram(iso job.Isolation, private string) (string, error) {
	own := fmt.Sprintf("/proc/%d/exe", os.Getpid())
	if !iso.SwitchesUser() || os.Geteuid() == os.Getuid() {
		return own, nil
	}
	if exe, err := os.Executable(); err == nil {
		if f, err := os.Open(exe); err == nil {
			info, err := f.Stat()
			_ = f.Close() // read-only
			if err == nil && info.Mode().Perm()&0o001 != 0 {
				return exe, nil
			}
		}
	}
	in, err := os.Open("/proc/self/exe")
	if err != nil {
		return "", workspace.Explain(err, "give git a way to sign in")
	}
	defer in.Close()
	path := filepath.Join(private, "signalbox")
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err == nil {
		_, err = io.Copy(out, in)
		if closing := out.Close(); err == nil {
			err = closing
		}
	}
	if err != nil {
		return "", workspace.Explain(err, "give git a way to sign in")
	}
	return path, nil
}
