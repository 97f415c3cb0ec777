package process

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Descriptors that the helper in the namespaces finds open.
const (
	entryFD  = 3 // an entry comes in
	reportFD = 4 // reports go out, one JSON document each
)

// enterArgs are the arguments by which this program is the helper.
func enterArgs() []string { return []string{"signalbox", "job", "enter"} }

// entry is what the helper is to run. It comes through a pipe, because an
// environment holds secrets.
type entry struct {
	Path       string
	Args       []string
	Dir        string
	Env        []string
	Credential *syscall.Credential
	NoNewPrivs bool
	Namespaces Namespaces
}

// report says first that the command runs, or why it does not, then how it
// ended.
type report struct {
	Errno  int    // of an exec that failed
	Error  string // of what had to be done before
	Status *syscall.WaitStatus
}

// namespaced is a command on its way into namespaces of its own: the helper,
// which is what is forked, and the pipes to it.
type namespaced struct {
	cmd     Command
	name    string
	files   []*os.File // for the helper
	reports *os.File
}

// namespace prepares the helper for a command.
func namespace(cmd Command) (*namespaced, error) {
	text, err := json.Marshal(entry{
		Path: cmd.Path, Args: cmd.Args, Dir: cmd.Dir, Env: cmd.Env,
		Credential: cmd.As.Credential, NoNewPrivs: cmd.As.NoNewPrivs, Namespaces: cmd.As.Namespaces,
	})
	if err != nil {
		return nil, err
	}
	in, entry, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	reports, out, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, in.Close(), entry.Close())
	}
	outer := *cmd.As
	outer.Credential, outer.NoNewPrivs = nil, false // the helper sets them when it has done what needs rights
	n := &namespaced{
		name:    cmd.Args[0],
		cmd:     Command{Path: "/proc/self/exe", Args: enterArgs(), Dir: "/", Env: []string{}, As: &outer},
		files:   []*os.File{in, out},
		reports: reports,
	}
	go func() {
		_, _ = entry.Write(text) // a helper that has died shows in its reports
		_ = entry.Close()
	}()
	return n, nil
}

// started closes our copies of what the helper has and waits for the command to
// run. What it returns tells, when all is over, how the command ended, if it was
// not killed together with the helper.
func (n *namespaced) started() (func() (syscall.WaitStatus, bool), error) {
	for _, f := range n.files {
		_ = f.Close()
	}
	reports := json.NewDecoder(n.reports)
	var r report
	switch err := reports.Decode(&r); {
	case err != nil:
		return nil, fmt.Errorf("%w: the helper in the namespaces ended early", ErrIsolation)
	case r.Error != "":
		return nil, fmt.Errorf("%w: %s", ErrIsolation, r.Error)
	case r.Errno != 0:
		return nil, syscall.Errno(r.Errno)
	}
	return func() (syscall.WaitStatus, bool) {
		var r report
		if reports.Decode(&r) != nil || r.Status == nil {
			return 0, false
		}
		return *r.Status, true
	}, nil
}

func (n *namespaced) close() {
	for _, f := range append(n.files, n.reports) {
		_ = f.Close() // or before
	}
}

// Enter is the helper: it finishes the namespaces it was started in, runs the
// command in them as who it is to be, and passes on how it ended. As the first
// process of its namespace it also reaps what nobody else does.
func Enter() int {
	unix.CloseOnExec(entryFD)
	unix.CloseOnExec(reportFD)
	out := os.NewFile(reportFD, "reports")
	say := json.NewEncoder(out)
	var e entry
	text, err := io.ReadAll(os.NewFile(entryFD, "entry"))
	if err == nil {
		err = json.Unmarshal(text, &e)
	}
	if err == nil {
		err = e.prepare()
	}
	if err != nil {
		_ = say.Encode(report{Error: err.Error()}) // nobody to tell otherwise
		return 1
	}
	// Signals to the group are for the command.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGQUIT)
	runtime.LockOSThread() // the command dies with its thread
	pid, err := e.fork()
	var errno syscall.Errno
	switch {
	case errors.As(err, &errno):
		_ = say.Encode(report{Errno: int(errno)})
		return 1
	case err != nil:
		_ = say.Encode(report{Error: err.Error()})
		return 1
	}
	_ = say.Encode(report{})
	for {
		var status syscall.WaitStatus
		got, err := syscall.Wait4(-1, &status, 0, nil)
		if err != nil && !errors.Is(err, syscall.EINTR) {
			return 1
		}
		if got == pid {
			_ = say.Encode(report{Status: &status})
			return 0
		}
	}
}

// prepare makes what is mounted the namespace's own.
func (e *entry) prepare() error {
	if !e.Namespaces.Mount && !e.Namespaces.PID {
		return nil
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("keep mounts apart: %w", err)
	}
	if !e.Namespaces.PID {
		return nil
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return nil
}

func (e *entry) fork() (int, error) {
	attr := &syscall.SysProcAttr{Credential: e.Credential, Pdeathsig: syscall.SIGKILL}
	if e.Namespaces.User {
		e.mapUsers(attr)
	}
	if e.NoNewPrivs {
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return 0, fmt.Errorf("forbid new privileges: %w", err)
		}
	}
	return syscall.ForkExec(e.Path, e.Args, &syscall.ProcAttr{Dir: e.Dir, Env: e.Env, Files: []uintptr{0, 1, 2}, Sys: attr})
}

// mapUsers gives the command a user namespace in which there is nobody but its
// user and its groups, under the numbers they have.
func (e *entry) mapUsers(attr *syscall.SysProcAttr) {
	uid, groups := os.Geteuid(), []int{os.Getegid()}
	if c := e.Credential; c != nil {
		uid, groups = int(c.Uid), []int{int(c.Gid)}
		for _, g := range c.Groups {
			if int(g) != groups[0] {
				groups = append(groups, int(g))
			}
		}
	}
	attr.Cloneflags |= unix.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: uid, Size: 1}}
	for _, g := range groups {
		attr.GidMappings = append(attr.GidMappings, syscall.SysProcIDMap{ContainerID: g, HostID: g, Size: 1})
	}
	attr.GidMappingsEnableSetgroups = os.Geteuid() == 0 // others may not
}
