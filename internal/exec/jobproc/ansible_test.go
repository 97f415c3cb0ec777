package jobproc_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"signalbox/internal/job"
)

// need skips the test aloud when a program is missing; in CI it fails.
func need(t testing.TB, program string) string {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if _, err := os.Stat("/usr/sbin/" + program); err == nil {
			return "/usr/sbin/" + program
		}
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s is not installed", program)
		}
		t.Skipf("SKIPPED: %s is not installed", program)
	}
	return path
}

func ansibleSpec(t testing.TB, playbook string) job.Spec {
	t.Helper()
	need(t, "ansible-playbook")
	spec := bashSpec(t, "")
	write(t, filepath.Join(spec.Repository.URL, "site.yml"), playbook)
	spec.App = job.App{ID: "ansible", Kind: "ansible", Program: "ansible-playbook"}
	spec.Playbook = "site.yml"
	spec.Inventory = &job.Inventory{ID: 9, Name: "hosts", Kind: "static", Text: "web ansible_connection=local"}
	return spec
}

const debugPlaybook = `
- hosts: all
  gather_facts: false
  tasks:
    - debug:
        msg: "{{ inventory_hostname }} {{ plain }} {{ num + 1 }} secret={{ token }} id={{ semaphore_vars.task_details.id }}"
    - command: sh -c 'echo env $MYENV $HIDDEN'
      register: out
    - debug: var=out.stdout
`

func TestAnsible_VariablesAndSecrets(t *testing.T) {
	t.Parallel()
	spec := ansibleSpec(t, debugPlaybook)
	spec.ExtraVars = map[string]json.RawMessage{"plain": json.RawMessage(`"a 'quoted' text"`), "num": json.RawMessage("41")}
	spec.SecretVars = map[string]json.RawMessage{"token": json.RawMessage(`"sup3r$ecret"`)}
	spec.Env = map[string]string{"MYENV": "mine"}
	spec.SecretEnv = map[string]string{"HIDDEN": "environment-secret"}
	spec.Details.ID = 77
	spec.Ansible = &job.Ansible{Verbosity: 1, Diff: true, Limit: []string{"web"}}
	got := runJob(t, spec)
	if got.end.Status != "success" {
		t.Fatalf("end %+v\n%s", got.end, got.output)
	}
	for _, want := range []string{"web a 'quoted' text 42 secret=*** id=77", "env mine ***"} {
		if !strings.Contains(got.output, want) {
			t.Errorf("no %q in %s", want, got.output)
		}
	}
	for _, secret := range []string{"sup3r$ecret", "environment-secret"} {
		if strings.Contains(got.output, secret) {
			t.Errorf("%q is shown in %s", secret, got.output)
		}
	}
}

func TestAnsible_VaultAndInventories(t *testing.T) {
	t.Parallel()
	const vars = "- hosts: all\n  gather_facts: false\n  vars_files: [secret.yml]\n  tasks:\n    - debug: msg=\"{{ inventory_hostname }} vault={{ inside }}\"\n"
	base := ansibleSpec(t, vars)
	repo := base.Repository.URL
	write(t, filepath.Join(repo, "secret.yml"), "inside: found\n")
	write(t, filepath.Join(repo, "pw"), "vault-password\n")
	cmd := exec.Command("ansible-vault", "encrypt", "--vault-id", "prod@pw", "--encrypt-vault-id", "prod", "secret.yml")
	cmd.Dir = repo
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	base.Vaults = []job.Vault{{Name: "other", Password: "something"}, {Name: "prod", Password: "vault-password"}}
	write(t, filepath.Join(repo, "inv", "hosts.ini"), "fromfile ansible_connection=local\n")
	for name, c := range map[string]struct {
		inventory *job.Inventory
		want      string
	}{
		"static": {base.Inventory, "web vault=found"},
		"yaml":   {&job.Inventory{ID: 1, Kind: "static-yaml", Text: "all: {hosts: {yam: {ansible_connection: local}}}"}, "yam vault=found"},
		"file":   {&job.Inventory{ID: 1, Kind: "file", Text: "inv/hosts.ini"}, "fromfile vault=found"},
		"none":   {&job.Inventory{ID: 1, Kind: "none"}, "localhost vault=found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := base
			spec.Inventory = c.inventory
			if got := runJob(t, spec); got.end.Status != "success" || !strings.Contains(got.output, c.want) {
				t.Errorf("end %+v\n%s", got.end, got.output)
			}
		})
	}
}

