package jobproc_test

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"signalbox/internal/ansibleresult"
	"signalbox/internal/job"
	"signalbox/internal/logchunk"
)

// played is what a playbook told beside its output.
type played struct {
	outcome
	events []ansibleresult.Event
	stages []job.Stage // as they ended
	totals ansibleresult.Totals
}

func playedIn(t testing.TB, dir string) played {
	t.Helper()
	r, err := job.OpenJournal(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out := played{outcome: readJournal(t, dir)}
	begun := map[int]job.Stage{}
	for {
		rec, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case rec.Stage != nil && rec.Stage.End == nil:
			begun[rec.Stage.Seq] = *rec.Stage
		case rec.Stage != nil:
			if b := begun[rec.Stage.Seq]; b.Type != rec.Stage.Type || b.FirstLine != rec.Stage.FirstLine {
				t.Errorf("stage %+v began as %+v", rec.Stage, b)
			}
			out.stages = append(out.stages, *rec.Stage)
		case rec.Results != nil:
			lines, err := logchunk.Decode(*rec.Results)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range lines {
				if want := int64(len(out.events) + 1); l.Seq != want || l.Partial {
					t.Fatalf("event %d has number %d, partial %v", want, l.Seq, l.Partial)
				}
				e, err := ansibleresult.Parse(l.Text)
				if err != nil {
					t.Fatalf("%v in %s", err, l.Text)
				}
				out.events = append(out.events, e)
			}
		}
	}
	for _, st := range out.stages {
		if st.Type == job.StageResult {
			if err := json.Unmarshal(st.Result, &out.totals); err != nil {
				t.Fatalf("%v in %s", err, st.Result)
			}
		}
	}
	return out
}

func playJob(t testing.TB, spec job.Spec) played {
	t.Helper()
	dir, p := start(t, spec)
	wait(t, p)
	out := playedIn(t, dir)
	if out.end == nil {
		text, _ := os.ReadFile(filepath.Join(dir, job.ErrFile))
		t.Fatalf("no end; the job said: %s", text)
	}
	return out
}

// cells are the results as "task host status", in order.
func (p played) cells() []string {
	var list []string
	for _, play := range ansibleresult.Build(p.events, ansibleresult.Filter{}).Plays {
		for _, task := range play.Tasks {
			for _, c := range task.Cells {
				text := task.Name + " " + c.Host + " " + string(c.Status)
				for _, w := range []struct {
					set  bool
					word string
				}{{c.Changed && c.Status == ansibleresult.OK, " changed"}, {c.Ignored, " ignored"}, {c.Rescued, " rescued"}, {c.HasDiff, " diff"}} {
					if w.set {
						text += w.word
					}
				}
				list = append(list, text)
			}
		}
	}
	return list
}

// fromRecap reads the totals that ansible printed.
func fromRecap(t testing.TB, output string) map[string]ansibleresult.HostTotals {
	t.Helper()
	output = regexp.MustCompile(`\x1b\[[0-9;]*m`).ReplaceAllString(output, "")
	_, recap, ok := strings.Cut(output, "PLAY RECAP")
	if !ok {
		t.Fatalf("no recap in %s", output)
	}
	line := regexp.MustCompile(`(?m)^(\S+)\s+: ok=(\d+) +changed=(\d+) +unreachable=(\d+) +failed=(\d+) +skipped=(\d+) +rescued=(\d+) +ignored=(\d+)`)
	all := map[string]ansibleresult.HostTotals{}
	for _, m := range line.FindAllStringSubmatch(recap, -1) {
		n := make([]int, 7)
		for i := range n {
			n[i], _ = strconv.Atoi(m[i+2])
		}
		all[m[1]] = ansibleresult.HostTotals{Host: m[1], OK: n[0], Changed: n[1], Unreachable: n[2], Failed: n[3], Skipped: n[4], Rescued: n[5], Ignored: n[6]}
	}
	return all
}

