package process

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Isolation is what keeps commands apart from the machine they run on. Nil
// isolates nothing.
type Isolation struct {
	// Credential is who the commands run as; nil is who this process is. It
	// needs a process that is root, or was when it began and kept that as its
	// real user.
	Credential *syscall.Credential
	// NoNewPrivs keeps programs from gaining rights, by set-user-ID for one.
	NoNewPrivs bool
	// Cgroup, if not nil, holds the commands and all that descends from them.
	Cgroup *Cgroup
	// Namespaces of their own, if Namespaces.Any.
	Namespaces Namespaces
}

// fork calls start, which is to start a command with attr, on a thread that may.
// The caller has locked its goroutine to the thread.
func (iso *Isolation) fork(attr *syscall.SysProcAttr, start func() error) (err error) {
	if iso == nil {
		return start()
	}
	attr.Credential = iso.Credential
	if iso.NoNewPrivs {
		// It is the thread's, and children inherit it. This process runs no
		// set-user-ID program either, so it does not matter what else the
		// thread is used for later.
		if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
			return fmt.Errorf("forbid new privileges: %w", err)
		}
	}
	err = iso.forkInto(attr, start)
	if err != nil && attr.UseCgroupFD && cgroupTrouble(err) {
		// Nothing but convenience is lost: descendants are found one by one.
		attr.UseCgroupFD = false
		iso.Cgroup.Remove()
		iso.Cgroup = nil
		privileged(func() { err = start() })
	}
	return err
}

func (iso *Isolation) forkInto(attr *syscall.SysProcAttr, start func() error) (err error) {
	if dir := iso.Cgroup.open(); dir != nil {
		defer dir.Close()
		attr.UseCgroupFD, attr.CgroupFD = true, int(dir.Fd())
	}
	privileged(func() { err = start() })
	return err
}

// privileged calls a function on a thread that has the rights of the real user
// again, if the process has put them aside. User and rights belong to threads as
// far as the kernel is concerned, so nothing else of the process gets them. The
// function must not start goroutines that matter, nor take long.
func privileged(do func()) {
	effective := os.Geteuid()
	if effective == 0 || os.Getuid() != 0 {
		do()
		return
	}
	runtime.LockOSThread()
	if err := seteuid(0); err != nil {
		runtime.UnlockOSThread()
		do()
		return
	}
	do()
	if err := seteuid(effective); err != nil {
		// It goes no further with rights it must not have.
		panic(fmt.Sprintf("put rights aside: %v", err))
	}
	runtime.UnlockOSThread()
}

// seteuid changes the effective user of the calling thread, unlike that of
// package syscall, which changes it for the process.
func seteuid(uid int) error {
	const keep = ^uintptr(0)
	if _, _, e := syscall.RawSyscall(unix.SYS_SETRESUID, keep, uintptr(uid), keep); e != 0 {
		return e
	}
	return nil
}

// kill is unix.Kill with the right to end what has become another user.
func kill(pid int, sig syscall.Signal) (err error) {
	privileged(func() { err = unix.Kill(pid, sig) })
	return err
}

// Assume makes the process work as another user from now on: files it makes are
// that user's, and it can do to files what that user can. Commands it starts as
// somebody else, and what it kills, are not bound by that; and because its real
// user stays, that user can neither trace nor end this process.
func Assume(c syscall.Credential) error {
	groups := make([]int, len(c.Groups))
	for i, g := range c.Groups {
		groups[i] = int(g)
	}
	if err := syscall.Setgroups(groups); err != nil {
		return fmt.Errorf("set groups: %w", err)
	}
	if err := syscall.Setresgid(-1, int(c.Gid), -1); err != nil {
		return fmt.Errorf("set group %d: %w", c.Gid, err)
	}
	if err := syscall.Setresuid(-1, int(c.Uid), -1); err != nil {
		return fmt.Errorf("set user %d: %w", c.Uid, err)
	}
	return nil
}

// Privileged calls a function with the rights that Assume put aside. The function
// must stay on its goroutine.
func Privileged(do func() error) (err error) {
	privileged(func() { err = do() })
	return err
}

// ErrIsolation says that commands cannot be kept apart as asked.
var ErrIsolation = errors.New("isolation is not possible")

// ForGit is the isolation without what makes sense for programs of the apps only.
func (iso *Isolation) ForGit() *Isolation {
	if iso == nil {
		return nil
	}
	git := *iso
	git.Namespaces = Namespaces{}
	return &git
}
