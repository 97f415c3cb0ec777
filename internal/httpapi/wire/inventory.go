package wire

import "signalbox/internal/domain"

// Inventory says which hosts a playbook runs against.
type Inventory struct {
	ID           int64   `json:"id"`
	Name         string  `json:"name"`
	ProjectID    int64   `json:"project_id"`
	Inventory    string  `json:"inventory" doc:"Text, path or workspace name, by type"`
	SSHKeyID     *int64  `json:"ssh_key_id"`
	BecomeKeyID  *int64  `json:"become_key_id"`
	Type         string  `json:"type" enum:"static,static-yaml,file,none,terraform-workspace,tofu-workspace,terragrunt-workspace"`
	TemplateID   *int64  `json:"template_id"`
	RepositoryID *int64  `json:"repository_id"`
	RunnerTag    *string `json:"runner_tag,omitempty"`
}

// InventoryInput creates or replaces an inventory.
type InventoryInput struct {
	ID           int64   `json:"id,omitempty"`
	Name         string  `json:"name,omitempty"`
	ProjectID    int64   `json:"project_id,omitempty"`
	Inventory    string  `json:"inventory,omitempty"`
	SSHKeyID     *int64  `json:"ssh_key_id,omitempty" nullable:"true"`
	BecomeKeyID  *int64  `json:"become_key_id,omitempty" nullable:"true"`
	Type         string  `json:"type,omitempty"`
	TemplateID   *int64  `json:"template_id,omitempty" nullable:"true"`
	RepositoryID *int64  `json:"repository_id,omitempty" nullable:"true"`
	RunnerTag    *string `json:"runner_tag,omitempty" nullable:"true"`
}

// FromInventory gives the shape of an inventory.
func FromInventory(i domain.Inventory) Inventory {
	return Inventory{
		ID: int64(i.ID), Name: i.Name, ProjectID: int64(i.ProjectID), Inventory: i.Inventory,
		SSHKeyID: ptr[int64](i.SSHKeyID), BecomeKeyID: ptr[int64](i.BecomeKeyID), Type: string(i.Type),
		TemplateID: ptr[int64](i.TemplateID), RepositoryID: ptr[int64](i.RepositoryID), RunnerTag: i.RunnerTag,
	}
}

// FromInventories gives a list of inventories.
func FromInventories(inventories []domain.Inventory) []Inventory {
	return list(inventories, FromInventory)
}

// Domain gives the domain value. References of 0 mean none.
func (in InventoryInput) Domain() domain.Inventory {
	return domain.Inventory{
		ID: domain.InventoryID(in.ID), ProjectID: domain.ProjectID(in.ProjectID), Name: in.Name,
		Type: domain.InventoryType(in.Type), Inventory: in.Inventory,
		SSHKeyID: ref[domain.KeyID](in.SSHKeyID), BecomeKeyID: ref[domain.KeyID](in.BecomeKeyID),
		TemplateID: ref[domain.TemplateID](in.TemplateID), RepositoryID: ref[domain.RepositoryID](in.RepositoryID),
		RunnerTag: in.RunnerTag,
	}
}

// ref reads an optional reference; clients send 0 as well as null for none.
func ref[To ~int64](id *int64) *To {
	if id == nil || *id == 0 {
		return nil
	}
	v := To(*id)
	return &v
}
