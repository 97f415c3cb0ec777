package jobproc_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signalbox/internal/exec/jobproc"
	"signalbox/internal/job"
	"signalbox/internal/logchunk"
	"signalbox/internal/testkit"
)

// TestMain lets the test binary be the job process.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "job" {
		os.Exit(jobproc.Main(os.Args[2:], os.Environ()))
	}
	if len(os.Args) > 2 && os.Args[1] == "owner" {
		own(os.Args[2])
	}
	os.Exit(m.Run())
}

// own starts the job whose specification comes in, says so, and waits to be
// killed.
func own(dir string) {
	var spec job.Spec
	if err := json.NewDecoder(os.Stdin).Decode(&spec); err != nil {
		panic(err)
	}
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	if _, err := job.Start(context.Background(), job.StartOptions{Executable: exe, Dir: dir, Spec: spec}); err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString("x")
	select {}
}

// silentServer takes connections and never answers.
func silentServer(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l.Addr().String()
}

// outcome is everything a journal tells.
type outcome struct {
	begin  *job.Begin
	commit *job.Commit
	child  *job.Child
	end    *job.End
	lines  []logchunk.Line
	output string
}

// readJournal reads what is there.
func readJournal(t testing.TB, dir string) outcome {
	t.Helper()
	r, err := job.OpenJournal(dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var out outcome
	var text bytes.Buffer
	for {
		rec, _, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case rec.Begin != nil:
			out.begin = rec.Begin
		case rec.Commit != nil:
			out.commit = rec.Commit
		case rec.Child != nil:
			out.child = rec.Child
		case rec.End != nil:
			out.end = rec.End
		case rec.Chunk != nil:
			lines, err := logchunk.Decode(*rec.Chunk)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range lines {
				if want := int64(len(out.lines) + 1); l.Seq != want {
					t.Fatalf("line %d has number %d", want, l.Seq)
				}
				out.lines = append(out.lines, l)
				text.Write(l.Text)
				if !l.Partial {
					text.WriteByte('\n')
				}
			}
		}
	}
	out.output = text.String()
	if out.end != nil {
		sum := sha256.Sum256(text.Bytes())
		if got := hex.EncodeToString(sum[:]); got != out.end.Digest {
			t.Errorf("digest of the lines is %s, End says %s", got, out.end.Digest)
		}
		if int64(len(out.lines)) != out.end.Lines || int64(text.Len()) != out.end.Bytes {
			t.Errorf("journal has %d lines, %d bytes; End says %d, %d", len(out.lines), text.Len(), out.end.Lines, out.end.Bytes)
		}
	}
	return out
}

func executable(t testing.TB) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// bashSpec runs a script in a directory of its own.
func bashSpec(t testing.TB, text string) job.Spec {
	t.Helper()
	repo := t.TempDir()
	write(t, filepath.Join(repo, "script.sh"), text)
	return job.Spec{
		Version: job.Version, TaskID: 7, ProjectID: 1, TemplateID: 2,
		App:        job.App{ID: "bash", Kind: "script", Program: "bash"},
		Playbook:   "script.sh",
		Repository: job.Repository{ID: 3, Name: "local", URL: repo, Kind: "local"},
		Limits:     job.Limits{StopGrace: 5 * time.Second},
		Host:       job.Host{DataDir: t.TempDir()},
	}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func start(t testing.TB, spec job.Spec) (string, *job.Process) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "job")
	p, err := job.Start(t.Context(), job.StartOptions{Executable: executable(t), Dir: dir, Spec: spec})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if proc, err := os.FindProcess(p.PID); err == nil {
			select {
			case <-p.Done():
			default:
				_ = proc.Kill()
			}
		}
		p.Wait()
		_ = p.Conn.Close()
		testkit.KillGroups(dir)
	})
	return dir, p
}

func wait(t testing.TB, p *job.Process) {
	t.Helper()
	select {
	case <-p.Done():
	case <-time.After(60 * time.Second):
		t.Fatal("the job does not end")
	}
}

