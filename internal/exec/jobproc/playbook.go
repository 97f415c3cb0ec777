package jobproc

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"signalbox/internal/ansibleresult"
	"signalbox/internal/exec/apps"
	"signalbox/internal/exec/apps/ansible"
	"signalbox/internal/exec/workspace"
	"signalbox/internal/job"
)

// playbook prepares and runs a playbook, in three stages: what it needs, the
// play itself, and what it came to.
func (s *session) playbook(ctx context.Context, in *apps.Input) error {
	st, err := s.beginStage(job.StageInit)
	if err != nil {
		return err
	}
	if err := s.prepare(ctx, in); err != nil {
		_ = st.end(nil) // the cause is more important
		return err
	}
	cmd, err := ansible.Build(*in)
	if err != nil {
		_ = st.end(nil)
		return err
	}
	if err := s.writeFiles(cmd.Files); err != nil {
		_ = st.end(nil)
		return err
	}
	if err := st.end(nil); err != nil {
		return err
	}
	return s.play(ctx, in.Dir, cmd)
}

func (s *session) writeFiles(files []apps.File) error {
	for _, f := range files {
		path, err := s.work.WriteFile(f.Name, f.Data)
		if err != nil {
			return err
		}
		if f.Program {
			if err := os.Chmod(path, 0o700); err != nil {
				return workspace.Explain(err, "write a file of the task")
			}
		}
	}
	return nil
}

// play runs the command and records what its events come to, however it ends.
func (s *session) play(ctx context.Context, dir string, cmd apps.Command) error {
	st, err := s.beginStage(job.StageRunning)
	if err != nil {
		return err
	}
	count := &ansibleresult.Counter{}
	events := s.callback(dir, &cmd, count)
	seen := &recap{}
	runErr := s.exec(ctx, dir, cmd, io.MultiWriter(s.log, seen))
	events.close()
	seen.finish()
	err = st.end(nil)
	if err == nil {
		err = s.conclusion(seen, count, runErr != nil)
	}
	if runErr != nil {
		return runErr // more important than that its record failed
	}
	return err
}

// conclusion is the stage that says what the run came to.
func (s *session) conclusion(seen *recap, count *ansibleresult.Counter, failed bool) error {
	st, err := s.beginStage(job.StageResult)
	if err != nil {
		return err
	}
	if seen.complete && !count.Started() {
		s.log.Line("Ansible did not load Signalbox's callback plugin: the results are those of the recap above.")
	}
	return st.end(seen.merge(count, s.masker.Text, failed))
}

// callback makes the command tell its events, which count adds up. Where that is
// not possible the run goes on without; the recap at its end still tells the
// totals.
func (s *session) callback(dir string, cmd *apps.Command, count *ansibleresult.Counter) *eventReader {
	plugins, err := s.work.Subdir("callback")
	if err != nil || strings.Contains(plugins, ":") { // which parts the list of directories
		return nil
	}
	if os.WriteFile(filepath.Join(plugins, ansible.CallbackFile), ansible.Callback, 0o600) != nil {
		return nil
	}
	events, err := readEvents(filepath.Join(s.work.Private, "events"), eventSink{
		journal: s.journal, mask: s.mask(), count: count,
		failed: func(err error) { s.cancel(errJournal{err}) },
	})
	if err != nil {
		return nil
	}
	cmd.Env = append(cmd.Env,
		apps.Var{Name: ansible.PluginsVariable, Value: apps.Lookup(cmd.Env, "ANSIBLE_CALLBACK_PLUGINS")},
		apps.Var{Name: "ANSIBLE_CALLBACK_PLUGINS", Value: workspace.FindAnsibleConfig(dir, cmd.Env).CallbackPath(plugins)},
		apps.Var{Name: ansible.EventsVariable, Value: events.path})
	return events
}

// mask hides the secrets of a text; nil when there is none.
func (s *session) mask() func(string) string {
	if s.masker == nil {
		return nil
	}
	return s.masker.Text
}
