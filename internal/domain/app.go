package domain

import "sort"

// Family is how an app is run. Each has its parameters, its inventories and its
// way of building commands; what differs within one is data.
type Family string

const (
	FamilyAnsible   Family = "ansible"   // playbooks against hosts
	FamilyTerraform Family = "terraform" // plan, confirm, apply
	FamilyScript    Family = "script"    // a program with a file and arguments
)

// App is the declaration of a program that templates run. Form, validation and
// executor all read it.
type App struct {
	ID        string
	Family    Family // "" counts as script
	Title     string
	Icon      string
	Color     string
	DarkColor string
	Priority  int
	// Programs are looked up on PATH; the first that is found is run. None: the
	// id of the app.
	Programs []string
	Args     []string // before everything else
	// VersionArgs make the program print its version. None: it is not asked, as
	// nobody knows what a program of one's own would do.
	VersionArgs []string
	Path        string // set by the administrator: replaces Programs
	Active      bool
}

// Program is what is known of the program of an app on this machine.
type Program struct {
	Path    string // "" when it was not found
	Missing string // why not, as a sentence
	Version string // "" when it is not known, or not yet
}

// Candidates are the programs of which the first that exists is run.
func (a App) Candidates() []string {
	switch {
	case a.Path != "":
		return []string{a.Path}
	case len(a.Programs) > 0:
		return a.Programs
	}
	return []string{a.ID}
}

// PlaybookOptional: a template may leave the path empty, which then means the
// top of the repository.
func (a App) PlaybookOptional() bool { return a.Family == FamilyTerraform }

// InventoryRequired: a template must say which hosts.
func (a App) InventoryRequired() bool { return a.Family == FamilyAnsible }

// PlaybookWord names what the template's path points to.
func (a App) PlaybookWord() string {
	switch a.Family {
	case FamilyAnsible:
		return "playbook"
	case FamilyTerraform:
		return "directory"
	}
	return "script"
}

// TakesInventory reports whether templates of the app may use an inventory of
// the type: hosts for Ansible, the app's own kind of workspace for the Terraform
// family. Scripts are not told of inventories, so any will do.
func (a App) TakesInventory(t InventoryType) bool {
	switch a.Family {
	case FamilyAnsible:
		return !t.Workspace()
	case FamilyTerraform:
		return t == InventoryType(a.ID+"-workspace") || t.Workspace() && !builtinTerraform(a.ID)
	}
	return true
}

func builtinTerraform(id string) bool {
	return id == "terraform" || id == "tofu" || id == "terragrunt"
}

// BuiltinApps returns the apps that need no set-up, highest priority first.
func BuiltinApps() []App {
	apps := []App{
		{ID: "ansible", Family: FamilyAnsible, Title: "Ansible Playbook", Icon: "ansible", Priority: 1000, Programs: []string{"ansible-playbook"}, VersionArgs: []string{"--version"}},
		{ID: "terraform", Family: FamilyTerraform, Title: "Terraform", Icon: "terraform", Priority: 900, Programs: []string{"terraform"}, VersionArgs: []string{"--version"}},
		{ID: "terragrunt", Family: FamilyTerraform, Title: "Terragrunt", Icon: "terragrunt", Priority: 850, Programs: []string{"terragrunt"}, VersionArgs: []string{"--version"}},
		{ID: "tofu", Family: FamilyTerraform, Title: "OpenTofu", Icon: "tofu", Priority: 800, Programs: []string{"tofu"}, VersionArgs: []string{"--version"}},
		{ID: "bash", Family: FamilyScript, Title: "Bash Script", Icon: "bash", Priority: 700, Programs: []string{"bash"}, VersionArgs: []string{"--version"}},
		// The newer name first; Windows' own is the fallback.
		{ID: "powershell", Family: FamilyScript, Title: "PowerShell Script", Icon: "powershell", Priority: 600, Programs: []string{"pwsh", "powershell"}, Args: []string{"-File"}, VersionArgs: []string{"--version"}},
		{ID: "python", Family: FamilyScript, Title: "Python Script", Icon: "python", Priority: 500, Programs: []string{"python3"}, VersionArgs: []string{"--version"}},
		// The reference knows the name and no more: it is run like an app of one's own.
		{ID: "pulumi", Family: FamilyScript, Title: "Pulumi", Icon: "pulumi", Priority: 400, Programs: []string{"pulumi"}, VersionArgs: []string{"version"}},
	}
	for i := range apps {
		apps[i].Active = apps[i].ID != "pulumi"
	}
	sort.Slice(apps, func(i, j int) bool { return apps[i].Priority > apps[j].Priority })
	return apps
}
