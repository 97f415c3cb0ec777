package apps_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/apps/ansible"
	"signalbox/internal/exec/apps/script"
	"signalbox/internal/job"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// full is a run that uses everything.
func full(app job.App, playbook string) apps.Input {
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	return apps.Input{
		Spec: &job.Spec{
			Version: 1, TaskID: 42, ProjectID: 1, TemplateID: 5, App: app, Playbook: playbook,
			Inventory: &job.Inventory{
				ID: 3, Name: "prod", Kind: "static",
				Connection: &job.Credential{Name: "hosts", Kind: "login_password", Login: "root", Password: "connect-secret"},
				Become:     &job.Credential{Name: "sudo", Kind: "login_password", Login: "admin", Password: "become-secret"},
			},
			ExtraVars: map[string]json.RawMessage{
				"zeta": raw(`"last"`), "num": raw("5"), "big": raw("12345678901234567890"), "float": raw("1.50"), "yes": raw("true"),
				"list": raw(`[1, "two", {"three": 3}]`), "object": raw(`{"b": 1, "a": [ ]}`), "empty": raw(`""`), "text": raw(`"a b=c \"d\"\nnew line"`), "nothing": raw("null"),
			},
			SecretVars:   map[string]json.RawMessage{"api_token": raw(`"token-secret"`), "pin": raw("123456")},
			Env:          map[string]string{"A": "plain", "B": "plain"},
			SecretEnv:    map[string]string{"B": "env-secret"},
			Vaults:       []job.Vault{{Password: "vault-secret"}, {Name: "prod", Script: "vault.sh"}, {Name: "empty"}},
			TemplateArgs: []string{"--flush-cache", "two words"},
			TaskArgs:     []string{"-e", "x=1"},
			Ansible:      &job.Ansible{Verbosity: 3, Check: true, Diff: true, Limit: []string{"web", "db"}, Tags: []string{"a", "b"}, SkipTags: []string{"slow"}},
			Details: job.Details{
				ID: 42, Message: "it's \"mine\"", Username: "ann", URL: "http://x/project/1/history?t=42", InventoryName: "prod", InventoryID: 3,
				RepositoryName: "app", RepositoryID: 2, Type: "deploy", IncomingVersion: "1.0.1",
			},
		},
		Dir: "/srv/job/checkout", Private: "/srv/job/private",
		Commit:      job.Commit{Hash: strings.Repeat("ab", 20), Message: "subject"},
		Machine:     []apps.Var{{Name: "PATH", Value: "/usr/bin"}, {Name: "HOME", Value: "/home/x"}, {Name: "PWD", Value: "/srv/job/checkout"}},
		AnsibleHome: "/data/homes/project_1/template_5/.ansible",
		AgentSocket: "/srv/job/private/agent.sock",
		Inventory:   "/srv/job/private/inventory_3",
	}
}

// odd is a run with names and values that need care.
func odd() apps.Input {
	in := full(job.App{ID: "ansible", Kind: "ansible", Program: "ansible-playbook"}, "-site.yml")
	in.Spec.Inventory.Connection.Password = " it's spaced "
	in.Spec.Vaults = []job.Vault{{Script: "prompt"}, {Name: "a", Password: "a-secret"}, {Name: "a", Password: "b-secret"}}
	in.Spec.Ansible = &job.Ansible{Verbosity: 9, Limit: []string{"first,second", "third"}}
	for i := range 300 {
		in.Spec.Ansible.Limit = append(in.Spec.Ansible.Limit, fmt.Sprintf("host%03d", i))
	}
	return in
}

func show(t *testing.T, cmd apps.Command) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "program %s\n", cmd.Program)
	for _, a := range cmd.Args {
		fmt.Fprintf(&b, "arg     %q\n", a)
	}
	env, err := apps.Environ(cmd.Env)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range env {
		fmt.Fprintf(&b, "env     %q\n", e)
	}
	for _, f := range cmd.Files {
		kind := "file   "
		if f.Program {
			kind = "program"
		}
		fmt.Fprintf(&b, "%s %s\n%s\n", kind, f.Name, strings.TrimRight(string(f.Data), "\n"))
	}
	return b.String()
}

