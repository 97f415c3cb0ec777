package catalog

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"signalbox/internal/domain"
)

//go:embed demo
var demoFiles embed.FS

// DemoFiles writes the examples of demo projects below a directory. It is a
// plain directory that tasks use in place, so no git is needed.
type DemoFiles struct {
	dir string
}

// NewDemoFiles returns a seeder that writes below dir, an absolute path.
func NewDemoFiles(dir string) *DemoFiles { return &DemoFiles{dir: dir} }

// Prepare writes the examples into a directory of their own.
func (d *DemoFiles) Prepare() (string, func(), error) {
	dir := filepath.Join(d.dir, "demo-"+randomHex(6))
	remove := func() { _ = os.RemoveAll(dir) } // nothing refers to it any more
	err := fs.WalkDir(demoFiles, "demo", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel("demo", path)
		if err != nil {
			return err
		}
		target := filepath.Join(dir, rel)
		if entry.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := demoFiles.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	})
	if err != nil {
		remove()
		return "", nil, fmt.Errorf("write demo files: %w", err)
	}
	return dir, remove, nil
}

// seedDemo adds what the examples need to a new project.
func (c *Catalog) seedDemo(ctx context.Context, p domain.ProjectID, f furniture, dir string) error {
	repository := domain.Repository{ProjectID: p, Name: "Demo", GitURL: dir, SSHKeyID: f.key}
	if err := c.Store.Repositories().Create(ctx, &repository); err != nil {
		return err
	}
	inventory := domain.Inventory{
		ProjectID: p, Name: "This machine", Type: domain.InventoryStatic,
		Inventory: "localhost ansible_connection=local\n", SSHKeyID: &f.key,
	}
	if err := c.Store.Inventories().Create(ctx, &inventory); err != nil {
		return err
	}
	env := `{"DEMO_PLACE": "the signal box"}`
	group := domain.VariableGroup{ProjectID: p, Name: "Demo variables", JSON: `{"greeting": "Hello"}`, Env: &env}
	if err := c.Store.VariableGroups().Create(ctx, &group); err != nil {
		return err
	}
	text := func(s string) *string { return &s }
	examples := []domain.Template{
		{
			Name: "Ansible: say hello", App: "ansible", Playbook: "hello.yml", InventoryID: &inventory.ID,
			Description: text("Gathers facts of this machine and greets it."),
			SurveyVars:  []domain.SurveyVar{{Name: "visitor", Title: "Who is visiting?", DefaultValue: "world"}},
			TaskParams:  domain.JSON(`{"allow_debug":true,"allow_override_limit":true,"allow_override_tags":true}`),
		},
		{
			Name: "Bash: look around", App: "bash", Playbook: "look-around.sh",
			Description: text("Prints what the script sees, with a little colour."), AllowOverrideArgsInTask: true,
		},
		{
			Name: "Python: count down", App: "python", Playbook: "countdown.py",
			Description: text("Counts down line by line, to watch the log move."), AllowOverrideArgsInTask: true,
			SurveyVars: []domain.SurveyVar{{Name: "start", Title: "Count down from", Type: "int", DefaultValue: "5"}},
		},
	}
	for i := range examples {
		t := &examples[i]
		t.ProjectID, t.RepositoryID, t.VariableGroupID = p, repository.ID, &group.ID
		if err := c.Store.Templates().Create(ctx, t); err != nil {
			return err
		}
	}
	return nil
}
