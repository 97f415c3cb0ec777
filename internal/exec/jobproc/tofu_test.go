package jobproc_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"signalbox/internal/exec/apps/terraform"
	"signalbox/internal/exec/process"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
	"signalbox/internal/testkit"
)

// config makes one resource, which changes when its input does.
const config = `
variable "name" {
  default = "first"
}
resource "terraform_data" "one" {
  input = var.name
}
output "name" {
  value = terraform_data.one.output
}
`

// tofuSpec runs a configuration in a directory that is used in place.
func tofuSpec(t testing.TB, text string) job.Spec {
	t.Helper()
	program := testkit.Tofu(t)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "main.tf"), text)
	return job.Spec{
		Version: job.Version, TaskID: 7, ProjectID: 1, TemplateID: 2,
		App:        job.App{ID: "tofu", Kind: terraform.Kind, Program: program},
		Repository: job.Repository{ID: 3, Name: "local", URL: dir, Kind: "local"},
		Terraform:  &job.Terraform{},
		Limits:     job.Limits{StopGrace: 20 * time.Second},
		Host:       job.Host{DataDir: t.TempDir()},
	}
}

// with gives a specification of the same place with other parameters.
func with(spec job.Spec, change func(*job.Terraform)) job.Spec {
	params := *spec.Terraform
	change(&params)
	spec.Terraform = &params
	return spec
}

func auto(p *job.Terraform) { p.AutoApprove = true }

// course is what a journal tells of stages and statuses.
type course struct {
	outcome
	stages   []job.Stage // as they ended, or began
	statuses []string
	children []job.Child
}

func readCourse(t testing.TB, dir string) course {
	t.Helper()
	c := course{outcome: readJournal(t, dir)}
	r, err := job.OpenJournal(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		rec, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			return c
		}
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case rec.Status != nil:
			c.statuses = append(c.statuses, rec.Status.Status)
		case rec.Child != nil:
			c.children = append(c.children, *rec.Child)
		case rec.Stage != nil:
			if rec.Stage.End == nil {
				c.stages = append(c.stages, *rec.Stage)
			} else {
				c.stages[rec.Stage.Seq-1] = *rec.Stage
			}
		}
	}
}

func (c course) kinds() string {
	var kinds []string
	for _, s := range c.stages {
		kinds = append(kinds, s.Type)
	}
	return strings.Join(kinds, " ")
}

// summary is the result of the plan's stage.
func (c course) summary(t testing.TB) terraform.Summary {
	t.Helper()
	var s terraform.Summary
	for _, st := range c.stages {
		if st.Type == job.StagePlan && st.Result != nil {
			if err := json.Unmarshal(st.Result, &s); err != nil {
				t.Fatal(err)
			}
			return s
		}
	}
	t.Fatalf("no plan among %s; output:\n%s", c.kinds(), c.output)
	return s
}

// runTofu runs a specification to its end, without anybody who answers.
func runTofu(t testing.TB, spec job.Spec) course {
	t.Helper()
	dir, p := start(t, spec)
	return finish(t, dir, p)
}

