package faults

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox/internal/testkit"
	"signalbox/test/harness"
)

// killRounds is how often each stage is hit where no SIGNALBOX_SOAK asks for
// hours: twice each of server, job and both.
const killRounds = 6

// stageKill is a stage of a run that is hit at a random moment.
type stageKill struct {
	name     string
	setup    func(t *testing.T) (*rig, int) // a server, and the template whose tasks are hit
	begin    func(r *rig, id int)           // waits until the stage begins
	within   time.Duration                  // the kill comes so long after that, at most
	provoke  func(r *rig, id int)           // is done just before the wait, beside the kill
	goOn     func(r *rig, id int)           // helps a task that lives to its end
	finished string                         // what the output of a run that came to its end holds
	check    func(r *rig, what string, task harness.Task)
}

// TestStagesKilled_AtRandomPoints kills the server, the job or both in every
// stage of runs of Ansible and OpenTofu, and checks what is left; a run after
// all of it must come to a good end.
func TestStagesKilled_AtRandomPoints(t *testing.T) {
	t.Parallel()
	for _, k := range stageKills() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			r, tpl := k.setup(t)
			random := rand.New(rand.NewPCG(7, uint64(len(k.name))))
			n := soak(t, killRounds, func(i int) {
				victim := []string{"server", "job", "both"}[i%3]
				what := fmt.Sprintf("round %d, %s in %s", i, victim, k.name)
				id := r.p.Launch(tpl, nil)
				k.begin(r, id)
				asked := make(chan struct{})
				go func() {
					defer close(asked)
					if k.provoke != nil {
						k.provoke(r, id)
					}
				}()
				time.Sleep(time.Duration(random.Int64N(int64(k.within))))
				killed := r.kill(victim, id)
				<-asked
				if k.goOn != nil {
					k.goOn(r, id)
				}
				task := r.p.Wait(id, time.Minute)
				r.whole(what, task, killed)
				if task.Status == "success" && !bytes.Contains(r.p.Output(id), []byte(k.finished)) {
					t.Errorf("%s: success without %q:\n%s", what, k.finished, r.p.Output(id))
				}
				if k.check != nil {
					k.check(r, what, task)
				}
			})
			id := r.p.Launch(tpl, nil)
			if k.goOn != nil {
				k.goOn(r, id)
			}
			task := r.p.Wait(id, time.Minute)
			r.whole("after all kills", task, false)
			if out := r.p.Output(id); !bytes.Contains(out, []byte(k.finished)) {
				t.Errorf("the run after all kills does not say %q:\n%s", k.finished, out)
			}
			t.Logf("%d kills", n)
		})
	}
}

func stageKills() []stageKill {
	confirm := func(r *rig, id int) {
		r.untilStatus(id, "waiting_confirmation")
		r.confirm(id) // unless it has ended
	}
	return []stageKill{
		{
			name: "git", setup: gitRig, finished: "the script of the repository",
			begin: func(*rig, int) {}, within: 250 * time.Millisecond,
		},
		{
			name: "galaxy", setup: galaxyRig, finished: "the play has ended",
			begin:  func(r *rig, id int) { r.until(id, "Starting galaxy") },
			within: 2 * time.Second,
		},
		{
			name: "play", setup: playbookRig, finished: "the play has ended",
			begin:  func(r *rig, id int) { r.until(id, "PLAY [") },
			within: 1500 * time.Millisecond,
		},
		{
			name: "plan", setup: tofuRig, finished: "Apply complete!",
			begin:  func(r *rig, id int) { r.until(id, "Initializing") },
			within: 600 * time.Millisecond, goOn: confirm, check: appliedOnce,
		},
		{
			name: "approval", setup: tofuRig, finished: "Apply complete!",
			begin:  func(r *rig, id int) { r.untilStatus(id, "waiting_confirmation") },
			within: 200 * time.Millisecond, goOn: confirm, check: appliedOnce,
		},
		{
			name: "confirm", setup: tofuRig, finished: "Apply complete!",
			begin:   func(r *rig, id int) { r.untilStatus(id, "waiting_confirmation") },
			within:  30 * time.Millisecond,
			provoke: func(r *rig, id int) { r.answered = r.confirm(id) },
			goOn: func(r *rig, id int) {
				if r.answered && r.p.Task(id).Status == "waiting_confirmation" {
					r.t.Errorf("task %d waits for an answer that the server has taken", id)
				}
				r.answered = false
				confirm(r, id)
			}, check: appliedOnce,
		},
		{
			name: "apply", setup: tofuRig, finished: "Apply complete!",
			begin: func(r *rig, id int) {
				r.untilStatus(id, "waiting_confirmation")
				r.confirm(id)
				r.until(id, "Creating...")
			},
			within: 900 * time.Millisecond, goOn: confirm, check: appliedOnce,
		},
	}
}

