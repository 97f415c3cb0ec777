package workspace

import (
	"strconv"

	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

// Inventory puts the inventory in place and returns the path for ansible, ""
// for none. Checkout is the directory of the repository the inventory's file
// lives in; own says that it is not the one of the playbook.
func (d *Dir) Inventory(inv *job.Inventory, checkout string, own bool) (string, error) {
	if inv == nil {
		return "", nil
	}
	name := "inventory_" + strconv.FormatInt(inv.ID, 10)
	switch inv.Kind {
	case "none":
		return "", nil
	case "static":
		return d.WriteFile(name, []byte(inv.Text+"\n"))
	case "static-yaml":
		return d.WriteFile(name+".yml", []byte(inv.Text+"\n"))
	case "file":
		full, err := Resolve(checkout, inv.Text, "inventory")
		if err != nil {
			return "", err
		}
		if own {
			return full, nil
		}
		return inv.Text, nil
	}
	return "", fault.New("The inventory '%s' is of the kind %q, which playbooks cannot use. Choose a static or file inventory.", inv.Name, inv.Kind)
}