func finish(t testing.TB, dir string, p *job.Process) course {
	t.Helper()
	wait(t, p)
	c := readCourse(t, dir)
	if c.end == nil {
		text, _ := os.ReadFile(filepath.Join(dir, job.ErrFile))
		t.Fatalf("no end; the job said: %s", text)
	}
	if _, err := os.Stat(filepath.Join(dir, job.WorkDir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the work directory is still there: %v", err)
	}
	for _, s := range c.stages {
		if s.End == nil || s.FirstLine < 1 || s.LastLine < s.FirstLine-1 || s.LastLine > c.end.Lines {
			t.Errorf("stage %+v of %d lines", s, c.end.Lines)
		}
	}
	return c
}

// mustSucceed runs a specification that is to end well.
func mustSucceed(t testing.TB, spec job.Spec) course {
	t.Helper()
	c := runTofu(t, spec)
	if c.end.Status != "success" {
		t.Fatalf("end %+v; output:\n%s", c.end, c.output)
	}
	return c
}

// untilAsked starts a job and waits until it asks for approval.
func untilAsked(t testing.TB, spec job.Spec) (string, *job.Process) {
	t.Helper()
	dir, p := start(t, spec)
	waitFor(t, dir, p.Conn, func(o outcome) bool {
		return o.end != nil || slices.Contains(readCourse(t, dir).statuses, "waiting_confirmation")
	})
	if c := readCourse(t, dir); c.end != nil {
		t.Fatalf("it does not ask: %+v; output:\n%s", c.end, c.output)
	}
	return dir, p
}

func send(t testing.TB, p *job.Process, cmd job.Command) {
	t.Helper()
	if err := p.Conn.Send(cmd); err != nil {
		t.Fatal(err)
	}
}

// localState reads the state of a configuration that is used in place.
func localState(t testing.TB, spec job.Spec) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(spec.Repository.URL, "terraform.tfstate"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

func TestTofu_PlanConfirmApply(t *testing.T) {
	t.Parallel()
	spec := tofuSpec(t, config)
	spec.Limits.MaxDuration = 10 * time.Minute
	dir, p := untilAsked(t, spec)
	before := readCourse(t, dir)
	s := before.summary(t)
	if s.Add != 1 || s.Change+s.Destroy+s.Replace != 0 || s.OutputsChanged != 1 || !s.HasChanges || s.Truncated || len(s.Resources) != 1 {
		t.Errorf("summary %+v", s)
	}
	r := s.Resources[0]
	if r.Address != "terraform_data.one" || r.Action != "create" || r.Type != "terraform_data" {
		t.Errorf("resource %+v", r)
	}
	values := map[string]string{}
	for _, a := range r.Changes {
		values[a.Name] = string(a.Before) + " " + string(a.After)
	}
	if values["input"] != `null "first"` || values["id"] != `null "(known after apply)"` {
		t.Errorf("changes %v", values)
	}
	b := s.Bound
	if b.Workspace != "default" || b.Serial == nil || *b.Serial != 0 || len(b.Plan) != 64 || len(b.Variables) != 64 || b.Version == "" {
		t.Errorf("bound %+v", b)
	}
	if state := localState(t, spec); strings.Contains(state, "terraform_data") {
		t.Errorf("applied before it was approved:\n%s", state)
	}
	// The owner that asked is gone; another one has the answer.
	_ = p.Conn.Close()
	conn, err := job.Dial(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for range 2 { // twice is once
		if err := conn.Send(job.Command{Confirm: true}); err != nil && !errors.Is(err, job.ErrGone) {
			t.Fatal(err)
		}
	}
	c := finish(t, dir, p)
	if c.end.Status != "success" || c.end.ExitCode != 0 {
		t.Fatalf("end %+v; output:\n%s", c.end, c.output)
	}
	if got := strings.Join(c.statuses, " "); got != "running waiting_confirmation running" {
		t.Errorf("statuses %s", got)
	}
	if got := c.kinds(); got != "init terraform_plan running" {
		t.Errorf("stages %s", got)
	}
	for i, want := range []string{"successfully initialized", "will be created", "Apply complete!"} {
		var text strings.Builder
		for _, l := range c.lines[c.stages[i].FirstLine-1 : c.stages[i].LastLine] {
			text.Write(l.Text)
		}
		if !strings.Contains(text.String(), want) || strings.Count(c.output, want) != 1 {
			t.Errorf("the lines of %s are not its own:\n%s", c.stages[i].Type, text.String())
		}
	}
	if got := string(c.stages[2].Result); !strings.Contains(got, `{"name":"name","sensitive":false,"type":"string","value":"first"}`) {
		t.Errorf("outputs %s", got)
	}
	if !strings.Contains(localState(t, spec), "terraform_data") {
		t.Error("nothing was applied")
	}
	if !strings.Contains(c.output, "Waiting for approval: 1 to add, 0 to change, 0 to destroy.\nApproved.\n") {
		t.Errorf("output:\n%s", c.output)
	}
	// A directory that is used in place gets its state, and nothing else.
	left, err := filepath.Glob(filepath.Join(spec.Repository.URL, "*"))
	if err != nil {
		t.Fatal(err)
	}
	hidden, _ := filepath.Glob(filepath.Join(spec.Repository.URL, ".*")) // the pattern is valid
	for _, path := range append(left, hidden...) {
		if name := filepath.Base(path); !slices.Contains([]string{"main.tf", "terraform.tfstate", "terraform.tfstate.backup", ".terraform.lock.hcl"}, name) {
			t.Errorf("%s was left behind", name)
		}
	}
}

func TestTofu_Reject(t *testing.T) {
	t.Parallel()
	spec := tofuSpec(t, config)
	dir, p := untilAsked(t, spec)
	send(t, p, job.Command{Reject: true})
	c := finish(t, dir, p)
	if c.end.Status != "error" || c.end.Reason != "The plan was rejected, so nothing was applied." {
		t.Errorf("end %+v", c.end)
	}
	if strings.Contains(localState(t, spec), "terraform_data") || c.kinds() != "init terraform_plan" {
		t.Errorf("it went on: %s", c.kinds())
	}
	mustSucceed(t, with(spec, auto)) // nothing is locked
}

// TestTofu_ApprovalTimeout: the wait has a limit of its own, and does not count
// against that of the run.
func TestTofu_ApprovalTimeout(t *testing.T) {
	t.Parallel()
	spec := tofuSpec(t, config)
	spec.Terraform.ApprovalTimeout = time.Millisecond
	c := runTofu(t, spec)
	if c.end.Status != "error" || c.end.Reason != "Nobody approved the plan within 1ms, so nothing was applied. Run the task again for a new plan." {
		t.Errorf("end %+v", c.end)
	}
}

func TestTofu_WithoutQuestion(t *testing.T) {
	t.Parallel()
	spec := tofuSpec(t, config)
	only := mustSucceed(t, with(spec, func(p *job.Terraform) { p.PlanOnly = true }))
	if only.kinds() != "init terraform_plan" || only.summary(t).Add != 1 || only.end.ExitCode != 0 {
		t.Errorf("plan only: %s %+v %+v", only.kinds(), only.summary(t), only.end)
	}
	applied := mustSucceed(t, with(spec, auto))
	if applied.kinds() != "init terraform_plan running" || slices.Contains(applied.statuses, "waiting_confirmation") {
		t.Errorf("auto-approve: %s %s", applied.kinds(), applied.statuses)
	}
	same := mustSucceed(t, spec)
	if s := same.summary(t); same.kinds() != "init terraform_plan" || s.HasChanges || s.Add+s.Change+s.Destroy != 0 || s.Bound.Serial == nil || *s.Bound.Serial == 0 || s.Bound.Lineage == "" {
		t.Errorf("no changes: %s %+v", same.kinds(), s)
	}
	write(t, filepath.Join(spec.Repository.URL, "main.tf"), strings.ReplaceAll(config, "first", "second"))
	changed := mustSucceed(t, with(spec, auto)).summary(t)
	if changed.Change != 1 || changed.Add+changed.Destroy != 0 || changed.Resources[0].Action != "update" || changed.Resources[0].Unchanged == 0 {
		t.Errorf("change: %+v", changed)
	}
	gone := mustSucceed(t, with(spec, func(p *job.Terraform) { p.AutoApprove, p.Destroy = true, true })).summary(t)
	if gone.Destroy != 1 || !gone.Bound.Destroy || strings.Contains(localState(t, spec), "terraform_data") {
		t.Errorf("destroy: %+v", gone)
	}
}

func TestTofu_Fails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		change func(*job.Spec)
		want   string
	}{
		"broken":      {text: `resource "x" {`, want: "The init ended with exit code 1. The output above says why."},
		"at the plan": {text: `variable "v" {}`, want: "The plan ended with exit code 1. The output above says why."},
		"at the apply": {text: `resource "terraform_data" "x" {
  provisioner "local-exec" { command = "exit 3" }
}`, change: func(s *job.Spec) { s.Terraform.AutoApprove = true }, want: "The apply ended with exit code 1. The output above says why."},
		"argument":        {text: config, change: func(s *job.Spec) { s.Terraform.TaskArgs.Default = []string{"-out=x"} }, want: `The argument "-out=x" of plan cannot be given. Signalbox keeps the plan itself.`},
		"no directory":    {text: config, change: func(s *job.Spec) { s.Playbook = "none" }, want: `The directory "none" does not exist in the repository.`},
		"outside":         {text: config, change: func(s *job.Spec) { s.Playbook = "../x" }, want: `The directory "../x" lies outside the repository.`},
		"backend is file": {text: config, change: func(s *job.Spec) { s.Terraform.OverrideBackend, s.Terraform.BackendFile = true, "main.tf" }, want: "The repository has a file main.tf, which the backend file of the template would overwrite."},
		"no program":      {text: config, change: func(s *job.Spec) { s.App.Program = "no-such-tofu" }, want: "The program 'no-such-tofu' was not found on this machine."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := tofuSpec(t, c.text)
			if c.change != nil {
				c.change(&spec)
			}
			got := runTofu(t, spec)
			if got.end.Status != "error" || !strings.HasPrefix(got.end.Reason, c.want) {
				t.Errorf("end %+v, want %q; output:\n%s", got.end, c.want, got.output)
			}
		})
	}
}

