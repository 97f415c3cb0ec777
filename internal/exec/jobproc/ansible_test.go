package jobproc_test

import (
	"encoding/json"
	"fmt"
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

const hostsScript = `#!/bin/sh
[ "$1" = --list ] && echo '{"all": {"hosts": ["dyn"]}, "_meta": {"hostvars": {"dyn": {"ansible_connection": "local"}}}}'
`

func executableFile(t testing.TB, path, text string) {
	t.Helper()
	write(t, path, text)
	if err := os.Chmod(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestAnsible_VaultsAndInventories(t *testing.T) {
	t.Parallel()
	const vars = "- hosts: all\n  gather_facts: false\n  vars_files: [prod.yml, default.yml, script.yml]\n  tasks:\n    - debug: msg=\"{{ inventory_hostname }} vault={{ prod }},{{ default_ }},{{ script }}\"\n"
	base := ansibleSpec(t, vars)
	repo := base.Repository.URL
	executableFile(t, filepath.Join(repo, "prompt"), "#!/bin/sh\necho script-password\n")
	for file, c := range map[string]struct{ id, password string }{
		"prod": {"prod", "prod-password"}, "default": {"default", "default-password"}, "script": {"byscript", "script-password"},
	} {
		name := file
		if file == "default" {
			name = "default_"
		}
		pw := filepath.Join(t.TempDir(), "pw")
		write(t, pw, c.password+"\n")
		write(t, filepath.Join(repo, file+".yml"), name+": in-"+file+"\n")
		cmd := exec.Command("ansible-vault", "encrypt", "--vault-id", c.id+"@"+pw, "--encrypt-vault-id", c.id, file+".yml")
		cmd.Dir = repo
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	base.Vaults = []job.Vault{{Name: "other", Password: "something"}, {Name: "prod", Password: "prod-password"}, {Password: "default-password"}, {Name: "byscript", Script: "prompt"}}
	write(t, filepath.Join(repo, "inv", "hosts"), "fromfile ansible_connection=local\n")
	executableFile(t, filepath.Join(repo, "inv", "hosts.sh"), hostsScript)
	write(t, filepath.Join(repo, "-inv"), "dashed ansible_connection=local\n")
	for name, c := range map[string]struct {
		inventory *job.Inventory
		want      []string
	}{
		"static":    {base.Inventory, []string{"web"}},
		"yaml":      {&job.Inventory{ID: 1, Kind: "static-yaml", Text: "all: {hosts: {yam: {ansible_connection: local}}}"}, []string{"yam"}},
		"file":      {&job.Inventory{ID: 1, Kind: "file", Text: "inv/hosts"}, []string{"fromfile"}},
		"script":    {&job.Inventory{ID: 1, Kind: "file", Text: "inv/hosts.sh"}, []string{"dyn"}},
		"directory": {&job.Inventory{ID: 1, Kind: "file", Text: "inv"}, []string{"fromfile", "dyn"}},
		"dash":      {&job.Inventory{ID: 1, Kind: "file", Text: "-inv"}, []string{"dashed"}},
		"none":      {&job.Inventory{ID: 1, Kind: "none"}, []string{"localhost"}},
		"nothing":   {nil, []string{"localhost"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := base
			spec.Inventory = c.inventory
			got := runJob(t, spec)
			if got.end.Status != "success" || strings.Contains(got.output, "WARNING") {
				t.Errorf("end %+v\n%s", got.end, got.output)
			}
			for _, host := range c.want {
				if want := host + " vault=in-prod,in-default,in-script"; !strings.Contains(got.output, want) {
					t.Errorf("no %q in\n%s", want, got.output)
				}
			}
		})
	}
}

// becomer asks for a password as sudo does, and does as it is told if it is the
// right one.
const becomer = `#!/bin/sh
user=
while [ $# -gt 0 ]; do
	case $1 in
	-p) prompt=$2; shift 2 ;;
	-u) user=$2; shift 2 ;;
	-*) shift ;;
	*) break ;;
	esac
done
printf '%s' "$prompt" >&2
IFS= read -r password
if [ "$password" != "$(cat "$0.password")" ]; then echo "wrong password" >&2; exit 1; fi
export BECAME="$user"
exec "$@"
`

// TestAnsible_BecomePassword: it arrives as it is, also with spaces at its ends.
func TestAnsible_BecomePassword(t *testing.T) {
	t.Parallel()
	for name, password := range map[string]string{"plain": "correct horse battery", "spaces": " it's a 'spaced' one "} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := ansibleSpec(t, "- hosts: all\n  gather_facts: false\n  become: true\n  tasks:\n    - raw: echo became=$BECAME\n      register: out\n    - debug: var=out.stdout\n")
			exe := filepath.Join(t.TempDir(), "becomer")
			executableFile(t, exe, becomer)
			write(t, exe+".password", password)
			spec.Inventory.Text = "web ansible_connection=local ansible_become_method=sudo ansible_become_exe=" + exe
			spec.Inventory.Connection = &job.Credential{Name: "c", Kind: "login_password", Login: "somebody", Password: "another staple"}
			spec.Inventory.Become = &job.Credential{Name: "b", Kind: "login_password", Login: "admin", Password: password}
			spec.Ansible = &job.Ansible{Verbosity: 4}
			got := runJob(t, spec)
			if got.end.Status != "success" || !strings.Contains(got.output, "became=admin") {
				t.Errorf("end %+v\n%s", got.end, got.output)
			}
			if strings.Contains(got.output, password) || strings.Contains(got.output, "another staple") {
				t.Errorf("a password is shown in\n%s", got.output)
			}
		})
	}
}

// TestAnsible_None: hosts that a play adds are not taken for this machine.
func TestAnsible_None(t *testing.T) {
	t.Parallel()
	spec := ansibleSpec(t, "- hosts: all\n  gather_facts: false\n  tasks:\n    - {ping: {}}\n    - {add_host: {name: added, ansible_host: 127.0.0.1, ansible_port: 1}}\n- {hosts: added, gather_facts: false, tasks: [{ping: {}}]}\n")
	spec.Inventory = nil
	got := playJob(t, spec)
	if e := got.totals.Errors; len(e) != 1 || e[0].Host != "added" || !e[0].Unreachable || len(got.totals.Hosts) != 2 {
		t.Errorf("totals %+v\n%s", got.totals, got.output)
	}
	if strings.Contains(got.output, "WARNING") {
		t.Errorf("a warning in\n%s", got.output)
	}
}

func TestAnsible_Refusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*job.Spec)
		want   string
	}{
		"limit file":           {func(s *job.Spec) { s.Ansible = &job.Ansible{Limit: []string{"web,@/etc/passwd"}} }, "The limit file \"/etc/passwd\" lies outside the repository"},
		"vault script":         {func(s *job.Spec) { s.Vaults = []job.Vault{{Script: "site.yml"}} }, "The vault script \"site.yml\" is not executable"},
		"vault script outside": {func(s *job.Spec) { s.Vaults = []job.Vault{{Script: "../x"}} }, "lies outside the repository"},
		"inventory outside":    {func(s *job.Spec) { s.Inventory = &job.Inventory{Kind: "file", Text: "/etc/ansible/hosts"} }, "lies outside the repository"},
		"inventory with comma": {func(s *job.Spec) { s.Inventory = &job.Inventory{Kind: "file", Text: "a,b"} }, "has a comma"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := ansibleSpec(t, "[]")
			write(t, filepath.Join(spec.Repository.URL, "a,b"), "")
			c.change(&spec)
			if got := playJob(t, spec); got.end.Status != "error" || !strings.Contains(got.end.Reason, c.want) || len(got.stages) != 1 {
				t.Errorf("%+v, stages %+v", got.end, got.stages)
			}
		})
	}
}

