package catalog

import (
	"context"
	"fmt"
	"strings"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// VariableGroups lists the variable groups of a project.
func (c *Catalog) VariableGroups(ctx context.Context, g authz.Grant, sort Sort) ([]domain.VariableGroup, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return nil, err
	}
	order, err := sort.order("name")
	if err != nil {
		return nil, err
	}
	return c.Store.VariableGroups().List(ctx, store.Where(store.InProject(g.Project)).By(order, "id"))
}

// VariableGroup returns one variable group and its secrets, still sealed.
func (c *Catalog) VariableGroup(ctx context.Context, g authz.Grant, id domain.VariableGroupID) (domain.VariableGroup, []domain.Key, error) {
	if err := g.Require(authz.ReadProject); err != nil {
		return domain.VariableGroup{}, nil, err
	}
	group, err := variableGroups().get(ctx, c.Store, g.Project, id)
	if err != nil {
		return group, nil, err
	}
	secrets, err := c.Store.Keys().List(ctx, store.Where(store.InProject(g.Project), store.Eq("variable_group_id", id)).By("id"))
	return group, secrets, err
}

// CreateVariableGroup stores a group with its secrets, all or nothing.
func (c *Catalog) CreateVariableGroup(ctx context.Context, g authz.Grant, group domain.VariableGroup, ops []domain.SecretOperation) (domain.VariableGroup, error) {
	if err := checkProject(group.ProjectID, g.Project, true); err != nil {
		return group, err
	}
	if err := group.Validate(); err != nil {
		return group, err
	}
	for i := range ops {
		// A new group has nothing to update or delete.
		if ops[i].Operation == "" {
			ops[i].Operation = "create"
		}
		if ops[i].Operation != "create" {
			return group, domain.Invalid(opField(i, "operation"), "a new variable group has no secrets to %s", ops[i].Operation)
		}
	}
	err := variableGroups().create(ctx, c, g, &group, nil, func(ctx context.Context) error {
		return c.changeSecrets(ctx, group, ops)
	})
	return group, err
}

// ReplaceVariableGroup replaces a group and carries out the operations on its
// secrets, all or nothing.
func (c *Catalog) ReplaceVariableGroup(ctx context.Context, g authz.Grant, id domain.VariableGroupID, group domain.VariableGroup, ops []domain.SecretOperation) error {
	if err := variableGroups().checkIDs(&group, id, g.Project, false); err != nil {
		return err
	}
	if err := group.Validate(); err != nil {
		return err
	}
	group.ProjectID = g.Project
	return variableGroups().update(ctx, c, g, id, nil, func(row *domain.VariableGroup) error {
		*row = group
		return nil
	}, func(ctx context.Context) error {
		return c.changeSecrets(ctx, group, ops)
	})
}

func opField(i int, name string) string { return fmt.Sprintf("secrets[%d].%s", i, name) }

// changeSecrets carries out operations in the transaction of their group.
func (c *Catalog) changeSecrets(ctx context.Context, group domain.VariableGroup, ops []domain.SecretOperation) error {
	for i, op := range ops {
		if err := c.changeSecret(ctx, group, i, op); err != nil {
			return err
		}
	}
	return c.checkSecretNames(ctx, group)
}

func (c *Catalog) changeSecret(ctx context.Context, group domain.VariableGroup, i int, op domain.SecretOperation) error {
	owner, known := op.Type.Owner()
	switch op.Operation {
	case "":
		return nil
	case "create", "update":
		if op.Operation == "create" && !known {
			return domain.Invalid(opField(i, "type"), "%q is not a type of secret; use env or var", string(op.Type))
		}
	case "delete":
		if !known {
			return domain.Invalid(opField(i, "type"), "%q is not a type of secret; use env or var", string(op.Type))
		}
	default:
		return domain.Invalid(opField(i, "operation"), "%q is not an operation; use create, update or delete", op.Operation)
	}
	if op.Operation == "create" {
		if err := checkSecretName(opField(i, "name"), owner, op.Name); err != nil {
			return err
		}
		sealed, err := c.sealText(group.ProjectID, op.Secret)
		if err != nil {
			return err
		}
		return c.Store.Keys().Create(ctx, &domain.Key{
			ProjectID: group.ProjectID, Name: op.Name, Type: domain.KeyString, Owner: owner,
			VariableGroupID: &group.ID, Ciphertext: sealed,
		})
	}
	key, err := keys().get(ctx, c.Store, group.ProjectID, op.ID)
	if err == nil && (key.VariableGroupID == nil || *key.VariableGroupID != group.ID) {
		err = domain.NotFound("key")
	}
	if domain.IsKind(err, domain.KindNotFound) {
		return domain.Invalid(opField(i, "id"), "secret %d does not belong to this variable group", op.ID)
	}
	if err != nil {
		return err
	}
	if op.Operation == "delete" {
		return c.Store.Keys().Delete(ctx, key.ID)
	}
	if err := checkSecretName(opField(i, "name"), key.Owner, op.Name); err != nil {
		return err
	}
	sealed := key.Ciphertext
	if op.Secret != "" {
		if sealed, err = c.sealText(group.ProjectID, op.Secret); err != nil {
			return err
		}
	}
	_, err = c.Store.Keys().Update(ctx, key.ID, func(row *domain.Key) error {
		row.Name, row.Ciphertext = op.Name, sealed
		return nil
	})
	return err
}

func (c *Catalog) sealText(p domain.ProjectID, text domain.Secret) (string, error) {
	return c.Sealer.SealKey(p, domain.KeyString, domain.KeySecret{String: text})
}

func checkSecretName(field string, owner domain.KeyOwner, name string) error {
	if strings.TrimSpace(name) == "" {
		return domain.Invalid(field, "a name is required")
	}
	if len(name) > 255 {
		return domain.Invalid(field, "must not be longer than 255 bytes")
	}
	if owner == domain.OwnerEnvironment {
		return domain.CheckEnvName(field, name)
	}
	return nil
}

// checkSecretNames refuses two secrets of one type with the same name: which of
// them a task gets would be chance.
func (c *Catalog) checkSecretNames(ctx context.Context, group domain.VariableGroup) error {
	rows, err := c.Store.Keys().List(ctx, store.Where(store.InProject(group.ProjectID), store.Eq("variable_group_id", group.ID)).By("id"))
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, k := range rows {
		name := string(k.Owner) + "\x00" + k.Name
		if seen[name] {
			return domain.Invalid("secrets", "the name %q is used twice", k.Name)
		}
		seen[name] = true
	}
	return nil
}

// DeleteVariableGroup removes a group that nothing uses, with its secrets.
func (c *Catalog) DeleteVariableGroup(ctx context.Context, g authz.Grant, id domain.VariableGroupID) error {
	return variableGroups().remove(ctx, c, g, id, func(ctx context.Context, id domain.VariableGroupID) ([]domain.Reference, error) {
		return templates().referrers(ctx, c.Store, g.Project, store.Eq("variable_group_id", id))
	}, func(ctx context.Context) error {
		_, err := c.Store.Keys().DeleteWhere(ctx, store.InProject(g.Project), store.Eq("variable_group_id", id))
		return err
	})
}

// VariableGroupRefs lists what uses a variable group.
func (c *Catalog) VariableGroupRefs(ctx context.Context, g authz.Grant, id domain.VariableGroupID) (refs Refs, err error) {
	if _, _, err := c.VariableGroup(ctx, g, id); err != nil {
		return refs, err
	}
	refs.Templates, err = templates().referrers(ctx, c.Store, g.Project, store.Eq("variable_group_id", id))
	return refs, err
}