// TestTofu_Directory: a leading slash means the root of the repository.
func TestTofu_Directory(t *testing.T) {
	t.Parallel()
	spec := tofuSpec(t, `output "x" {`)
	write(t, filepath.Join(spec.Repository.URL, "deep", "er", "main.tf"), config)
	spec.Playbook = "/deep/er"
	mustSucceed(t, with(spec, auto))
}

func TestTofu_Workspaces(t *testing.T) {
	t.Parallel()
	spec := tofuSpec(t, `resource "terraform_data" "w" { input = terraform.workspace }
output "w" { value = terraform_data.w.output }`)
	for range 2 { // made, then found
		for _, name := range []string{"blue", "green", ""} {
			c := runTofu(t, with(spec, func(p *job.Terraform) { p.Workspace, p.AutoApprove = name, true }))
			want := name
			if want == "" {
				want = "default"
			}
			if c.end.Status != "success" || c.summary(t).Bound.Workspace != want {
				t.Fatalf("%q: %+v; output:\n%s", name, c.end, c.output)
			}
		}
	}
	for _, name := range []string{"blue", "green"} {
		text, err := os.ReadFile(filepath.Join(spec.Repository.URL, "terraform.tfstate.d", name, "terraform.tfstate"))
		if err != nil || !strings.Contains(string(text), `"`+name+`"`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestTofu_Checkout: what a configuration without a backend keeps as a file
// outlives the checkout.
func TestTofu_Checkout(t *testing.T) {
	t.Parallel()
	spec := tofuSpec(t, config)
	repo := testkit.NewRemote(t, map[string]string{"infra/main.tf": config})
	first := repo.Git("rev-parse", "main")
	spec.Repository = job.Repository{ID: 3, Name: "repo", URL: "file://" + repo.Dir, Kind: "file", Branch: "main"}
	spec.Playbook = "infra"
	if s := mustSucceed(t, with(spec, auto)).summary(t); s.Bound.Commit != first {
		t.Errorf("bound %+v, want commit %s", s.Bound, first)
	}
	if c := mustSucceed(t, spec); c.summary(t).HasChanges {
		t.Errorf("the state is lost:\n%s", c.output)
	}
	named := with(spec, func(p *job.Terraform) { p.Workspace = "blue" })
	mustSucceed(t, with(named, auto))
	if c := mustSucceed(t, named); c.summary(t).HasChanges {
		t.Errorf("the state of the workspace is lost:\n%s", c.output)
	}
	moved := spec
	moved.Host.DataDir = filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(spec.Host.DataDir, moved.Host.DataDir); err != nil {
		t.Fatal(err)
	}
	spec = moved
	if c := mustSucceed(t, spec); c.summary(t).HasChanges {
		t.Errorf("the state is lost with the move of the data directory:\n%s", c.output)
	}
	other := spec
	other.TemplateID = 99
	if c := mustSucceed(t, with(other, func(p *job.Terraform) { p.PlanOnly = true })); !c.summary(t).HasChanges {
		t.Error("templates share their state")
	}
	repo.Commit("main", "words about it", map[string]string{"infra/main.tf": "# no backend here\nlocals {\n  backend = \"cloud\"\n}\n" + config})
	if c := mustSucceed(t, spec); c.summary(t).HasChanges {
		t.Errorf("the state is lost when the configuration mentions backends:\n%s", c.output)
	}
	repo.Commit("main", "local backend", map[string]string{"infra/backend.tf": `terraform {
  backend "local" { path = "kept/here.tfstate" }
}`})
	c := runTofu(t, with(spec, func(p *job.Terraform) { p.Reconfigure = true }))
	if c.end.Status != "error" || !strings.HasPrefix(c.end.Reason, `The configuration keeps its state in the file "kept/here.tfstate" of the checkout`) {
		t.Errorf("end %+v; output:\n%s", c.end, c.output)
	}
}

// TestTofu_Variables: every kind of JSON value arrives as what it is, also where
// the configuration says nothing of its type.
func TestTofu_Variables(t *testing.T) {
	t.Parallel()
	names := []string{"text", "number", "big", "list", "object", "yes", "nothing", "secret_text", "secret_number", "interpolation"}
	var text strings.Builder
	for _, name := range names {
		text.WriteString("variable \"" + name + "\" {\n  default = \"unset\"\n}\n")
	}
	text.WriteString("variable \"typed\" {\n  type = map(list(number))\n}\n")
	text.WriteString("resource \"terraform_data\" \"v\" {\n  input = {\n")
	for _, name := range append(names, "typed") {
		text.WriteString("    " + name + " = jsonencode(var." + name + ")\n")
	}
	text.WriteString("  }\n}\noutput \"v\" {\n  value = terraform_data.v.output\n}\n")
	// What the program prints of a provisioner is output like any other.
	text.WriteString("resource \"terraform_data\" \"say\" {\n  provisioner \"local-exec\" {\n    command = \"echo said ${var.secret_text} ${var.secret_number}; tr '\\\\0' '\\\\n' < /proc/$PPID/cmdline\"\n  }\n}\n")
	spec := tofuSpec(t, text.String())
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	spec.ExtraVars = map[string]json.RawMessage{
		"text": raw(`"it's \"quoted\""`), "number": raw("5.50"), "big": raw("12345678901234567890"), "list": raw(`[1, "two", null]`),
		"object": raw(`{"a": {"b": [true]}}`), "yes": raw("true"), "nothing": raw("null"), "typed": raw(`{"x": [1, 2]}`),
		"interpolation": raw(`"${path.module} %{if true}"`), "not_declared": raw(`"x"`), "no-env-name=": raw("1"),
	}
	spec.SecretVars = map[string]json.RawMessage{"secret_text": raw(`"hunter2-secret"`), "secret_number": raw("778899")}
	dir, p := untilAsked(t, spec)
	inUse := secretFiles(t, dir, "hunter2-secret")
	if len(inUse) == 0 {
		t.Error("the check for files with secrets finds none while the job runs")
	}
	for path, mode := range inUse {
		if mode.Perm() != 0o600 {
			t.Errorf("%s has mode %o", path, mode.Perm())
		}
	}
	send(t, p, job.Command{Confirm: true})
	c := finish(t, dir, p)
	if c.end.Status != "success" {
		t.Fatalf("end %+v; output:\n%s", c.end, c.output)
	}
	var result struct {
		Outputs []struct {
			Name  string
			Value map[string]string
		}
	}
	if err := json.Unmarshal(c.stages[2].Result, &result); err != nil || len(result.Outputs) != 1 {
		t.Fatalf("%v %s", err, c.stages[2].Result)
	}
	want := map[string]string{
		"text": `"it's \"quoted\""`, "number": "5.5", "big": "12345678901234567890", "list": `[1,"two",null]`,
		"object": `{"a":{"b":[true]}}`, "yes": "true", "nothing": "null", "typed": `{"x":[1,2]}`,
		"secret_text": `"***"`, "secret_number": "***", "interpolation": `"${path.module} %{if true}"`,
	}
	for name, value := range want {
		if got := result.Outputs[0].Value[name]; got != value {
			t.Errorf("%s arrived as %s, want %s", name, got, value)
		}
	}
	if !strings.Contains(c.output, "said *** ***") {
		t.Errorf("output:\n%s", c.output)
	}
	seen := false // the command line, in which a secret would have been masked
	for _, l := range c.lines {
		line := terraform.Plain(string(l.Text))
		if !strings.Contains(line, "(local-exec):") || strings.Contains(line, "said") {
			continue
		}
		seen = seen || strings.Contains(line, terraform.VariablesFile)
		if strings.Contains(line, "***") {
			t.Errorf("a secret is on the command line: %s", line)
		}
	}
	if !seen {
		t.Errorf("the command line was not seen:\n%s", c.output)
	}
	for _, secret := range []string{"hunter2-secret", "778899"} {
		if strings.Contains(c.output, secret) {
			t.Errorf("%s is in the output", secret)
		}
		for _, s := range c.stages {
			if bytes.Contains(s.Result, []byte(secret)) {
				t.Errorf("%s is in the result of %s: %s", secret, s.Type, s.Result)
			}
		}
		for _, root := range []string{dir, spec.Host.DataDir} {
			for path := range secretFiles(t, root, secret) {
				t.Errorf("%s is in %s", secret, path)
			}
		}
	}
}

// secretFiles lists the files below a directory that hold a text.
func secretFiles(t testing.TB, root, text string) map[string]fs.FileMode {
	t.Helper()
	found := map[string]fs.FileMode{}
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil // gone meanwhile
		}
		content, err := os.ReadFile(path)
		if err == nil && bytes.Contains(content, []byte(text)) {
			if info, err := e.Info(); err == nil {
				found[path] = info.Mode()
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// TestTofu_SensitiveValues: what the configuration calls sensitive is not in the
// results, though Signalbox does not know the value.
func TestTofu_SensitiveValues(t *testing.T) {
	t.Parallel()
	spec := tofuSpec(t, `
variable "password" {
  default   = "only-in-the-file"
  sensitive = true
}
resource "terraform_data" "s" {
  input            = { user = "ann", password = var.password }
  triggers_replace = [var.password]
}
output "password" {
  value     = var.password
  sensitive = true
}
output "user" {
  value = nonsensitive(terraform_data.s.output.user)
}
`)
	for range 2 {
		c := mustSucceed(t, with(spec, auto))
		all, err := json.Marshal(c.stages)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(all, []byte("only-in-the-file")) || bytes.Contains(all, []byte("changed-in-the-file")) {
			t.Errorf("results tell the value: %s", all)
		}
		if !bytes.Contains(all, []byte("(sensitive)")) || !bytes.Contains(all, []byte(`"ann"`)) {
			t.Errorf("results: %s", all)
		}
		path := filepath.Join(spec.Repository.URL, "main.tf")
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, strings.ReplaceAll(string(text), "only-in-the-file", "changed-in-the-file"))
	}
}

// stateServer keeps state the way the http backend wants it, with locks.
type stateServer struct {
	mu       sync.Mutex
	state    []byte
	lock     []byte
	locked   int
	unlocked int
	refuse   bool // writes
}

func (s *stateServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if user, password, _ := r.BasicAuth(); user != "task" || password != "state-password" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	body, _ := io.ReadAll(r.Body) // a short body fails its check at the client
	switch r.Method {
	case http.MethodGet:
		if s.state == nil {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write(s.state)
	case http.MethodPost:
		if s.refuse || s.lock == nil || !bytes.Contains(s.lock, []byte(r.URL.Query().Get("ID"))) {
			w.WriteHeader(http.StatusConflict)
			return
		}
		s.state = body
	case "LOCK":
		if s.lock != nil {
			w.WriteHeader(http.StatusLocked)
			_, _ = w.Write(s.lock)
			return
		}
		s.lock = body
		s.locked++
	case "UNLOCK":
		s.lock = nil
		s.unlocked++
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (s *stateServer) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.state)
}

func (s *stateServer) isLocked() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lock != nil
}

// httpSpec keeps its state at a server, by override of the backend.
func httpSpec(t testing.TB, text string) (job.Spec, *stateServer) {
	t.Helper()
	state := &stateServer{}
	server := httptest.NewServer(state)
	t.Cleanup(server.Close)
	spec := tofuSpec(t, text)
	spec.Terraform.OverrideBackend = true
	spec.Terraform.State = &job.TerraformState{
		Address: server.URL + "/state", LockAddress: server.URL + "/state", UnlockAddress: server.URL + "/state",
		Username: "task", Password: "state-password",
	}
	return spec, state
}

func TestTofu_HTTPState(t *testing.T) {
	t.Parallel()
	spec, state := httpSpec(t, config)
	spec.Terraform.Workspace = "blue" // which this backend tells apart by address
	c := mustSucceed(t, with(spec, auto))
	if !strings.Contains(state.text(), "terraform_data") || localState(t, spec) != "" {
		t.Errorf("the state is not at the server:\n%s", c.output)
	}
	if state.isLocked() || state.locked < 2 || state.locked != state.unlocked {
		t.Errorf("locked %d times, unlocked %d times", state.locked, state.unlocked)
	}
	if got := string(c.stages[2].Result); !strings.Contains(got, `"value":"first"`) {
		t.Errorf("outputs %s", got)
	}
	if _, err := os.Stat(filepath.Join(spec.Repository.URL, "backend.tf")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the backend file is still there: %v", err)
	}
	if c := mustSucceed(t, spec); c.summary(t).HasChanges {
		t.Errorf("the state was not read:\n%s", c.output)
	}
	state.mu.Lock()
	state.lock = []byte(`{"ID":"somebody","Operation":"OperationTypeApply","Who":"ann@desk"}`)
	state.mu.Unlock()
	c = runTofu(t, spec)
	if c.end.Status != "error" || !strings.HasPrefix(c.end.Reason, "The state is locked by somebody else") || !strings.Contains(c.output, "somebody") {
		t.Errorf("end %+v; output:\n%s", c.end, c.output)
	}
	for path := range secretFiles(t, spec.Host.DataDir, "state-password") {
		t.Errorf("the password is in %s", path)
	}
}

// TestTofu_BackendOfTheRepository: a file that ends in _override.tf takes its
// place; another name is a clear error.
func TestTofu_BackendOfTheRepository(t *testing.T) {
	t.Parallel()
	spec, state := httpSpec(t, config)
	write(t, filepath.Join(spec.Repository.URL, "own.tf"), `terraform {
  backend "local" {}
}`)
	c := runTofu(t, with(spec, auto))
	if c.end.Status != "error" || !strings.Contains(c.end.Reason, "ends in _override.tf") {
		t.Errorf("end %+v; output:\n%s", c.end, c.output)
	}
	mustSucceed(t, with(spec, func(p *job.Terraform) { p.AutoApprove, p.BackendFile = true, "backend_override.tf" }))
	if state.text() == "" {
		t.Error("the state is not at the server")
	}
	// What a killed run left is no file of the repository.
	write(t, filepath.Join(spec.Repository.URL, "backend_override.tf"), terraform.BackendText)
	mustSucceed(t, with(spec, func(p *job.Terraform) { p.BackendFile = "backend_override.tf" }))
}

// TestTofu_Migrate: a backend that has changed is not taken without being asked
// for.
func TestTofu_Migrate(t *testing.T) {
	t.Parallel()
	spec, state := httpSpec(t, config)
	local := with(spec, func(p *job.Terraform) { p.OverrideBackend, p.State, p.AutoApprove = false, nil, true })
	mustSucceed(t, local)
	c := runTofu(t, spec)
	if c.end.Status != "error" || !strings.Contains(c.end.Reason, "Run the task with Migrate state to copy") {
		t.Errorf("end %+v; output:\n%s", c.end, c.output)
	}
	if state.text() != "" {
		t.Error("the state was copied without being asked for")
	}
	moved := mustSucceed(t, with(spec, func(p *job.Terraform) { p.MigrateState = true }))
	if moved.summary(t).HasChanges || !strings.Contains(state.text(), "terraform_data") {
		t.Errorf("the state was not copied:\n%s", moved.output)
	}
	// And back: the last run's backend is remembered.
	c = runTofu(t, local)
	if c.end.Status != "error" || !strings.Contains(c.end.Reason, "Run the task with Migrate state to copy") {
		t.Errorf("back: end %+v; output:\n%s", c.end, c.output)
	}
	mustSucceed(t, with(local, func(p *job.Terraform) { p.Reconfigure = true }))
}

// TestTofu_StateNotWritten: state that the backend does not take is not lost
// with the checkout.
func TestTofu_StateNotWritten(t *testing.T) {
	t.Parallel()
	spec, state := httpSpec(t, config)
	repo := testkit.NewRemote(t, map[string]string{"main.tf": config})
	spec.Repository = job.Repository{ID: 3, Name: "repo", URL: "file://" + repo.Dir, Kind: "file", Branch: "main"}
	state.refuse = true
	c := runTofu(t, with(spec, auto))
	kept, err := filepath.Glob(filepath.Join(spec.Host.DataDir, "states", "*", "*", "*", "errored-task-7.tfstate"))
	if err != nil || len(kept) != 1 || c.end.Status != "error" || !strings.Contains(c.output, kept[0]) {
		t.Fatalf("%v %v %+v; output:\n%s", kept, err, c.end, c.output)
	}
	if text, err := os.ReadFile(kept[0]); err != nil || !strings.Contains(string(text), "terraform_data") {
		t.Errorf("%v: %s", err, text)
	}
}

// TestTofu_Stale: a plan is refused when the state has moved on.
func TestTofu_Stale(t *testing.T) {
	t.Parallel()
	local := tofuSpec(t, config)
	remote, _ := httpSpec(t, config)
	for name, spec := range map[string]job.Spec{"local": local, "http": remote} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, round := range []string{"first state", "later state"} {
				value := json.RawMessage(`"planned ` + round + `"`)
				planned := spec
				planned.ExtraVars = map[string]json.RawMessage{"name": value}
				dir, p := untilAsked(t, planned)
				other := with(spec, auto)
				other.ExtraVars = map[string]json.RawMessage{"name": json.RawMessage(`"meanwhile ` + round + `"`)}
				mustSucceed(t, other)
				send(t, p, job.Command{Confirm: true})
				c := finish(t, dir, p)
				if c.end.Status != "error" || c.end.Reason != terraform.Stale {
					t.Errorf("%s: end %+v; output:\n%s", round, c.end, c.output)
				}
				if again := mustSucceed(t, with(other, func(*job.Terraform) {})); again.summary(t).HasChanges {
					t.Errorf("%s: the stale plan was applied:\n%s", round, again.output)
				}
			}
		})
	}
}

// TestTofu_ChangedFiles: what is applied is what was planned, whatever happened
// to the files.
func TestTofu_ChangedFiles(t *testing.T) {
	t.Parallel()
	spec := tofuSpec(t, config)
	dir, p := untilAsked(t, spec)
	write(t, filepath.Join(spec.Repository.URL, "main.tf"), strings.ReplaceAll(config, "first", "sneaked in"))
	send(t, p, job.Command{Confirm: true})
	if c := finish(t, dir, p); c.end.Status != "success" || strings.Contains(localState(t, spec), "sneaked in") {
		t.Errorf("end %+v; output:\n%s", c.end, c.output)
	}
	dir, p = untilAsked(t, spec)
	plans, err := filepath.Glob(filepath.Join(dir, job.WorkDir, "private", "plan"))
	if err != nil || len(plans) != 1 {
		t.Fatal(plans, err)
	}
	if info, err := os.Stat(plans[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("plan file: %v %v", info.Mode(), err)
	}
	write(t, plans[0], "another plan")
	send(t, p, job.Command{Confirm: true})
	if c := finish(t, dir, p); c.end.Status != "error" || !strings.HasPrefix(c.end.Reason, "The plan file is not the one that was shown") {
		t.Errorf("end %+v; output:\n%s", c.end, c.output)
	}
}

func TestTofu_Stop(t *testing.T) {
	t.Parallel()
	// A module from a server that never answers holds init up; an http backend
	// whose state never comes, the plan.
	hanging := "http://" + silentServer(t)
	for name, c := range map[string]struct {
		text  string
		until func(course) bool
		force bool
	}{
		"init": {
			text:  config + `module "m" { source = "git::` + hanging + `/m.git" }`,
			until: func(c course) bool { return strings.Contains(c.output, "Downloading") },
		},
		"plan": {
			text: config + `data "terraform_remote_state" "x" {
  backend = "http"
  config  = { address = "` + hanging + `/state" }
}`,
			until: func(c course) bool {
				return strings.Contains(c.output, "terraform_remote_state.x: Reading...")
			},
		},
		"waiting": {
			text:  config,
			until: func(c course) bool { return slices.Contains(c.statuses, "waiting_confirmation") },
		},
		"apply": {
			text: config + `resource "terraform_data" "slow" {
  depends_on = [terraform_data.one]
  provisioner "local-exec" { command = "echo reached; sleep 600" }
}`,
			until: func(c course) bool { return strings.Contains(terraform.Plain(c.output), "(local-exec): reached") },
		},
		"forced": {
			text:  config,
			until: func(c course) bool { return slices.Contains(c.statuses, "waiting_confirmation") },
			force: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec, state := httpSpec(t, c.text)
			spec.Terraform.AutoApprove = name == "apply"
			dir, p := start(t, spec)
			waitFor(t, dir, p.Conn, func(o outcome) bool { return o.end != nil || c.until(readCourse(t, dir)) })
			send(t, p, job.Command{Stop: !c.force, Force: c.force})
			got := finish(t, dir, p)
			if got.end.Status != "stopped" {
				t.Fatalf("end %+v; output:\n%s", got.end, got.output)
			}
			if state.isLocked() {
				t.Errorf("the state stays locked; output:\n%s", got.output)
			}
			if name == "apply" {
				// What was done before the stop is in the state.
				if !strings.Contains(strings.ReplaceAll(state.text(), " ", ""), `"name":"one"`) {
					t.Errorf("the state does not know what was made:\n%s", state.text())
				}
			}
			write(t, filepath.Join(spec.Repository.URL, "main.tf"), config)
			mustSucceed(t, with(spec, auto))
		})
	}
}

// TestTofu_Killed: a job that is killed leaves nothing secret behind once its
// directory is swept.
func TestTofu_Killed(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"waiting": config,
		"apply": config + `resource "terraform_data" "slow" {
  provisioner "local-exec" { command = "echo reached; sleep 600" }
}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := tofuSpec(t, "variable \"token\" {}\n"+text)
			spec.SecretVars = map[string]json.RawMessage{"token": json.RawMessage(`"killed-secret"`)}
			spec.Terraform.AutoApprove = name == "apply"
			dir, p := start(t, spec)
			waitFor(t, dir, p.Conn, func(o outcome) bool {
				return o.end != nil || strings.Contains(terraform.Plain(o.output), "(local-exec): reached") || slices.Contains(readCourse(t, dir).statuses, "waiting_confirmation")
			})
			if len(secretFiles(t, dir, "killed-secret")) == 0 {
				t.Error("the check for files with secrets finds none")
			}
			if err := syscall.Kill(p.PID, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			wait(t, p)
			c := readCourse(t, dir)
			last := c.children[len(c.children)-1]
			process.KillLeftover(last.PID, last.StartTime)
			testkit.Eventually(t, "the program to die", func() bool { return process.StartTime(last.PID) == 0 })
			if err := workspace.Sweep(filepath.Dir(dir), spec.Host.DataDir); err != nil {
				t.Fatal(err)
			}
			for _, root := range []string{dir, spec.Host.DataDir, spec.Repository.URL} {
				for path := range secretFiles(t, root, "killed-secret") {
					t.Errorf("left behind: %s", path)
				}
			}
			// The state is as good as it was.
			write(t, filepath.Join(spec.Repository.URL, "main.tf"), config)
			mustSucceed(t, with(spec, auto))
		})
	}
}