func gitRig(t *testing.T) (*rig, int) {
	files := map[string]string{"run.sh": "echo the script of the repository\n"}
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 60 {
		var b strings.Builder
		for range 1500 {
			fmt.Fprintf(&b, "%016x\n", random.Uint64())
		}
		files[fmt.Sprintf("dir%d/data%d.txt", i%20, i)] = b.String()
	}
	r := newRig(t, gitRepo(t, files), "main", nil)
	return r, r.template("bash", "run.sh", nil)
}

// ansiblePrograms are the programs of a run of Ansible.
func ansiblePrograms(t *testing.T) map[string]string {
	programs := map[string]string{}
	for _, name := range []string{"ansible-galaxy", "ansible-playbook"} {
		programs[name] = testkit.RequireTool(t, name)
	}
	return programs
}

// playbookRig runs a playbook that takes its time, and leaves a process in a
// session of its own.
func playbookRig(t *testing.T) (*rig, int) {
	url := gitRepo(t, map[string]string{
		"site.yml": "- hosts: all\n  gather_facts: false\n  tasks:\n    - {command: sleep 0.3}\n" +
			"    - {shell: '(setsid sleep 300 >/dev/null 2>&1 </dev/null &) ; sleep 0.3'}\n" +
			"    - {debug: {msg: 'the play has ended'}}\n",
	})
	r := newRig(t, url, "main", ansiblePrograms(t))
	return r, r.template("ansible", "site.yml", nil)
}

// galaxyRig runs a playbook that needs a role from a git repository and a
// collection from an archive. They are installed anew each time, because the
// archive lies in the repository.
func galaxyRig(t *testing.T) (*rig, int) {
	url := gitRepo(t, galaxyFiles(t))
	r := newRig(t, url, "main", ansiblePrograms(t))
	return r, r.template("ansible", "site.yml", nil)
}

func galaxyFiles(t *testing.T) map[string]string {
	role := gitRepo(t, map[string]string{
		"tasks/main.yml": "- debug: msg='role says hello'\n",
		"meta/main.yml":  "galaxy_info: {author: t, description: t, license: MIT, min_ansible_version: '2.9'}\ndependencies: []\n",
	})
	collection := t.TempDir()
	for name, text := range map[string]string{
		"galaxy.yml": "namespace: testers\nname: tools\nversion: 1.0.0\nreadme: README.md\nauthors: [t]\n",
		"README.md":  "t", "plugins/modules/hello.py": "#!/usr/bin/python\nfrom ansible.module_utils.basic import AnsibleModule\nAnsibleModule({}).exit_json(msg='hello')\n",
	} {
		path := filepath.Join(collection, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	runIn(t, collection, testkit.RequireTool(t, "ansible-galaxy"), "collection", "build")
	archive, err := os.ReadFile(filepath.Join(collection, "testers-tools-1.0.0.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{
		"site.yml": "- hosts: all\n  gather_facts: false\n  roles: [hello]\n  tasks:\n    - {testers.tools.hello: {}}\n" +
			"    - {debug: {msg: 'the play has ended'}}\n",
		"requirements.yml": "roles:\n  - {src: 'git+" + role + "', name: hello, version: main}\n" +
			"collections:\n  - {name: ./tools.tar.gz, type: file}\n",
		"tools.tar.gz": string(archive),
	}
}

// tofuRig runs a configuration whose resources are made anew by each run, one
// after the other, by programs that note it.
func tofuRig(t *testing.T) (*rig, int) {
	program := testkit.Tofu(t)
	text := `
variable "secret_variable" {
  sensitive = true
}
`
	for i := range 3 {
		after := ""
		if i > 0 {
			after = fmt.Sprintf("depends_on = [terraform_data.r%d]", i-1)
		}
		text += fmt.Sprintf(`
resource "terraform_data" "r%d" {
  triggers_replace = timestamp()
  provisioner "local-exec" {
    command = "echo made %d $PWD >> $RIG_NOTES; sleep 0.2; (setsid sleep 300 >/dev/null 2>&1 </dev/null &)"
  }
  %s
}
`, i, i, after)
	}
	url := gitRepo(t, map[string]string{"main.tf": text})
	r := newRig(t, url, "main", map[string]string{"tofu": program})
	r.s.Do("PUT", r.p.Path("/environment/%d", r.env), map[string]any{
		"id": r.env, "project_id": r.p.ID, "name": "secrets", "json": "{}",
		"env": fmt.Sprintf(`{"RIG_MARK": %q, "RIG_NOTES": %q}`, r.mark, filepath.Join(r.tmp, "made")),
	}, nil)
	return r, r.template("tofu", "", map[string]any{"inventory_id": nil})
}

// appliedOnce checks that each resource of a run was made once at most, and that
// all were, if the run came to a good end.
func appliedOnce(r *rig, what string, task harness.Task) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.tmp, "made"))
	if err != nil && !os.IsNotExist(err) {
		r.t.Fatal(err)
	}
	for i := range 3 {
		n := 0
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, fmt.Sprintf("made %d ", i)) && strings.Contains(line, fmt.Sprintf("/jobs/%d-", task.ID)) {
				n++
			}
		}
		if n > 1 || n == 0 && task.Status == "success" {
			r.t.Errorf("%s: resource %d was made %d times", what, i, n)
		}
	}
}