const eventful = `
- name: first
  hosts: all
  gather_facts: false
  tasks:
    - {name: reach, raw: "true"}
    - {name: ignored, raw: "exit 4", ignore_errors: true}
    - block:
        - {name: broken, raw: "echo why >&2; exit 3"}
      rescue:
        - {name: rescue, debug: {msg: saved}}
      always:
        - {name: always, debug: {msg: "{{ token }}"}}
    - name: loop
      debug: {msg: "{{ item }}"}
      loop: [1, 2, 3]
      changed_when: item == 2
      when: item != 3
      notify: handler
    - meta: flush_handlers
    - {name: again, raw: "true", notify: handler}
    - {name: include, include_tasks: more.yml}
    - {name: hidden, raw: "echo in-the-dark; exit 5", no_log: true, ignore_errors: true}
    - {name: write, copy: {content: "new\n", dest: "{{ dir }}/{{ inventory_hostname }}"}, diff: true}
    - {name: skipped, debug: {msg: x}, when: false}
    - {name: fails on b, raw: "echo no {{ token }} >&2; exit 1", when: inventory_hostname == 'b'}
    - {name: delegated, debug: {msg: x}, delegate_to: localhost}
  handlers:
    - {name: handler, debug: {msg: handled}}
- name: nobody
  hosts: nothere
  tasks: []
- name: second
  hosts: a
  strategy: free
  gather_facts: false
  tasks:
    - {name: free, raw: "true"}
    - meta: end_play
    - {name: never, raw: "true"}
`

func eventfulSpec(t testing.TB) job.Spec {
	t.Helper()
	spec := ansibleSpec(t, eventful)
	write(t, filepath.Join(spec.Repository.URL, "more.yml"), "- {name: included, debug: {msg: x}}\n")
	spec.Inventory.Text = "a ansible_connection=local\nb ansible_connection=local\nc ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1"
	dir, err := json.Marshal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	spec.ExtraVars = map[string]json.RawMessage{"dir": dir}
	spec.SecretVars = map[string]json.RawMessage{"token": json.RawMessage(`"sup3r-secret"`)}
	return spec
}

func TestPlaybook_TellsWhatHappens(t *testing.T) {
	t.Parallel()
	got := playJob(t, eventfulSpec(t))
	if got.end.Status != "error" {
		t.Fatalf("end %+v\n%s", got.end, got.output)
	}
	want := []string{
		"reach c unreachable", "reach a ok changed", "reach b ok changed",
		"ignored a failed ignored", "ignored b failed ignored",
		"broken a failed rescued", "broken b failed rescued",
		"rescue a ok", "rescue b ok", "always a ok", "always b ok", "loop a ok changed", "loop b ok changed",
		"handler a ok", "handler b ok", "again a ok changed", "again b ok changed",
		"include a ok", "include b ok", "included a ok", "included b ok",
		"hidden a failed ignored", "hidden b failed ignored",
		"write a ok changed diff", "write b ok changed diff",
		"skipped a skipped", "skipped b skipped", "fails on b a skipped", "fails on b b failed",
		"delegated a ok", "handler a ok", "free a ok changed",
	}
	cells := got.cells() // the hosts of a task come in any order
	slices.Sort(cells)
	slices.Sort(want)
	if !reflect.DeepEqual(cells, want) {
		t.Errorf("results\n%s\nwant\n%s", strings.Join(cells, "\n"), strings.Join(want, "\n"))
	}
	printed := fromRecap(t, got.output)
	if len(got.totals.Hosts) != 3 || len(printed) != 3 {
		t.Errorf("totals %+v, printed %+v", got.totals, printed)
	}
	for _, h := range got.totals.Hosts {
		if h != printed[h.Host] {
			t.Errorf("totals %+v, ansible printed %+v", h, printed[h.Host])
		}
	}
	if e := got.totals.Errors; len(e) != 2 ||
		e[0].Host != "c" || e[0].Task != "reach" || !e[0].Unreachable || !strings.Contains(e[0].Error, "Failed to connect") ||
		e[1].Host != "b" || e[1].Task != "fails on b" || e[1].Unreachable || e[1].Error != "non-zero return code (exit code 1)\nno ***" {
		t.Errorf("errors %+v", e)
	}
	for _, e := range got.events {
		line := string(e.Append(nil))
		for _, secret := range []string{"sup3r", "in-the-dark"} {
			if strings.Contains(line, secret) {
				t.Errorf("%q is in %s", secret, line)
			}
		}
	}
	tasks := map[string]ansibleresult.Task{}
	m := ansibleresult.Build(got.events, ansibleresult.Filter{Details: true})
	for _, p := range m.Plays {
		for _, task := range p.Tasks {
			tasks[task.Name] = task
		}
	}
	if len(m.Plays) != 3 || m.Plays[1].Note != ansibleresult.NoHostsMatched || m.Plays[2].Strategy != "free" {
		t.Errorf("plays %+v", m.Plays)
	}
	if c := tasks["loop"].Cells[0]; c.Items == nil || *c.Items != [4]int{1, 1, 0, 1} {
		t.Errorf("items of the loop: %v", c.Items)
	}
	if c := tasks["write"].Cells[0]; !strings.Contains(c.Diff, "\n+new\n") {
		t.Errorf("difference %q", c.Diff)
	}
	if task := tasks["included"]; task.Path != "more.yml:1" || task.Action != "debug" {
		t.Errorf("included task %+v", task)
	}
	if task := tasks["handler"]; !task.Handler {
		t.Errorf("handler %+v", task)
	}
	if c := tasks["delegated"].Cells[0]; c.Delegate != "localhost" {
		t.Errorf("delegated %+v", c)
	}
	if c := tasks["broken"].Cells[0]; c.Output != "why" || c.Duration <= 0 {
		t.Errorf("broken %+v", c)
	}
	if c := tasks["always"].Cells[0]; c.Text != "***" {
		t.Errorf("message %q", c.Text)
	}
}