// runJob runs a specification to its end.
func runJob(t testing.TB, spec job.Spec) outcome {
	t.Helper()
	dir, p := start(t, spec)
	wait(t, p)
	out := readJournal(t, dir)
	if out.end == nil {
		text, _ := os.ReadFile(filepath.Join(dir, job.ErrFile))
		t.Fatalf("no end; the job said: %s", text)
	}
	if _, err := os.Stat(filepath.Join(dir, job.WorkDir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the work directory is still there: %v", err)
	}
	return out
}

func TestScript_OutputAndStatus(t *testing.T) {
	t.Parallel()
	spec := bashSpec(t, "echo \"args: $*\"; echo \"id $SEMAPHORE_TASK_DETAILS_ID $secret\"; pwd; printf 'no newline'")
	spec.TemplateArgs = []string{"one"}
	spec.TaskArgs = []string{"last one"}
	spec.ExtraVars = map[string]json.RawMessage{"n": json.RawMessage("5"), "b": json.RawMessage(`[1, "x"]`), "s": json.RawMessage(`"a b"`)}
	spec.SecretVars = map[string]json.RawMessage{"secret": json.RawMessage(`"hunter2secret"`)}
	spec.Details.ID = 7
	got := runJob(t, spec)
	want := "args: one b=[1,\"x\"] n=5 s=a b last one\nid 7 ***\n" + spec.Repository.URL + "\nno newline"
	if got.output != want {
		t.Errorf("output %q, want %q", got.output, want)
	}
	if got.end.Status != "success" || got.end.ExitCode != 0 {
		t.Errorf("end: %+v", got.end)
	}
	if got.begin == nil || got.begin.TaskID != 7 || got.child == nil || got.child.StartTime == 0 {
		t.Errorf("begin %+v child %+v", got.begin, got.child)
	}
}

func TestScript_Failures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*job.Spec)
		script string
		want   string
	}{
		"exit code": {script: "exit 3", want: "The script ended with exit code 3."},
		"no program": {change: func(s *job.Spec) { s.App.Program = "no-such-shell" },
			want: "The program 'no-such-shell' was not found on this machine. Install it, or set its path in Apps."},
		"unknown app": {change: func(s *job.Spec) { s.App.Kind = "what" }, want: "cannot be run by this version"},
		"duration":    {change: func(s *job.Spec) { s.Limits.MaxDuration = 200 * time.Millisecond }, script: "sleep 60", want: "ran longer than its limit of 200ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := bashSpec(t, c.script)
			if c.change != nil {
				c.change(&spec)
			}
			got := runJob(t, spec)
			if got.end.Status != "error" || !strings.Contains(got.end.Reason, c.want) {
				t.Errorf("end %+v, want error with %q", got.end, c.want)
			}
		})
	}
}

// TestScript_Signals: programs find signals as a shell would give them.
func TestScript_Signals(t *testing.T) {
	t.Parallel()
	got := runJob(t, bashSpec(t, "yes | head -1; echo ${PIPESTATUS[0]}; trap 'echo hup' HUP; kill -HUP $$"))
	if want := "y\n141\nhup\n"; got.output != want {
		t.Errorf("output %q, want %q", got.output, want)
	}
}

// TestScript_Environment: it is made of nothing.
func TestScript_Environment(t *testing.T) {
	t.Setenv("SERVER_SECRET", "do not pass on")
	t.Setenv("PASSED_ON", "yes")
	spec := bashSpec(t, "env | cut -d= -f1 | sort | tr '\\n' ' '; echo; echo $PASSED_ON $FIXED $GROUP $SEMAPHORE_TASK_TYPE $SIGNALBOX_TASK_TARGET_VERSION $SEMAPHORE_TASK_DETAILS_TYPE \"$SEMAPHORE_TASK_DETAILS_MESSAGE\"")
	spec.Host.ForwardEnv = []string{"PASSED_ON", "NOT_SET"}
	spec.Host.EnvVars = map[string]string{"FIXED": "fixed", "GROUP": "host"}
	spec.Env = map[string]string{"GROUP": "plain"}
	spec.SecretEnv = map[string]string{"GROUP": "grp"}
	spec.Details = job.Details{ID: 1, Type: "build", TargetVersion: "1.2", Message: "it's \"mine\""}
	got := runJob(t, spec)
	want := "FIXED GIT_PAGER GROUP HOME LANG PAGER PASSED_ON PATH PWD SEMAPHORE_TASK_DETAILS_ID SEMAPHORE_TASK_DETAILS_MESSAGE SEMAPHORE_TASK_DETAILS_TARGET_VERSION SEMAPHORE_TASK_DETAILS_TYPE SEMAPHORE_TASK_TARGET_VERSION SEMAPHORE_TASK_TYPE SHLVL " +
		"SIGNALBOX_TASK_DETAILS_ID SIGNALBOX_TASK_DETAILS_MESSAGE SIGNALBOX_TASK_DETAILS_TARGET_VERSION SIGNALBOX_TASK_DETAILS_TYPE SIGNALBOX_TASK_TARGET_VERSION SIGNALBOX_TASK_TYPE SIGNALBOX_WORK SYSTEMD_PAGER TERM _ \n" +
		"yes fixed grp build 1.2 build it's \"mine\"\n"
	if got.output != want {
		t.Errorf("output\n%s\nwant\n%s", got.output, want)
	}
}

// TestScript_NoNewline: a program without newlines costs no memory.
func TestScript_NoNewline(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	got := runJob(t, bashSpec(t, "head -c 67108864 /dev/zero"))
	if got.end.Status != "success" || got.end.Bytes != size || got.end.Lines != size/logchunk.MaxLine {
		t.Errorf("end %+v", got.end)
	}
}