func TestAnsible_InventoryRepository(t *testing.T) {
	t.Parallel()
	spec := ansibleSpec(t, "- hosts: all\n  gather_facts: false\n  tasks:\n    - debug: msg=\"{{ inventory_hostname }} {{ color }}\"\n")
	dir := remote(t, "")
	write(t, filepath.Join(dir, "prod", "hosts"), "other ansible_connection=local\n")
	write(t, filepath.Join(dir, "prod", "group_vars", "all.yml"), "color: green\n")
	commitScript(t, dir, "", "inventory")
	spec.Inventory = &job.Inventory{ID: 2, Name: "prod", Kind: "file", Text: "prod/hosts",
		Repository: &job.Repository{ID: 8, Name: "inventories", URL: "file://" + dir, Kind: "file", Branch: "main"}}
	if got := runJob(t, spec); got.end.Status != "success" || !strings.Contains(got.output, "other green") {
		t.Errorf("end %+v\n%s", got.end, got.output)
	}
}

func TestAnsible_Galaxy(t *testing.T) {
	t.Parallel()
	spec := ansibleSpec(t, "- hosts: all\n  gather_facts: false\n  roles: [hello]\n")
	role := t.TempDir()
	git(t, role, "init", "-q", "-b", "main")
	write(t, filepath.Join(role, "tasks", "main.yml"), "- debug: msg='role says hello'\n")
	write(t, filepath.Join(role, "meta", "main.yml"), "galaxy_info: {author: t, description: t, license: MIT, min_ansible_version: '2.9'}\ndependencies: []\n")
	git(t, role, "add", ".")
	git(t, role, "commit", "-q", "-m", "role")
	write(t, filepath.Join(spec.Repository.URL, "requirements.yaml"), "roles:\n  - {src: 'git+file://"+role+"', name: hello, version: main}\n")
	got := runJob(t, spec)
	if got.end.Status != "success" || !strings.Contains(got.output, "role says hello") || !strings.Contains(got.output, "Galaxy requirements: installed roles") {
		t.Fatalf("end %+v\n%s", got.end, got.output)
	}
	if got := runJob(t, spec); got.end.Status != "success" || !strings.Contains(got.output, "Galaxy requirements: roles unchanged") {
		t.Errorf("second run: end %+v\n%s", got.end, got.output)
	}
	// A lost target installs again.
	if err := os.RemoveAll(filepath.Join(spec.Host.DataDir, "homes")); err != nil {
		t.Fatal(err)
	}
	if got := runJob(t, spec); got.end.Status != "success" || !strings.Contains(got.output, "installed roles") {
		t.Errorf("after a loss: end %+v\n%s", got.end, got.output)
	}
	write(t, filepath.Join(spec.Repository.URL, "requirements.yaml"), "roles:\n  - {src: 'git+file:///nowhere/at/all', name: nope}\n")
	if got := runJob(t, spec); got.end.Status != "error" || !strings.Contains(got.end.Reason, "requirements.yaml could not be installed") {
		t.Errorf("a failing one: end %+v\n%s", got.end, got.output)
	}
}

func TestPaths_StayInside(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "out.sh")
	write(t, outside, "echo outside")
	for name, c := range map[string]struct{ path, want string }{
		"missing":  {"none.sh", "The script \"none.sh\" does not exist in the repository. Check the path in the template and the branch."},
		"parent":   {"../" + filepath.Base(outside), "lies outside the repository"},
		"absolute": {outside, "lies outside the repository"},
		"link":     {"link.sh", "lies outside the repository"},
		"folder":   {"folder", "is a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := bashSpec(t, "")
			if err := os.Symlink(outside, filepath.Join(spec.Repository.URL, "link.sh")); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(spec.Repository.URL, "folder", "x"), "")
			spec.Playbook = c.path
			if got := runJob(t, spec); got.end.Status != "error" || !strings.Contains(got.end.Reason, c.want) {
				t.Errorf("%+v, want %q", got.end, c.want)
			}
		})
	}
}