const unusual = `
- hosts: all
  gather_facts: false
  any_errors_fatal: false
  tasks:
    - {name: once, raw: "true", run_once: true}
    - {name: waited for, command: "true", async: 20, poll: 1}
    - {name: not waited for, command: "true", async: 20, poll: 0}
    - name: retried
      raw: test -e {{ dir }}/{{ inventory_hostname }} || { touch {{ dir }}/{{ inventory_hostname }}; exit 1; }
      register: out
      until: out is success
      retries: 3
      delay: 0
    - name: items
      raw: exit {{ item }}
      loop: [0, 1, 2]
      ignore_errors: true
      loop_control: {label: "number {{ item }}"}
    - {name: no items, raw: "true", loop: []}
    - {name: away, ping: {}, delegate_to: nowhere, ignore_unreachable: true}
    - {name: loop of includes, include_tasks: more.yml, loop: [1, 2]}
    - {name: role, include_role: {name: small}}
    - {meta: end_host, when: inventory_hostname == 'b'}
    - {name: fatal, raw: "false", any_errors_fatal: true}
- import_playbook: other.yml
`

// TestPlaybook_CountsAsAnsibleDoes: should the end not be told, because the run
// was stopped, the results alone give what ansible would have printed.
func TestPlaybook_CountsAsAnsibleDoes(t *testing.T) {
	t.Parallel()
	spec := ansibleSpec(t, unusual)
	repo := spec.Repository.URL
	write(t, filepath.Join(repo, "more.yml"), "- {name: included, raw: 'true', changed_when: false}\n")
	write(t, filepath.Join(repo, "roles", "small", "tasks", "main.yml"), "- {name: in role, debug: {msg: x}}\n")
	write(t, filepath.Join(repo, "other.yml"), "- {hosts: b, gather_facts: false, tasks: [{name: other, raw: 'true'}]}\n")
	spec.Inventory.Text = "a ansible_connection=local\nb ansible_connection=local\n[gone]\nnowhere ansible_connection=ssh ansible_host=127.0.0.1 ansible_port=1\n"
	spec.Ansible = &job.Ansible{Limit: []string{"a", "b"}}
	dir, err := json.Marshal(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	spec.ExtraVars = map[string]json.RawMessage{"dir": dir}
	got := playJob(t, spec)
	printed := fromRecap(t, got.output)
	var c ansibleresult.Counter
	texts := map[string]ansibleresult.Event{}
	names := map[int]string{}
	for _, e := range got.events {
		switch e.Kind {
		case ansibleresult.KindStats, ansibleresult.KindEnd:
			if e.Faults > 0 {
				t.Errorf("%d faults of the plugin", e.Faults)
			}
			continue
		case ansibleresult.KindTask:
			names[e.Task] = e.Name
		case ansibleresult.KindResult:
			texts[names[e.Task]] = e
		}
		c.Add(&e)
	}
	if len(printed) != 2 {
		t.Fatalf("ansible printed %v\n%s", printed, got.output)
	}
	for _, h := range c.Totals().Hosts {
		if h != printed[h.Host] {
			t.Errorf("counted %+v, ansible printed %+v\n%s", h, printed[h.Host], strings.Join(got.cells(), "\n"))
		}
	}
	if e := texts["retried"]; e.Attempts != 2 {
		t.Errorf("retried %+v", e)
	}
	if e := texts["items"]; e.Items == nil || *e.Items != [4]int{0, 1, 2, 0} || !e.Ignored ||
		!strings.Contains(e.Text, "item number 1: non-zero return code") || !strings.Contains(e.Text, "item number 2: ") {
		t.Errorf("items %+v", e)
	}
	if e := texts["away"]; e.Status != ansibleresult.Unreachable || !e.Ignored || e.Delegate != "nowhere" {
		t.Errorf("away %+v", e)
	}
}

func TestPlaybook_Stages(t *testing.T) {
	t.Parallel()
	spec := ansibleSpec(t, "- hosts: all\n  gather_facts: false\n  tasks: [{debug: {msg: hello}}]\n")
	spec.Ansible = &job.Ansible{SkipGalaxy: true} // says a line in the first stage
	got := playJob(t, spec)
	var types []string
	at := int64(1)
	for _, st := range got.stages {
		types = append(types, st.Type)
		if st.FirstLine != at || st.LastLine < st.FirstLine-1 || st.End.Before(st.Start) {
			t.Errorf("stage %+v does not begin at line %d", st, at)
		}
		at = st.LastLine + 1
	}
	if want := []string{job.StageInit, job.StageRunning, job.StageResult}; !reflect.DeepEqual(types, want) {
		t.Fatalf("stages %v", types)
	}
	if got.stages[0].LastLine != 1 || got.stages[1].LastLine != got.end.Lines || string(got.stages[1].Result) != "" {
		t.Errorf("stages %+v, %d lines", got.stages, got.end.Lines)
	}
	if want := `{"hosts":[{"host":"web","ok":1,"changed":0,"unreachable":0,"failed":0,"skipped":0,"rescued":0,"ignored":0}],"errors":[],"truncated":false}`; string(got.stages[2].Result) != want {
		t.Errorf("result %s", got.stages[2].Result)
	}
}

// TestPlaybook_DoesNotBegin: what is wrong is told though no callback was.
func TestPlaybook_DoesNotBegin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ playbook, want string }{
		"no such module": {"- hosts: all\n  tasks: [{nosuchmodule: {}}]\n", "couldn't resolve module/action"},
		"no yaml":        {"- hosts: [\n", "Syntax Error while loading YAML"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := playJob(t, ansibleSpec(t, c.playbook))
			if got.end.Status != "error" || len(got.totals.Hosts) != 0 || len(got.totals.Errors) == 0 || got.totals.Errors[0].Host != "" ||
				!strings.Contains(got.totals.Errors[0].Error, c.want) {
				t.Errorf("totals %+v, want %q\n%s", got.totals, c.want, got.output)
			}
		})
	}
}

