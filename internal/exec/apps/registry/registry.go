// Package registry knows the families whose runs are one command. The Terraform
// family is not among them: its commands depend on each other.
package registry

import (
	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/apps/ansible"
	"signalbox/internal/exec/apps/script"
)

// Builder returns what makes the command of a family, false for a kind that is
// not one of them. A new family is one line here.
func Builder(kind string) (apps.Builder, bool) {
	switch kind {
	case ansible.Kind:
		return ansible.Build, true
	case script.Kind:
		return script.Build, true
	}
	return nil, false
}
