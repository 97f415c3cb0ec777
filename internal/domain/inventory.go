package domain

import "strings"

// InventoryType is the form an inventory is kept in.
type InventoryType string

const (
	InventoryStatic              InventoryType = "static"      // INI text
	InventoryStaticYAML          InventoryType = "static-yaml" // YAML text
	InventoryFile                InventoryType = "file"        // a path in a repository
	InventoryNone                InventoryType = "none"        // the implicit localhost
	InventoryTerraformWorkspace  InventoryType = "terraform-workspace"
	InventoryTofuWorkspace       InventoryType = "tofu-workspace"
	InventoryTerragruntWorkspace InventoryType = "terragrunt-workspace"
)

// Valid reports whether t is a known inventory type.
func (t InventoryType) Valid() bool {
	switch t {
	case InventoryStatic, InventoryStaticYAML, InventoryFile, InventoryNone,
		InventoryTerraformWorkspace, InventoryTofuWorkspace, InventoryTerragruntWorkspace:
		return true
	}
	return false
}

// Workspace reports whether the inventory names a Terraform-family workspace.
func (t InventoryType) Workspace() bool { return strings.HasSuffix(string(t), "-workspace") }

// Inventory says which hosts a playbook runs against.
type Inventory struct {
	ID           InventoryID
	ProjectID    ProjectID
	Name         string
	Type         InventoryType
	Inventory    string // text, path or workspace name, by type
	SSHKeyID     *KeyID
	BecomeKeyID  *KeyID
	TemplateID   *TemplateID
	RepositoryID *RepositoryID // where a file inventory lives; nil: the template's
	RunnerTag    *string
}

// Validate checks the fields a client may set.
func (i *Inventory) Validate() error {
	if err := checkName("name", i.Name, 255); err != nil {
		return err
	}
	if !i.Type.Valid() {
		return Invalid("type", "%q is not an inventory type; use static, static-yaml, file or none", string(i.Type))
	}
	if i.Type == InventoryFile {
		i.Inventory = strings.TrimSpace(i.Inventory)
		if i.Inventory == "" {
			return Invalid("inventory", "the path of the inventory file is required")
		}
		return CheckRelativePath("inventory", i.Inventory)
	}
	return nil
}
