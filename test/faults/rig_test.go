package faults

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"signalbox/internal/testkit"
	"signalbox/test/harness"
)

// rig is a server whose tasks hold secrets of every kind, leave a mark in the
// environment of every process they start, and note what their programs print.
type rig struct {
	t       *testing.T
	s       *harness.Server
	p       *harness.Project
	env     int      // the variable group with the mark and a secret
	vault   int      // a key that is a vault's password
	mark    string   // in the environment of everything that tasks start
	secrets []string // texts that must not be left anywhere
	tmp     string   // where the server and its tasks keep temporary files
	notes   string   // where the programs note what they print
	// answered: the server has taken the answer to the last question.
	answered bool
}

// noting stands in for a program of a run: it runs it, and notes what it prints
// in a file named after the task and the moment. Output that is asked for as
// data does not go to the log.
const noting = `#!/bin/bash
case " $* " in *" -json "*) exec %[1]s "$@" ;; esac
[[ $PWD =~ /jobs/([0-9]+)-[0-9]+/ ]] || exec %[1]s "$@"
trap : TERM INT
%[1]s "$@" 2>&1 | tee %[2]s/${BASH_REMATCH[1]}-$EPOCHREALTIME
exit "${PIPESTATUS[0]}"
`

// newRig starts a server for tasks of the repository at url. The programs are
// found by name; those with a path are what they are.
func newRig(t *testing.T, url, branch string, programs map[string]string, env ...string) *rig {
	t.Helper()
	unique := time.Now().UnixNano()
	r := &rig{t: t, mark: fmt.Sprintf("rig-%d", unique), tmp: t.TempDir(), notes: t.TempDir()}
	bin := t.TempDir()
	for name, path := range programs {
		if err := os.WriteFile(filepath.Join(bin, name), fmt.Appendf(nil, noting, path, r.notes), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	env = append([]string{"PATH=" + bin + ":" + os.Getenv("PATH"), "TMPDIR=" + r.tmp}, env...)
	r.s = harness.New(t, env...)
	r.p = r.s.NewProject("rig", url, branch)
	_, key := testkit.SSHKey(t, "ed25519", "")
	variable, password := fmt.Sprintf("s3cret-%d-variable", unique), fmt.Sprintf("s3cret-%d-vault", unique)
	r.secrets = []string{variable, password, strings.Split(key.Private, "\n")[2]}

	var made harness.ID
	r.s.Do("POST", r.p.Path("/environment"), map[string]any{
		"project_id": r.p.ID, "name": "secrets", "json": "{}", "env": fmt.Sprintf(`{"RIG_MARK": %q}`, r.mark),
		"secrets": []any{map[string]any{"name": "S", "secret": variable, "type": "env", "operation": "create"},
			map[string]any{"name": "secret_variable", "secret": variable, "type": "var", "operation": "create"}},
	}, &made)
	r.env = made.ID
	r.s.Do("POST", r.p.Path("/keys"), map[string]any{
		"name": "vault", "type": "login_password", "project_id": r.p.ID,
		"login_password": map[string]any{"password": password},
	}, &made)
	r.vault = made.ID
	r.s.Do("POST", r.p.Path("/keys"), map[string]any{
		"name": "ssh", "type": "ssh", "project_id": r.p.ID, "ssh": map[string]any{"login": "me", "private_key": key.Private},
	}, &made)
	r.s.Do("POST", r.p.Path("/inventory"), map[string]any{
		"name": "with a key", "project_id": r.p.ID, "type": "static",
		"inventory": "localhost ansible_connection=local\n", "ssh_key_id": made.ID,
	}, &made)
	r.p.InventoryID = made.ID
	return r
}

// template makes a template whose tasks hold the secrets.
func (r *rig) template(app, playbook string, fields map[string]any) int {
	r.t.Helper()
	all := map[string]any{"environment_id": r.env}
	if app == "ansible" {
		all["vaults"] = []any{map[string]any{"type": "password", "vault_key_id": r.vault}}
	}
	for k, v := range fields {
		all[k] = v
	}
	return r.p.NewTemplate(app, playbook, all)
}

// killJob kills the process of a task's job. It reports whether there was one.
func (r *rig) killJob(id int) bool {
	r.t.Helper()
	pids := processes(r.t, filepath.Join(r.s.DataDir, "jobs", strconv.Itoa(id))+"-")
	for _, pid := range pids {
		_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended
	}
	return len(pids) > 0
}

// kill kills the server, the job of a task, or both, and starts the server
// again. It reports whether a job was killed.
func (r *rig) kill(victim string, id int) (job bool) {
	r.t.Helper()
	if victim != "job" {
		r.s.Kill()
	}
	if victim != "server" {
		job = r.killJob(id)
	}
	if victim != "job" {
		r.s.Start()
	}
	return job
}

// whole checks what must be true of a task that has ended, however that came
// about: one end, told once and final; an output that is sealed and in order;
// no process of it; and its secrets nowhere. If its job was killed, there is a
// sentence that says so; if not, all that its programs printed is in the
// output.
func (r *rig) whole(what string, task harness.Task, jobKilled bool) {
	r.t.Helper()
	t := r.t
	if task.End == nil || task.Start == nil || task.End.Before(*task.Start) || !task.LogComplete {
		t.Errorf("%s: the task has not come to a proper end: %+v", what, task)
	}
	switch {
	case task.Status == "error" && jobKilled:
		if !strings.HasPrefix(task.StatusReason, "The process that supervised the run was killed") || !strings.HasSuffix(task.StatusReason, ".") {
			t.Errorf("%s: the task ended with %q, which is no sentence about the kill", what, task.StatusReason)
		}
	case task.Status != "success":
		t.Errorf("%s: the task is %s (%q); output:\n%s", what, task.Status, task.StatusReason, r.p.Output(task.ID))
	}
	r.clean(what, task.ID)
	out := r.p.Output(task.ID)
	var lines []struct {
		ID int64 `json:"id"`
	}
	r.s.Do("GET", r.p.Path("/tasks/%d/output", task.ID), nil, &lines)
	for i, l := range lines {
		if l.ID != int64(i+1) {
			t.Errorf("%s: line %d has the number %d", what, i+1, l.ID)
			break
		}
	}
	if int64(len(lines)) != task.LogLines {
		t.Errorf("%s: %d lines of output, the task counts %d", what, len(lines), task.LogLines)
	}
	notes, err := filepath.Glob(filepath.Join(r.notes, strconv.Itoa(task.ID)+"-*"))
	if err != nil {
		t.Fatal(err)
	}
	rest := out
	for _, path := range notes { // in the order in which they ran
		wrote, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := bytes.Index(rest, wrote)
		if at < 0 && task.Status == "success" {
			t.Errorf("%s: the output of %s is not stored as it was written:\n%s\n--- stored:\n%s", what, path, wrote, rest)
			continue
		}
		if at >= 0 {
			rest = rest[at+len(wrote):]
		}
	}
	if n := ends(t, r.s, r.p, task.ID); n != 1 {
		t.Errorf("%s: %d events say that the task ended", what, n)
	}
	if again := r.p.Task(task.ID); again.Status != task.Status || !again.End.Equal(*task.End) || again.LogLines != task.LogLines {
		t.Errorf("%s: the task was %+v and is %+v", what, task, again)
	}
}

// clean checks that nothing of a task is left on the machine: neither a process
// nor a secret.
func (r *rig) clean(what string, id int) {
	r.t.Helper()
	assertNoJobs(r.t, r.s)
	assertDead(r.t, filepath.Join(r.s.DataDir, "jobs", strconv.Itoa(id))+"-")
	deadline := time.Now().Add(20 * time.Second)
	for {
		left := marked(r.t, r.mark)
		if len(left) == 0 {
			break
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("%s: processes of the task live on: %q", what, left)
		}
		time.Sleep(5 * time.Millisecond)
	}
	assertSecretsGone(r.t, r.secrets, r.s.DataDir, r.tmp, r.notes)
	for _, secret := range r.secrets {
		if bytes.Contains(r.p.Output(id), []byte(secret)) {
			r.t.Errorf("%s: a secret is in the output", what)
		}
	}
}

// marked lists the command lines of processes with a mark in their environment.
func marked(t *testing.T, mark string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, path := range files {
		if text, err := os.ReadFile(path); err == nil && bytes.Contains(text, []byte(mark)) {
			line, _ := os.ReadFile(filepath.Join(filepath.Dir(path), "cmdline")) // or gone by now
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// until waits until a task has printed a text, or has ended.
func (r *rig) until(id int, text string) {
	r.t.Helper()
	waitFor(r.t, fmt.Sprintf("%q of task %d", text, id), func() bool {
		return bytes.Contains(r.p.Output(id), []byte(text)) || r.p.Task(id).Ended()
	})
}

// untilStatus waits until a task has a status, or has ended.
func (r *rig) untilStatus(id int, status string) {
	r.t.Helper()
	waitFor(r.t, fmt.Sprintf("task %d to be %s", id, status), func() bool {
		task := r.p.Task(id)
		return task.Status == status || task.Ended()
	})
}

// confirm answers a task that waits for confirmation. It reports whether the
// server has said that it took the answer.
func (r *rig) confirm(id int) bool {
	status, _, err := r.s.Try("POST", r.p.Path("/tasks/%d/confirm", id), map[string]any{})
	return err == nil && status == http.StatusNoContent
}

// gitRepo makes a repository on disk of files, and returns its address.
func gitRepo(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	runIn(t, dir, "git", "init", "-q", "-b", "main")
	runIn(t, dir, "git", "add", ".")
	runIn(t, dir, "git", "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-qm", "one")
	return "file://" + dir
}

func runIn(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
}