// TestPlaybook_RepeatedTasks: batches of hosts share the rows of their play, a
// handler that runs again has a row of its own, and another playbook that a task
// runs stays out of it.
func TestPlaybook_RepeatedTasks(t *testing.T) {
	t.Parallel()
	spec := ansibleSpec(t, `
- hosts: all
  gather_facts: false
  serial: 1
  tasks:
    - {name: one, raw: "true", notify: h}
    - meta: flush_handlers
    - name: nested
      shell: test -z "$SIGNALBOX_EVENTS$SIGNALBOX_CALLBACK_PLUGINS" && test "$ANSIBLE_CALLBACK_PLUGINS" = mine && ansible-playbook -i localhost, -c local nested.yml
      notify: h
      when: inventory_hostname == 'b'
  handlers:
    - {name: h, raw: "true"}
`)
	write(t, filepath.Join(spec.Repository.URL, "nested.yml"), "- hosts: all\n  gather_facts: false\n  tasks: [{name: inner, raw: 'true'}]\n")
	spec.Inventory.Text = "a ansible_connection=local\nb ansible_connection=local"
	spec.Env = map[string]string{"ANSIBLE_CALLBACK_PLUGINS": "mine"}
	got := playJob(t, spec)
	want := []string{"one a ok changed", "one b ok changed", "h a ok changed", "h b ok changed", "nested a skipped", "nested b ok changed", "h b ok changed"}
	if got.end.Status != "success" || !reflect.DeepEqual(got.cells(), want) {
		t.Errorf("end %+v\n%s", got.end, strings.Join(got.cells(), "\n"))
	}
	if m := ansibleresult.Build(got.events, ansibleresult.Filter{}); len(m.Plays) != 1 {
		t.Errorf("%d plays", len(m.Plays))
	}
}

