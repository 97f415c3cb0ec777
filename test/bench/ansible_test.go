//go:build bench

package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"signalbox/internal/ansibleresult"
	"signalbox/internal/exec/apps/ansible"
	"signalbox/test/harness"
)

// ansibleNote says what stands behind the figures.
const ansibleNote = `Ansible itself tells far fewer events a second than are measured here: in its place a script copies recorded
ones into the pipe of the callback plugin. From there on all is real: the job checks, masks, counts and packs
them, and the server stores them in SQLite.`

// playbooks is what tasks of Ansible cost beside Ansible.
func playbooks(t *testing.T, r *report, _ string) {
	pings(t, r)
	events(t, r)
}

// pings runs a playbook bare and as a task, in turns, so that both meet the same
// machine.
func pings(t *testing.T, r *report) {
	playbook, err := exec.LookPath("ansible-playbook")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	write(t, dir, "site.yml", "- hosts: all\n  gather_facts: false\n  tasks: [{ansible.builtin.ping: {}}]\n")
	write(t, dir, "hosts", "localhost ansible_connection=local\n") // the inventory of NewProject
	s := harness.New(t)
	p := s.NewProject("bench", dir, "")
	tpl := p.NewTemplate("ansible", "site.yml", nil)
	ended := watch(t, s)
	var tasks, bare []time.Duration
	for i := range 22 {
		begin := time.Now()
		cmd := exec.Command(playbook, "-i", "hosts", "site.yml")
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		alone := time.Since(begin)
		begin = time.Now()
		await(t, ended, p.Launch(tpl, nil))
		if i >= 2 {
			tasks, bare = append(tasks, time.Since(begin)), append(bare, alone)
		}
	}
	whole, floor := quantile(tasks, 0.5), quantile(bare, 0.5)
	r.add("POST → success of a playbook with one `ansible.builtin.ping` on localhost, p50 of 20", "≤ floor + 80 ms",
		fmt.Sprintf("%s (floor + %s)", ms(whole), ms(whole-floor)), "bare `ansible-playbook` "+ms(floor), ratio(whole, floor))
}

// events has a task report a million events as fast as they are taken.
func events(t *testing.T, r *report) {
	const hosts, tasks = 5000, 200
	dir := t.TempDir()
	write(t, dir, "site.yml", "- hosts: all\n")
	lines := record(t, dir, hosts, tasks)
	write(t, dir, "ansible-playbook", "#!/bin/sh\nexec cat '"+dir+"/events' > \"$"+ansible.EventsVariable+"\"\n")
	s := harness.New(t)
	s.Do("PUT", "/apps/ansible", map[string]any{"title": "Ansible Playbook", "path": filepath.Join(dir, "ansible-playbook"), "active": true}, nil)
	p := s.NewProject("bench", dir, "")
	tpl := p.NewTemplate("ansible", "site.yml", nil)
	ended := watch(t, s)
	best, floor := time.Hour, time.Hour
	for range 3 {
		begin := time.Now()
		id := p.Launch(tpl, nil)
		await(t, ended, id)
		best = min(best, time.Since(begin))
		_, rest, err := s.Try("GET", p.Path("/tasks/%d/results?after=%d", id, lines-1), nil)
		if err != nil || bytes.Count(rest, []byte("\n")) != 1 || !bytes.Contains(rest, []byte(`"k":"end"`)) {
			t.Fatalf("of %d events the last is %q, %v", lines, rest, err)
		}
		floor = min(floor, throughPipe(t, dir))
	}
	rate, most := float64(lines)/best.Seconds(), float64(lines)/floor.Seconds()
	r.add(fmt.Sprintf("a playbook of %d tasks on %d hosts: structured events parsed and stored, POST → success", tasks, hosts), "≥ 100000 events/s",
		fmt.Sprintf("%.0f events/s", rate), fmt.Sprintf("the same through a pipe to a file: %.0f/s", most), fmt.Sprintf("%.2f", rate/most))
}

// record writes the events of a playbook to a file and returns how many there
// are.
func record(t *testing.T, dir string, hosts, tasks int) (lines int) {
	t.Helper()
	var out []byte
	add := func(e ansibleresult.Event) {
		e.Time = 1795435200000 + int64(lines)/100
		out = append(e.Append(out), '\n')
		lines++
	}
	add(ansibleresult.Event{Kind: ansibleresult.KindStart, Name: "site.yml", Version: "2.19.4"})
	add(ansibleresult.Event{Kind: ansibleresult.KindPlay, Play: 1, Name: "Set up the web servers", Strategy: "linear"})
	for i := range tasks {
		add(ansibleresult.Event{Kind: ansibleresult.KindTask, Play: 1, Task: i + 1, Name: fmt.Sprintf("Install package %d", i), Action: "ansible.builtin.package", Path: fmt.Sprintf("roles/web/tasks/main.yml:%d", 4*i+1)})
		for h := range hosts {
			e := ansibleresult.Event{Kind: ansibleresult.KindResult, Play: 1, Task: i + 1, Host: fmt.Sprintf("web-%04d.example.org", h), Status: ansibleresult.OK, Duration: int64(h%700 + 40), Changed: (h+i)%9 == 0}
			if (h+i)%50 == 0 {
				e.Text = "The package is at its newest version already; nothing was to be done."
			}
			add(e)
		}
	}
	for h := range hosts {
		add(ansibleresult.Event{Kind: ansibleresult.KindStats, Host: fmt.Sprintf("web-%04d.example.org", h), Counts: &[7]int{tasks, tasks / 9}})
	}
	add(ansibleresult.Event{Kind: ansibleresult.KindEnd})
	if err := os.WriteFile(filepath.Join(dir, "events"), out, 0o600); err != nil {
		t.Fatal(err)
	}
	return lines
}

// throughPipe copies the events through a pipe to a file.
func throughPipe(t *testing.T, dir string) time.Duration {
	t.Helper()
	begin := time.Now()
	if out, err := exec.Command("sh", "-c", "cat '"+dir+"/events' | cat > '"+dir+"/copy'").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return time.Since(begin)
}