func TestGolden(t *testing.T) {
	t.Parallel()
	playbook := job.App{ID: "ansible", Kind: "ansible", Program: "ansible-playbook"}
	minimal := full(playbook, "site.yml")
	minimal.Spec = &job.Spec{App: playbook, Playbook: "site.yml"}
	minimal.Inventory = "/srv/job/private/inventory_none"
	minimal.AnsibleHome, minimal.AgentSocket, minimal.Commit = "", "", job.Commit{}
	sshKey := full(playbook, "site.yml")
	sshKey.Spec.Inventory.Connection = &job.Credential{Name: "hosts", Kind: "ssh", Login: "deploy", PrivateKey: "pem"}
	sshKey.Spec.Inventory.Become = &job.Credential{Kind: "none"}
	for name, c := range map[string]struct {
		build apps.Builder
		in    apps.Input
	}{
		"ansible":         {ansible.Build, full(playbook, "deploy/site.yml")},
		"ansible-minimal": {ansible.Build, minimal},
		"ansible-ssh":     {ansible.Build, sshKey},
		"ansible-odd":     {ansible.Build, odd()},
		"bash":            {script.Build, full(job.App{ID: "bash", Kind: "script", Program: "bash"}, "run.sh")},
		"powershell":      {script.Build, full(job.App{ID: "powershell", Kind: "script", Program: "pwsh", Args: []string{"-File"}}, "run.ps1")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd, err := c.build(c.in)
			if err != nil {
				t.Fatal(err)
			}
			got := show(t, cmd)
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("differs from %s (run with -update to accept):\n%s", path, got)
			}
		})
	}
}

// TestSecretsAreNotInArguments: every user of the machine can read them.
func TestSecretsAreNotInArguments(t *testing.T) {
	t.Parallel()
	for _, build := range []apps.Builder{ansible.Build, script.Build} {
		cmd, err := build(full(job.App{Program: "x"}, "x"))
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range cmd.Args {
			if strings.Contains(a, "-secret") || strings.Contains(a, "123456\x00") || a == "pin=123456" {
				t.Errorf("argument %q", a)
			}
		}
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		build  apps.Builder
		change func(*job.Spec)
		want   string
	}{
		"no playbook":       {ansible.Build, func(s *job.Spec) { s.Playbook = "" }, "has no playbook"},
		"string to connect": {ansible.Build, func(s *job.Spec) { s.Inventory.Connection.Kind = "string" }, "The key 'hosts' of the inventory 'prod' cannot be used to connect"},
		"ssh to become":     {ansible.Build, func(s *job.Spec) { s.Inventory.Become.Kind = "ssh" }, "cannot be used to become another user"},
		"vault name":        {ansible.Build, func(s *job.Spec) { s.Vaults[1].Name = "a@b" }, "The vault name \"a@b\" has an @"},
		"zero byte":         {script.Build, func(s *job.Spec) { s.TaskArgs = []string{"a\x00b"} }, "zero byte"},
	} {
		in := full(job.App{Program: "x"}, "x")
		c.change(in.Spec)
		if _, err := c.build(in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for _, v := range []apps.Var{{Name: ""}, {Name: "A=B"}, {Name: "A", Value: "\x00"}} {
		if _, err := apps.Environ([]apps.Var{v}); err == nil {
			t.Errorf("%+v was taken", v)
		}
	}
}

func FuzzText(f *testing.F) {
	f.Add(`"a"`)
	f.Add(`[1, 2.50, {"a": null}]`)
	f.Fuzz(func(t *testing.T, text string) {
		got := apps.Text(json.RawMessage(text))
		var s string
		if json.Unmarshal([]byte(text), &s) == nil && strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), `"`) {
			if got != s {
				t.Fatalf("%q became %q, want %q", text, got, s)
			}
			return
		}
		if json.Valid([]byte(text)) && !json.Valid([]byte(got)) {
			t.Fatalf("%q became %q", text, got)
		}
	})
}
