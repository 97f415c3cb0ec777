// Package ansible runs playbooks. The command line follows the reference, but
// everything secret goes through files that only the job's user can read, and
// extra variables all go through one.
package ansible

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/fault"
	"signalbox/internal/job"
)

// Kind is the job.App.Kind this package serves.
const Kind = "ansible"

// Fixed is the environment that every ansible command gets first.
func Fixed() []apps.Var {
	return []apps.Var{
		{Name: "PYTHONUNBUFFERED", Value: "1"},
		{Name: "ANSIBLE_FORCE_COLOR", Value: "True"},
		{Name: "ANSIBLE_HOST_KEY_CHECKING", Value: "False"},
	}
}

// Build makes the command of a playbook run.
func Build(in apps.Input) (apps.Command, error) {
	spec := in.Spec
	if spec.Playbook == "" {
		return apps.Command{}, fault.New("The template has no playbook. Set its path in the template.")
	}
	b := &build{in: in}
	b.args = append(b.args, spec.App.Args...)
	b.add("-i", in.Inventory)
	if err := b.credentials(); err != nil {
		return apps.Command{}, err
	}
	options := spec.Ansible
	if options == nil {
		options = &job.Ansible{}
	}
	if n := options.Verbosity; n > 0 {
		b.add("-" + strings.Repeat("v", min(n, 6)))
	}
	if options.Diff {
		b.add("--diff")
	}
	if options.Check {
		b.add("--check")
	}
	if err := b.vaults(); err != nil {
		return apps.Command{}, err
	}
	if err := b.extraVars(); err != nil {
		return apps.Command{}, err
	}
	b.add(spec.TemplateArgs...)
	b.limit(options.Limit)
	b.list("--tags=", options.Tags)
	b.list("--skip-tags=", options.SkipTags)
	b.add(spec.TaskArgs...)
	b.add(apps.Operand(spec.Playbook))
	if err := apps.CheckArgs(b.args); err != nil {
		return apps.Command{}, err
	}
	return apps.Command{Program: spec.App.Program, Args: b.args, Env: apps.Env(in, Fixed(), false), Files: b.files}, nil
}

type build struct {
	in    apps.Input
	args  []string
	files []apps.File
}

func (b *build) add(args ...string) { b.args = append(b.args, args...) }

func (b *build) list(option string, values []string) {
	if len(values) > 0 {
		b.add(option + strings.Join(values, ","))
	}
}

// longLimit is from where a limit goes through a file: a command line has bounds,
// and people read it.
const longLimit = 2000

// limit names the hosts. Those that failed in a run of thousands are many.
func (b *build) limit(hosts []string) {
	path := b.in.Private + "/limit"
	// Ansible parts the value at commas and colons also when it names a file.
	if len(strings.Join(hosts, ",")) < longLimit || strings.ContainsAny(path, ",:; \t\n[]") {
		b.list("--limit=", hosts)
		return
	}
	var lines []string
	for _, h := range hosts {
		for pattern := range strings.SplitSeq(h, ",") { // lines are not parted
			lines = append(lines, strings.TrimSpace(pattern))
		}
	}
	b.add("--limit=@" + b.file("limit", []byte(strings.Join(lines, "\n"))))
}

// file plans a secret file and returns its path.
func (b *build) file(name string, data []byte) string {
	b.files = append(b.files, apps.File{Name: name, Data: data})
	return b.in.Private + "/" + name
}

// password plans the file of a password. Ansible cuts spaces off the ends of a
// file, but not of what a program says.
func (b *build) password(name, password string) string {
	if strings.TrimSpace(password) == password {
		return b.file(name, []byte(password+"\n"))
	}
	quoted := "'" + strings.ReplaceAll(password, "'", `'\''`) + "'"
	path := b.file(name, []byte("#!/bin/sh\nprintf '%s\\n' "+quoted+"\n"))
	b.files[len(b.files)-1].Program = true
	return path
}

// credentials are the accounts for connecting and for becoming somebody else.
func (b *build) credentials() error {
	inv := b.in.Spec.Inventory
	if inv == nil {
		return nil
	}
	if c := inv.Connection; c != nil {
		switch c.Kind {
		case "ssh", "login_password":
			if c.Login != "" {
				b.add("--user", c.Login)
			}
			if c.Kind == "login_password" && c.Password != "" {
				b.add("--connection-password-file", b.password("connection-password", c.Password))
			}
		case "none", "":
		default:
			return fault.New("The key '%s' of the inventory '%s' cannot be used to connect to hosts. Choose an SSH key or a login with password.", c.Name, inv.Name)
		}
	}
	if c := inv.Become; c != nil {
		switch c.Kind {
		case "login_password":
			if c.Login != "" {
				b.add("--become-user", c.Login)
			}
			if c.Password != "" {
				b.add("--become-password-file", b.password("become-password", c.Password))
			}
		case "none", "":
		default:
			return fault.New("The key '%s' of the inventory '%s' cannot be used to become another user. Choose a login with password.", c.Name, inv.Name)
		}
	}
	return nil
}

// vaults name the password of each vault id, in the order of the template.
func (b *build) vaults() error {
	for i, v := range b.in.Spec.Vaults {
		name := v.Name
		if name == "" {
			name = "default"
		}
		if strings.Contains(name, "@") {
			return fault.New("The vault name %q has an @, which ansible cannot take. Rename the vault.", name)
		}
		switch {
		case v.Script != "":
			script := v.Script
			if !strings.Contains(script, "/") {
				script = "./" + script // one called "prompt" would ask instead
			}
			b.add("--vault-id=" + name + "@" + script)
		case v.Password != "":
			b.add("--vault-id=" + name + "@" + b.file("vault-"+strconv.Itoa(i+1), []byte(v.Password+"\n")))
		}
	}
	return nil
}

// extraVars is one file with all variables, secret or not, and the facts of
// the task.
func (b *build) extraVars() error {
	spec := b.in.Spec
	vars := map[string]json.RawMessage{}
	for name, value := range spec.ExtraVars {
		vars[name] = value
	}
	for name, value := range spec.SecretVars {
		vars[name] = value
	}
	facts, err := json.Marshal(map[string]any{"task_details": b.details()})
	if err != nil {
		return fmt.Errorf("encode task details: %w", err)
	}
	vars["semaphore_vars"], vars["signalbox_vars"] = facts, facts
	text, err := json.MarshalIndent(vars, "", " ")
	if err != nil {
		return fmt.Errorf("encode extra variables: %w", err)
	}
	b.add("--extra-vars", "@"+b.file("extra-vars.json", append(text, '\n')))
	return nil
}

// details always has the facts that playbooks rely on, empty or not; the
// others only when they are known.
func (b *build) details() map[string]any {
	d := b.in.Spec.Details
	facts := map[string]any{
		"id": d.ID, "username": d.Username, "url": d.URL,
		"commit_hash": b.in.Commit.Hash, "commit_message": b.in.Commit.Message,
		"inventory_name": d.InventoryName, "inventory_id": d.InventoryID,
		"repository_name": d.RepositoryName, "repository_id": d.RepositoryID,
	}
	for name, value := range map[string]string{
		"message": d.Message, "type": d.Type,
		"incoming_version": d.IncomingVersion, "target_version": d.TargetVersion,
	} {
		if value != "" {
			facts[name] = value
		}
	}
	return facts
}
