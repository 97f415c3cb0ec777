package process

import "golang.org/x/sys/unix"

// Namespaces are the kernel's views that commands have to themselves.
type Namespaces struct{ User, Mount, PID, IPC, UTS bool }

// Any reports whether there is one.
func (n Namespaces) Any() bool { return n != Namespaces{} }

// flags are those of the fork of a command, or of its helper.
func (iso *Isolation) flags() uintptr {
	if iso == nil {
		return 0
	}
	return iso.Namespaces.outer()
}

// outer are the flags for the helper that prepares the others; the user's own
// comes last, when nothing that needs rights is left to do.
func (n Namespaces) outer() uintptr {
	var flags uintptr
	for _, f := range []struct {
		on   bool
		flag uintptr
	}{
		{n.Mount || n.PID, unix.CLONE_NEWNS}, // what processes there are is seen in a mounted file system
		{n.PID, unix.CLONE_NEWPID}, {n.IPC, unix.CLONE_NEWIPC}, {n.UTS, unix.CLONE_NEWUTS},
	} {
		if f.on {
			flags |= f.flag
		}
	}
	return flags
}
