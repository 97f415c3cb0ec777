package domain

import "sort"

// App is the declaration of a program family that templates run. Form,
// validation and executor all read it.
type App struct {
	ID                string
	Title             string
	Icon              string
	Color             string
	DarkColor         string
	Priority          int
	Program           string   // looked up on PATH
	Args              []string // before the script
	Path              string   // set by the administrator: replaces Program
	Active            bool
	PlaybookOptional  bool
	InventoryRequired bool
	StageArguments    bool // arguments may be an object stage → list
	Ansible           bool
}

// PlaybookWord names what the template's path points to.
func (a App) PlaybookWord() string {
	if a.Ansible {
		return "playbook"
	}
	return "script"
}

// BuiltinApps returns the apps that need no set-up, highest priority first.
func BuiltinApps() []App {
	apps := []App{
		{ID: "ansible", Title: "Ansible Playbook", Icon: "ansible", Priority: 1000, Program: "ansible-playbook", InventoryRequired: true, Ansible: true, Active: true},
		{ID: "bash", Title: "Bash Script", Icon: "bash", Priority: 700, Program: "bash", Active: true},
		{ID: "python", Title: "Python Script", Icon: "python", Priority: 500, Program: "python3", Active: true},
	}
	sort.Slice(apps, func(i, j int) bool { return apps[i].Priority > apps[j].Priority })
	return apps
}
