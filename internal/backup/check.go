package backup

import (
	"fmt"

	"signalbox/internal/domain"
)

// names are the names of one section.
type names struct {
	word  string
	known map[string]bool
}

func (n *names) add(field, name string) error {
	if name == "" {
		return domain.Invalid(field, "a name is required")
	}
	if n.known[name] {
		return domain.Invalid(field, "there is another %s called %q in the document", n.word, name)
	}
	n.known[name] = true
	return nil
}

// has checks a reference by name; nil refers to nothing.
func (n *names) has(field string, name *string) error {
	if name == nil || n.known[*name] {
		return nil
	}
	return domain.Invalid(field, "there is no %s called %q in the document", n.word, *name)
}

func at(section string, i int, field string) string {
	return fmt.Sprintf("%s[%d].%s", section, i, field)
}

// checker goes through a document and keeps the first problem.
type checker struct {
	err error
}

func (c *checker) do(err error) {
	if c.err == nil {
		c.err = err
	}
}

// index collects the names of a section.
func index[T any](c *checker, word, section, field string, rows []T, name func(T) string) *names {
	n := &names{word: word, known: make(map[string]bool, len(rows))}
	for i, row := range rows {
		c.do(n.add(at(section, i, field), name(row)))
	}
	return n
}

// Check finds names that are missing, used twice or refer to nothing. Values
// are checked when they are restored.
func (d *Document) Check() error {
	c := &checker{}
	if d.Meta.Name == "" {
		c.do(domain.Invalid("meta.name", "a name is required"))
	}
	environments := index(c, "variable group", "environments", "name", d.Environments, func(e Environment) string { return e.Name })
	repositories := index(c, "repository", "repositories", "name", d.Repositories, func(r Repository) string { return r.Name })
	inventories := index(c, "inventory", "inventories", "name", d.Inventories, func(i Inventory) string { return i.Name })
	templates := index(c, "template", "templates", "name", d.Templates, func(t Template) string { return t.Name })
	views := index(c, "view", "views", "title", d.Views, func(v View) string { return v.Title })
	roles := index(c, "role", "roles", "name", d.Roles, func(r Role) string { return r.Name })
	keys := c.keys(d.Keys, environments)
	for i, r := range d.Repositories {
		c.do(keys.has(at("repositories", i, "ssh_key"), r.SSHKey))
	}
	for i, h := range d.HostConfigs {
		c.do(keys.has(at("host_configs", i, "ssh_key"), &h.SSHKey))
	}
	for i, v := range d.Inventories {
		c.do(keys.has(at("inventories", i, "ssh_key"), v.SSHKey))
		c.do(keys.has(at("inventories", i, "become_key"), v.BecomeKey))
		c.do(repositories.has(at("inventories", i, "repository"), v.Repository))
		c.do(templates.has(at("inventories", i, "template"), v.Template))
	}
	for i, t := range d.Templates {
		c.do(repositories.has(at("templates", i, "repository"), &t.Repository))
		c.do(inventories.has(at("templates", i, "inventory"), t.Inventory))
		c.do(environments.has(at("templates", i, "environment"), t.Environment))
		c.do(views.has(at("templates", i, "view"), t.View))
		c.do(templates.has(at("templates", i, "build_template"), t.BuildTemplate))
		c.do(keys.has(at("templates", i, "vault_key"), t.VaultKey))
		for j, v := range t.Vaults {
			c.do(keys.has(at("templates", i, at("vaults", j, "vault_key")), v.VaultKey))
		}
		for j, r := range t.Roles {
			if !r.IsGlobal {
				c.do(roles.has(at("templates", i, at("roles", j, "role")), &r.Role))
			}
		}
	}
	for i, s := range d.Schedules {
		c.do(templates.has(at("schedules", i, "template"), &s.Template))
		c.do(repositories.has(at("schedules", i, "checkable_repository"), s.CheckableRepository))
		c.params("schedules", i, s.TaskParams, inventories)
	}
	for i, n := range d.Integrations {
		c.do(templates.has(at("integrations", i, "template"), &n.Template))
		c.do(keys.has(at("integrations", i, "auth_secret"), n.AuthSecret))
		c.params("integrations", i, n.TaskParams, inventories)
	}
	return c.err
}

func (c *checker) params(section string, i int, p *TaskParams, inventories *names) {
	if p != nil {
		c.do(inventories.has(at(section, i, "task_params.inventory_name"), p.InventoryName))
	}
}

// keys collects the keys that can be referred to. Secrets of variable groups are
// unique within their group.
func (c *checker) keys(list []Key, environments *names) *names {
	shared := &names{word: "key", known: map[string]bool{}}
	owned := map[[3]string]bool{}
	for i, k := range list {
		if k.Owner == string(domain.OwnerShared) {
			c.do(shared.add(at("keys", i, "name"), k.Name))
			continue
		}
		if k.Name == "" {
			c.do(domain.Invalid(at("keys", i, "name"), "a name is required"))
		}
		if k.Environment == nil {
			continue
		}
		c.do(environments.has(at("keys", i, "environment"), k.Environment))
		id := [3]string{k.Owner, *k.Environment, k.Secret()}
		if owned[id] {
			c.do(domain.Invalid(at("keys", i, "name"), "the variable group %q has two secrets called %q", *k.Environment, k.Secret()))
		}
		owned[id] = true
	}
	return shared
}

// Secret is the name of the key in its variable group.
func (k Key) Secret() string {
	if k.Variable != nil {
		return *k.Variable
	}
	return k.Name
}
