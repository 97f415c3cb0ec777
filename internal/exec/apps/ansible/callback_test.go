package ansible

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"signalbox/internal/ansibleresult"
)

// newer drives the plugin with results as ansible-core has made them since 2.19:
// with public attributes only, texts of a class of their own, and an exception
// that is no text.
const newer = `
import os, sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
pipe = os.open(os.environ['SIGNALBOX_EVENTS'], os.O_RDONLY | os.O_NONBLOCK)
from signalbox_events import CallbackModule

class Tagged(str):
    pass

class Thing:
    def __init__(self, **fields):
        self.__dict__.update(fields)
    def get_name(self):
        return self.name
    def get_path(self):
        return os.getcwd() + '/roles/r/tasks/main.yml:3'
    def summarize(self, host):
        return self.numbers

plugin = CallbackModule()
assert 'SIGNALBOX_EVENTS' not in os.environ
play = Thing(_uuid='p', name='play', strategy='linear', check_mode=True)
block = Thing(_uuid='b', block=[], rescue=[1], _parent=None)
task = Thing(_uuid='t', name=Tagged('task'), action=Tagged('copy'), no_log=False, delegate_to=None, ignore_unreachable=False, _parent=block)
block.block.append(task)
plain = Thing(_uuid='u', name='plain', action='x', no_log=None, delegate_to=Tagged('other'), ignore_unreachable=True, _parent=None)
secret = Thing(_uuid='s', name='secret', action='x', no_log=True, delegate_to=None, ignore_unreachable=False, _parent=None)
host = Thing(name=Tagged('web'))

def result(task, **fields):
    return Thing(task=task, host=host, result=fields)

plugin.v2_playbook_on_start(Thing(_file_name='/x/site.yml'))
plugin.v2_playbook_on_play_start(play)
plugin.v2_playbook_on_task_start(task, is_conditional=False)
plugin.v2_runner_on_start(host, task)
plugin.v2_on_file_diff(result(task, changed=True, diff=[{'before': {'a': 1}, 'after': {'a': 2}}, {'prepared': 'ready\n'}, None]))
plugin.v2_runner_on_failed(result(task, exception=Thing(), msg={'what': Tagged('bad')}, rc='1'), ignore_errors=False)
plugin.v2_runner_on_failed(result(task, msg=None, exception='Traceback\n  x\nError: last'), ignore_errors=None)
plugin.v2_runner_on_unreachable(result(plain, msg=b'gone\xff', attempts=2))
plugin.v2_runner_on_skipped(result(plain, false_condition=Tagged('x == 1')))
plugin.v2_runner_on_ok(result(secret, msg='in the dark', changed='yes'))
plugin.v2_runner_on_ok(Thing())                # not a result at all
plugin.v2_playbook_on_task_start(None, False)  # nor a task
numbers = {'ok': 1, 'changed': 0, 'unreachable': 0, 'failures': 2, 'skipped': 0}
plugin.v2_playbook_on_stats(Thing(processed={Tagged('web'): 1}, numbers=numbers))
sys.stdout.write(os.read(pipe, 1 << 20).decode())
`

func TestCallback_WithNewerAnsible(t *testing.T) {
	t.Parallel()
	python, err := exec.LookPath("python3")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("python3 is not installed")
		}
		t.Skip("SKIPPED: python3 is not installed")
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("lib/ansible/__init__.py", "")
	write("lib/ansible/plugins/__init__.py", "")
	write("lib/ansible/plugins/callback/__init__.py", "class CallbackBase:\n    disabled = False\n    def __init__(self, *args, **kwargs):\n        pass\n")
	write("plugin/"+CallbackFile, string(Callback))
	write("drive.py", newer)
	write("wrap.sh", "mkfifo events && exec \"$@\"\n")
	cmd := exec.Command("sh", "wrap.sh", python, "drive.py", filepath.Join(dir, "lib"), filepath.Join(dir, "plugin"))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), EventsVariable+"="+filepath.Join(dir, "events"), "PYTHONDONTWRITEBYTECODE=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	var got []string
	for line := range strings.Lines(string(out)) {
		e, err := ansibleresult.Parse([]byte(strings.TrimSuffix(line, "\n")))
		if err != nil {
			t.Fatal(err)
		}
		e.Time, e.Duration = 0, 0
		got = append(got, string(e.Append(nil)))
	}
	want := []string{
		`{"k":"start","t":0,"n":"site.yml"}`,
		`{"k":"play","t":0,"p":1,"n":"play","y":"linear","x":true}`,
		`{"k":"task","t":0,"p":1,"i":1,"n":"task","a":"copy","f":"roles/r/tasks/main.yml:3"}`,
		`{"k":"diff","t":0,"p":1,"i":1,"h":"web","m":"--- before\n+++ after\n@@ -1,3 +1,3 @@\n {\n-    \"a\": 1\n+    \"a\": 2\n }\nready\n"}`,
		`{"k":"result","t":0,"p":1,"i":1,"h":"web","s":"failed","e":true,"m":"{\"what\": \"bad\"}"}`,
		`{"k":"task","t":0,"p":1,"i":2,"n":"task","a":"copy","f":"roles/r/tasks/main.yml:3"}`,
		`{"k":"result","t":0,"p":1,"i":2,"h":"web","s":"failed","e":true,"m":"Error: last"}`,
		`{"k":"task","t":0,"p":1,"i":3,"n":"plain","a":"x","f":"roles/r/tasks/main.yml:3"}`,
		`{"k":"result","t":0,"p":1,"i":3,"h":"web","s":"unreachable","g":true,"w":2,"o":"other","m":"gone�"}`,
		`{"k":"task","t":0,"p":1,"i":4,"n":"plain","a":"x","f":"roles/r/tasks/main.yml:3"}`,
		`{"k":"result","t":0,"p":1,"i":4,"h":"web","s":"skipped","o":"other","m":"when: x == 1"}`,
		`{"k":"task","t":0,"p":1,"i":5,"n":"secret","a":"x","f":"roles/r/tasks/main.yml:3"}`,
		`{"k":"result","t":0,"p":1,"i":5,"h":"web","s":"ok","c":true}`,
		`{"k":"stats","t":0,"h":"web","b":[1,0,0,2,0,0,0]}`,
		`{"k":"end","t":0,"q":2}`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
