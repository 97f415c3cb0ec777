// Package isolate lets runs work as another user than the server: it finds out
// who that is, opens to that user what of the data directory runs need and
// nothing else, and makes the process of the job act as that user with files.
//
// It promises to fail rather than to run anything with more rights than asked.
package isolate

import (
	"errors"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"signalbox/internal/exec/fault"
	"signalbox/internal/exec/process"
	"signalbox/internal/job"
)

// Identity is who runs work as. Nil is whoever this process is.
type Identity struct {
	UID, GID uint32
	Groups   []uint32 // supplementary
	Name     string   // "" for a number without an entry
	Home     string   // "" if there is no such directory

	iso job.Isolation
}

// Resolve finds out who is meant. An unknown user, one that contradicts itself,
// and what this process may not do are errors for the user.
func Resolve(iso job.Isolation) (*Identity, error) {
	who := &Identity{UID: uint32(os.Geteuid()), GID: uint32(os.Getegid()), iso: iso}
	root := os.Geteuid() == 0
	if ns := iso.Namespaces; (ns.Mount || ns.PID || ns.IPC || ns.UTS) && !root {
		return nil, fault.New("Tasks are to have namespaces of their own (process.app_namespaces), which only a server that runs as root can make. Nothing was run.")
	}
	if !iso.SwitchesUser() {
		return who, nil
	}
	if err := who.lookup(iso); err != nil {
		return nil, err
	}
	same := int(who.UID) == os.Geteuid() && int(who.GID) == os.Getegid()
	if !root && !same {
		return nil, fault.New("Tasks are to run as %s (process.user), which only a server that runs as root can do. Nothing was run.", who.word())
	}
	return who, nil
}

func (who *Identity) word() string {
	if who.Name != "" {
		return "the user '" + who.Name + "'"
	}
	return "the user number " + strconv.Itoa(int(who.UID))
}

func (who *Identity) lookup(iso job.Isolation) error {
	entry, err := find(iso)
	if err != nil {
		return err
	}
	switch {
	case entry != nil:
		if err := who.take(entry); err != nil {
			return err
		}
		if iso.UID != nil && *iso.UID != int(who.UID) {
			return fault.New("process.uid is %d, but the user '%s' of process.user has the number %d. Set one of them. Nothing was run.", *iso.UID, iso.User, who.UID)
		}
	case iso.UID != nil:
		if iso.GID == nil {
			return fault.New("The user number %d of process.uid is not in the user database of this machine, so its group is not known. Set process.gid. Nothing was run.", *iso.UID)
		}
		who.UID = uint32(*iso.UID)
	}
	if iso.GID != nil {
		who.GID = uint32(*iso.GID)
	}
	if who.Groups == nil {
		who.Groups = []uint32{}
	}
	return nil
}

// find looks the user up; nil for none of that number, or none named.
func find(iso job.Isolation) (*user.User, error) {
	if iso.User != "" {
		entry, err := user.Lookup(iso.User)
		if err != nil {
			if _, number := strconv.Atoi(iso.User); number == nil {
				entry, err = user.LookupId(iso.User)
			}
		}
		if err != nil {
			return nil, fault.Wrap(err, "The user '%s' of process.user is not known on this machine. Create the user, or correct the server's configuration. Nothing was run.", iso.User)
		}
		return entry, nil
	}
	if iso.UID == nil {
		return nil, nil
	}
	entry, err := user.LookupId(strconv.Itoa(*iso.UID))
	var unknown user.UnknownUserIdError
	if errors.As(err, &unknown) {
		return nil, nil
	}
	if err != nil {
		return nil, fault.Wrap(err, "The user number %d of process.uid could not be looked up: %v. Nothing was run.", *iso.UID, err)
	}
	return entry, nil
}

func (who *Identity) take(entry *user.User) error {
	ids, err := entry.GroupIds()
	if err != nil {
		return fault.Wrap(err, "The groups of the user '%s' of process.user could not be looked up: %v. Nothing was run.", entry.Username, err)
	}
	numbers := make([]uint32, 0, len(ids)+2)
	for _, text := range append([]string{entry.Uid, entry.Gid}, ids...) {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return fault.New("The user '%s' of process.user has the number %q, which is none. Nothing was run.", entry.Username, text)
		}
		numbers = append(numbers, uint32(n))
	}
	who.UID, who.GID, who.Groups, who.Name = numbers[0], numbers[1], slices.Compact(slices.Sorted(slices.Values(numbers[2:]))), entry.Username
	if info, err := os.Stat(entry.HomeDir); err == nil && info.IsDir() && entry.HomeDir != "/" {
		who.Home = entry.HomeDir
	}
	return nil
}

// switches reports whether it is somebody else than this process.
func (who *Identity) switches() bool {
	return who.iso.SwitchesUser() && os.Getuid() == 0
}

// Commands is how the commands of the apps are started.
func (who *Identity) Commands(group *process.Cgroup) *process.Isolation {
	ns := who.iso.Namespaces
	as := &process.Isolation{
		NoNewPrivs: who.iso.NoNewPrivs, Cgroup: group,
		Namespaces: process.Namespaces{User: ns.User, Mount: ns.Mount, PID: ns.PID, IPC: ns.IPC, UTS: ns.UTS},
	}
	if who.switches() {
		as.Credential = &syscall.Credential{Uid: who.UID, Gid: who.GID, Groups: who.Groups}
	}
	return as
}

// Environ is the job's environment as the user would have it: with another home
// directory, or none, where the server's would be no use.
func (who *Identity) Environ(getenv func(string) string) func(string) string {
	if !who.switches() || who.UID == 0 {
		return getenv
	}
	return func(name string) string {
		switch name {
		case "HOME":
			return who.Home
		case "TMPDIR":
			return ""
		}
		return getenv(name)
	}
}

// Enter opens what the user needs, makes the work directory in the job's, if that
// is not "", and lets this process act as the user with files from now on.
func Enter(who *Identity, dataDir, jobDir string) error {
	if !who.switches() || who.UID == 0 {
		return nil
	}
	if err := open(who, dataDir, jobDir); err != nil {
		return fault.Wrap(err, "Signalbox could not open its directories to %s of process.user: %v. Nothing was run.", who.word(), err)
	}
	if err := process.Assume(syscall.Credential{Uid: who.UID, Gid: who.GID, Groups: who.Groups}); err != nil {
		return fault.Wrap(err, "Signalbox may not act as %s of process.user: %v. Nothing was run.", who.word(), err)
	}
	if _, err := os.Stat(filepath.Join(dataDir, theirs()[0])); err != nil {
		return fault.Wrap(err, "The data directory %s cannot be reached by %s of process.user. Let others pass through the directories above it, or move it, for example to /var/lib/signalbox. Nothing was run.", dataDir, who.word())
	}
	return nil
}

// workDirOf is the work directory of a job.
func workDirOf(jobDir string) string { return filepath.Join(jobDir, job.WorkDir) }