// TestAnsible_LongLimit: the hosts that failed may be more than fit a line.
func TestAnsible_LongLimit(t *testing.T) {
	t.Parallel()
	spec := ansibleSpec(t, "- {hosts: all, gather_facts: false, tasks: [{fail: {msg: x}, when: inventory_hostname is match('other')}, {meta: noop}]}\n")
	var all strings.Builder
	var limit []string
	for i := range 400 {
		if i%50 == 0 {
			fmt.Fprintf(&all, "a-long-name-of-a-host-%03d ansible_connection=local\n", i)
		}
		fmt.Fprintf(&all, "other-%03d ansible_connection=local\n", i)
		limit = append(limit, fmt.Sprintf("a-long-name-of-a-host-%03d", i-i%50))
	}
	spec.Inventory.Text = all.String()
	spec.Ansible = &job.Ansible{Limit: limit}
	got := playJob(t, spec)
	if got.end.Status != "success" || len(got.totals.Hosts) != 8 {
		t.Errorf("end %+v, %d hosts\n%s", got.end, len(got.totals.Hosts), got.output)
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

// TestAnsible_GalaxyOptions: it can be left out, and told more; collections are
// installed where ansible.cfg says.
func TestAnsible_GalaxyOptions(t *testing.T) {
	t.Parallel()
	spec := ansibleSpec(t, "- hosts: all\n  gather_facts: false\n  tasks: [{testers.tools.hello: {}}]\n")
	repo := spec.Repository.URL
	collection := filepath.Join(repo, "src", "tools")
	write(t, filepath.Join(collection, "galaxy.yml"), "namespace: testers\nname: tools\nversion: 1.0.0\nreadme: README.md\nauthors: [t]\n")
	write(t, filepath.Join(collection, "README.md"), "t")
	module := "#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\nAnsibleModule({}).exit_json(msg='VERSION')\n"
	write(t, filepath.Join(collection, "plugins", "modules", "hello.py"), strings.Replace(module, "VERSION", "first", 1))
	write(t, filepath.Join(repo, "requirements.yml"), "collections:\n  - {name: ./src/tools, type: dir}\n")
	write(t, filepath.Join(repo, "ansible.cfg"), "[defaults]\ncollections_path = ./installed\n")
	spec.Ansible = &job.Ansible{Verbosity: 1, GalaxyCollectionArgs: []string{"--no-deps", "-vv"}}
	got := runJob(t, spec)
	if got.end.Status != "success" || !strings.Contains(got.output, "Galaxy requirements: installed collections") || !strings.Contains(got.output, "first") {
		t.Fatalf("end %+v\n%s", got.end, got.output)
	}
	if _, err := os.Stat(filepath.Join(repo, "installed", "ansible_collections", "testers", "tools")); err != nil {
		t.Error(err)
	}
	// The requirements are the same, but not what they point to.
	write(t, filepath.Join(collection, "plugins", "modules", "hello.py"), strings.Replace(module, "VERSION", "second", 1))
	if got := runJob(t, spec); got.end.Status != "success" || !strings.Contains(got.output, "second") {
		t.Errorf("changed: end %+v\n%s", got.end, got.output)
	}
	write(t, filepath.Join(repo, "requirements.yml"), "rubbish")
	spec.Ansible.SkipGalaxy = true
	if got := runJob(t, spec); got.end.Status != "success" || !strings.Contains(got.output, "Galaxy requirements: not installed, as the task asks") {
		t.Errorf("left out: end %+v\n%s", got.end, got.output)
	}
	spec.Ansible = &job.Ansible{GalaxyRoleArgs: []string{""}}
	if got := runJob(t, spec); got.end.Status != "error" || !strings.Contains(got.end.Reason, "Galaxy argument") {
		t.Errorf("bad argument: %+v", got.end)
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