const usersCallback = `
from ansible.plugins.callback import CallbackBase
class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'notification'
    CALLBACK_NAME = '{name}'
    CALLBACK_NEEDS_ENABLED = {needs}
    def v2_playbook_on_stats(self, stats):
        self._display.display('callback {name} saw ' + ','.join(sorted(stats.processed)))
`

// TestPlaybook_CallbacksOfTheUser: whatever is configured, both work.
func TestPlaybook_CallbacksOfTheUser(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg string
		env map[string]string
	}{
		"file":        {cfg: "[defaults]\nstdout_callback = oneline\ncallbacks_enabled = wanted\ncallback_plugins = my/callbacks ; mine\n"},
		"environment": {env: map[string]string{"ANSIBLE_STDOUT_CALLBACK": "minimal", "ANSIBLE_CALLBACKS_ENABLED": "wanted", "ANSIBLE_CALLBACK_PLUGINS": "my/callbacks"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := ansibleSpec(t, "- hosts: all\n  gather_facts: false\n  tasks: [{name: only, raw: 'true'}]\n")
			repo := spec.Repository.URL
			if c.cfg != "" {
				write(t, filepath.Join(repo, "ansible.cfg"), c.cfg)
			}
			for name, needs := range map[string]string{"wanted": "True", "unwanted": "True", "always": "False"} {
				write(t, filepath.Join(repo, "my", "callbacks", name+".py"), strings.NewReplacer("{name}", name, "{needs}", needs).Replace(usersCallback))
			}
			spec.Env = c.env
			got := playJob(t, spec)
			for text, want := range map[string]bool{
				"callback wanted saw web": true, "callback always saw web": true, "callback unwanted": false,
				"PLAY RECAP": false, "web | CHANGED": true, "WARNING": false, "Signalbox": false,
			} {
				if strings.Contains(got.output, text) != want {
					t.Errorf("%q: want %v in\n%s", text, want, got.output)
				}
			}
			if want := []string{"only web ok changed"}; !reflect.DeepEqual(got.cells(), want) || len(got.totals.Hosts) != 1 {
				t.Errorf("results %v, totals %+v", got.cells(), got.totals)
			}
		})
	}
}

// withoutPlugin makes ansible run as if it could not load ours.
func withoutPlugin(t testing.TB, spec *job.Spec) {
	t.Helper()
	wrapper := filepath.Join(t.TempDir(), "ansible-playbook")
	write(t, wrapper, "#!/bin/sh\nunset ANSIBLE_CALLBACK_PLUGINS\nexec "+need(t, "ansible-playbook")+" \"$@\"\n")
	if err := os.Chmod(wrapper, 0o755); err != nil {
		t.Fatal(err)
	}
	spec.App.Program = wrapper
}

