package workspace

import (
	"strconv"
	"strings"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

// localhost is what ansible assumes without an inventory, said aloud: said
// nothing it warns, and looks for hosts in /etc/ansible.
const localhost = "localhost ansible_connection=local ansible_python_interpreter=\"{{ ansible_playbook_python }}\"\n"

// Inventory puts the inventory in place and returns the path for ansible. None
// is the machine itself. Checkout is the directory of the repository the
// inventory's file lives in; own says that it is not the one of the playbook. A
// file may also be a directory, or a program that ansible runs.
func (d *Dir) Inventory(inv *job.Inventory, checkout string, own bool) (string, error) {
	if inv == nil || inv.Kind == "none" {
		return d.WriteFile("inventory_none", []byte(localhost))
	}
	name := "inventory_" + strconv.FormatInt(inv.ID, 10)
	switch inv.Kind {
	case "static":
		return d.WriteFile(name, []byte(inv.Text+"\n"))
	case "static-yaml":
		return d.WriteFile(name+".yml", []byte(inv.Text+"\n"))
	case "file":
		full, err := Resolve(checkout, inv.Text, "inventory")
		if err != nil {
			return "", err
		}
		if strings.Contains(inv.Text, ",") {
			return "", fault.New("The path of the inventory %q has a comma, which ansible takes for a list of hosts. Rename the file.", inv.Text)
		}
		if own {
			return full, nil
		}
		return apps.Operand(inv.Text), nil
	}
	return "", fault.New("The inventory '%s' is of the kind %q, which playbooks cannot use. Choose a static or file inventory.", inv.Name, inv.Kind)
}