func TestPlaybook_TotalsWithoutThePlugin(t *testing.T) {
	t.Parallel()
	spec := eventfulSpec(t)
	spec.Ansible = &job.Ansible{SkipGalaxy: true}
	withoutPlugin(t, &spec)
	got := playJob(t, spec)
	printed := fromRecap(t, got.output)
	if len(got.events) != 0 || len(got.totals.Hosts) != 3 || len(printed) != 3 {
		t.Fatalf("%d events, totals %+v\n%s", len(got.events), got.totals, got.output)
	}
	for _, h := range got.totals.Hosts {
		if h != printed[h.Host] {
			t.Errorf("totals %+v, ansible printed %+v", h, printed[h.Host])
		}
	}
	var told []string
	for _, e := range got.totals.Errors {
		told = append(told, e.Host+" "+e.Task)
		if strings.Contains(e.Error, "sup3r") {
			t.Errorf("a secret in %q", e.Error)
		}
	}
	// The output does not say what was rescued.
	for _, want := range []string{"c reach", "b fails on b"} {
		if !strings.Contains(strings.Join(told, "\n"), want) {
			t.Errorf("errors %v lack %q", told, want)
		}
	}
	if strings.Contains(strings.Join(told, "\n"), "ignored") {
		t.Errorf("errors %v have what was ignored", told)
	}
	if !strings.Contains(got.output, "did not load Signalbox's callback plugin") {
		t.Error("nothing is said about it")
	}
}

// TestPlaybook_Stopped: what happened before is kept and counted.
func TestPlaybook_Stopped(t *testing.T) {
	t.Parallel()
	spec := ansibleSpec(t, "- hosts: all\n  gather_facts: false\n  tasks:\n    - {name: one, raw: 'true'}\n    - {name: long, raw: 'sleep 600'}\n")
	dir, p := start(t, spec)
	deadline := time.Now().Add(50 * time.Second)
	for {
		// The first result is in the journal while the play still runs.
		if _, err := os.Stat(filepath.Join(dir, job.JournalFile)); err == nil && len(playedIn(t, dir).cells()) > 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no result comes")
		}
		<-p.Conn.Wake()
	}
	if err := p.Conn.Send(job.Command{Stop: true}); err != nil {
		t.Fatal(err)
	}
	wait(t, p)
	got := playedIn(t, dir)
	if got.end == nil || got.end.Status != "stopped" || len(got.stages) != 3 {
		t.Fatalf("end %+v, stages %+v", got.end, got.stages)
	}
	if want := []ansibleresult.HostTotals{{Host: "web", OK: 1, Changed: 1}}; len(got.totals.Hosts) != 1 || got.totals.Hosts[0].OK != 1 {
		t.Errorf("totals %+v, want %+v", got.totals.Hosts, want)
	}
}

// TestPlaybook_WithoutListener: the plugin alone, as ansible would meet it.
func TestPlaybook_WithoutListener(t *testing.T) {
	t.Parallel()
	playbook := need(t, "ansible-playbook")
	dir := t.TempDir()
	write(t, filepath.Join(dir, "site.yml"), "- hosts: all\n  gather_facts: false\n  tasks:\n    - debug: {msg: \"{{ 'x' * 60000 }}\"}\n      loop: [1, 2, 3, 4, 5, 6, 7, 8]\n    - {name: long, debug: {msg: \"{{ 'x' * 60000 }}\"}}\n    - {name: longer, debug: {msg: \"{{ 'y' * 60000 }}\"}}\n")
	plugins, err := filepath.Abs("../apps/ansible/callback")
	if err != nil {
		t.Fatal(err)
	}
	for name, listen := range map[string]func(path string){
		"no pipe":   func(string) {},
		"no reader": func(path string) { mkfifo(t, path) },
		"reader leaves": func(path string) {
			mkfifo(t, path)
			go func() {
				f, err := os.Open(path)
				if err != nil {
					return
				}
				_, _ = f.Read(make([]byte, 1))
				_ = f.Close()
			}()
		},
		"a file": func(path string) { write(t, path, "") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pipe := filepath.Join(t.TempDir(), "events")
			listen(pipe)
			cmd := exec.Command(playbook, "-i", "localhost,", "-c", "local", "site.yml")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "ANSIBLE_CALLBACK_PLUGINS="+plugins, "SIGNALBOX_EVENTS="+pipe, "PYTHONDONTWRITEBYTECODE=1")
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.Contains(string(out), "ok=3") || strings.Contains(string(out), "signalbox") {
				t.Errorf("%v\n%.2000s", err, out)
			}
		})
	}
}
