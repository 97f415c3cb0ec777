// Package harness runs the real program for tests and benchmarks: it builds the
// binary once, starts servers on free loopback ports with data directories of
// their own, kills and restarts them, and talks to their API.
package harness

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"signalbox/internal/testkit"
	"signalbox/internal/testkit/dbserver"
)

// Admin is the administrator every harness server has.
const (
	AdminLogin    = "admin"
	AdminPassword = "correct-horse-battery"
)

var build = sync.OnceValues(func() (string, error) {
	if bin := os.Getenv("SIGNALBOX_TEST_BIN"); bin != "" {
		return bin, nil
	}
	dir, err := os.MkdirTemp("", "signalbox-bin")
	if err != nil {
		return "", err
	}
	bin := filepath.Join(dir, "signalbox")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", bin, "signalbox/cmd/signalbox")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build signalbox: %w\n%s", err, out)
	}
	return bin, nil
})

// Binary returns the path of the program under test: that of
// SIGNALBOX_TEST_BIN, or one built from this tree.
func Binary(tb testing.TB) string {
	tb.Helper()
	bin, err := build()
	if err != nil {
		tb.Fatal(err)
	}
	return bin
}

// Server is a running program with a data directory.
type Server struct {
	tb      testing.TB
	Bin     string
	DataDir string
	URL     string // without a trailing slash
	Token   string // an API token of the administrator
	Env     []string
	// Database is the database server behind it, nil with SQLite.
	Database *dbserver.Server
	cmd      *exec.Cmd
	done     chan struct{}
	log      bytes.Buffer
}

// New makes a data directory with an administrator and an API token, and starts
// a server on it. It is stopped when the test ends. env adds to the
// environment. The database is SQLite, or what SIGNALBOX_TEST_DIALECT says.
func New(tb testing.TB, env ...string) *Server {
	tb.Helper()
	return NewOn(tb, os.Getenv("SIGNALBOX_TEST_DIALECT"), env...)
}

// NewOn is New with a database of the dialect, on a server of its own.
func NewOn(tb testing.TB, dialect string, env ...string) *Server {
	tb.Helper()
	return launch(tb, Binary(tb), dialect, env)
}

// NewFrom is New with another program than that under test.
func NewFrom(tb testing.TB, bin string, env ...string) *Server {
	tb.Helper()
	return launch(tb, bin, os.Getenv("SIGNALBOX_TEST_DIALECT"), env)
}

func launch(tb testing.TB, bin, dialect string, env []string) *Server {
	tb.Helper()
	var db *dbserver.Server
	switch dialect {
	case "", "sqlite":
	case "postgres":
		db = dbserver.Postgres(tb)
	case "mysql":
		db = dbserver.MySQL(tb)
	default:
		tb.Fatalf("there is no dialect %q", dialect)
	}
	if db != nil {
		env = append([]string{
			"SIGNALBOX_DB_DIALECT=" + db.Dialect, "SIGNALBOX_DB_HOST=" + db.Socket, "SIGNALBOX_DB_USER=" + db.User,
			"SIGNALBOX_DB_NAME=" + db.NewName(),
		}, env...)
		if db.Dialect == "postgres" {
			env = append(env, fmt.Sprintf(`SIGNALBOX_DB_OPTIONS={"port": %d}`, db.Port))
		}
	}
	port := FreePort(tb)
	s := &Server{tb: tb, Bin: bin, DataDir: tb.TempDir(), URL: "http://127.0.0.1:" + port, Database: db}
	s.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.DataDir, "LANG=C.UTF-8",
		"SIGNALBOX_DATA_DIR=" + s.DataDir, "SIGNALBOX_INTERFACE=127.0.0.1", "SIGNALBOX_PORT=" + port,
	}, env...)
	s.CLI("user", "add", "--admin", "--login", AdminLogin, "--name", "Admin", "--email", "admin@example.org", "--password", AdminPassword)
	s.Start()
	tb.Cleanup(s.cleanup)
	s.signIn()
	return s
}

// FreePort returns a loopback port that nothing listens on.
func FreePort(tb testing.TB) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err = errors.Join(err, l.Close()); err != nil {
		tb.Fatal(err)
	}
	return port
}

// CLI runs a command of the program on the data directory and returns its
// standard output.
func (s *Server) CLI(args ...string) string {
	s.tb.Helper()
	cmd := exec.Command(s.Bin, args...)
	cmd.Env = s.Env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		s.tb.Fatalf("signalbox %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String()
}

// Start starts the program and waits until it answers.
func (s *Server) Start() {
	s.tb.Helper()
	s.cmd = exec.Command(s.Bin, "serve")
	s.cmd.Env = s.Env
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		s.tb.Fatal(err)
	}
	s.done = make(chan struct{})
	go func(cmd *exec.Cmd, done chan struct{}) {
		_ = cmd.Wait() // killed servers do not end well
		close(done)
	}(s.cmd, s.done)
	deadline := time.Now().Add(20 * time.Second)
	for {
		if resp, err := http.Get(s.URL + "/api/ping"); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-s.done:
			s.tb.Fatalf("the server ended:\n%s", s.log.String())
		case <-time.After(2 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			s.tb.Fatal("the server does not answer")
		}
	}
}

// PID is the server's process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Kill ends the server at once, as a crash would, and waits for it.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill() // it may have ended already
	<-s.done
}

// Terminate asks the server to end and waits for it.
func (s *Server) Terminate() {
	s.tb.Helper()
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		s.tb.Fatal("the server did not end within 30 s of SIGTERM")
	}
}

// Log is what the server printed. Call it only when the server has ended.
func (s *Server) Log() string { return s.log.String() }

func (s *Server) cleanup() {
	s.Kill()
	if s.tb.Failed() {
		s.tb.Logf("server log:\n%s", tail(s.log.String(), 8000))
	}
	KillJobs(s.DataDir)
}

// KillJobs ends the jobs of a data directory: they outlive their server, and none
// may outlive the test. Nor may their control groups.
func KillJobs(dataDir string) {
	jobs, _ := filepath.Glob(filepath.Join(dataDir, "jobs", "*")) // a bad pattern is impossible
	for _, dir := range jobs {
		killByArgument(dir)
		testkit.KillGroups(dir)
	}
}

// killByArgument ends the processes that were started with an argument.
func killByArgument(arg string) {
	procs, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range procs {
		text, err := os.ReadFile(p)
		if err != nil || !bytes.Contains(text, []byte(arg)) {
			continue
		}
		if pid, err := strconv.Atoi(strings.Split(p, "/")[2]); err == nil && pid != os.Getpid() {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may be gone
		}
	}
}

func tail(text string, n int) string { return text[max(0, len(text)-n):] }

func (s *Server) signIn() {
	s.tb.Helper()
	body := fmt.Sprintf(`{"auth":%q,"password":%q}`, AdminLogin, AdminPassword)
	resp, err := http.Post(s.URL+"/api/auth/login", "application/json", strings.NewReader(body))
	if err != nil {
		s.tb.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		s.tb.Fatalf("sign-in gave %d", resp.StatusCode)
	}
	req, err := http.NewRequest(http.MethodPost, s.URL+"/api/user/tokens", nil)
	if err != nil {
		s.tb.Fatal(err)
	}
	for _, c := range resp.Cookies() {
		req.AddCookie(c)
	}
	resp, err = http.DefaultClient.Do(req)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer resp.Body.Close()
	var token struct{ ID string }
	if err := json.NewDecoder(resp.Body).Decode(&token); err != nil || token.ID == "" {
		s.tb.Fatalf("creating a token gave %d, %v", resp.StatusCode, err)
	}
	s.Token = token.ID
}

// Try sends a request with the administrator's token and returns status and
// body. A body that is not nil is sent as JSON.
func (s *Server) Try(method, path string, body any) (int, []byte, error) {
	var r io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		r = bytes.NewReader(text)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.URL+"/api"+path, r)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return resp.StatusCode, text, err
}

// Do sends a request that must succeed and decodes the answer into out, if it
// is not nil.
func (s *Server) Do(method, path string, body, out any) {
	s.tb.Helper()
	status, text, err := s.Try(method, path, body)
	if err != nil {
		s.tb.Fatalf("%s %s: %v", method, path, err)
	}
	if status >= 300 {
		s.tb.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			s.tb.Fatalf("%s %s: %v in %s", method, path, err, text)
		}
	}
}

// Project is a project with all that a template needs.
type Project struct {
	s           *Server
	ID          int
	KeyID       int
	Repository  int
	InventoryID int
}

// ID is an object that was created.
type ID struct {
	ID int `json:"id"`
}

// NewProject creates a project whose repository is at url; branch may be "" for
// a directory.
func (s *Server) NewProject(name, url, branch string) *Project {
	s.tb.Helper()
	p := &Project{s: s}
	var made ID
	s.Do("POST", "/projects", map[string]any{"name": name}, &made)
	p.ID = made.ID
	s.Do("POST", p.path("/keys"), map[string]any{"name": "none", "type": "none", "project_id": p.ID}, &made)
	p.KeyID = made.ID
	s.Do("POST", p.path("/repositories"), map[string]any{
		"name": "repo", "project_id": p.ID, "git_url": url, "git_branch": branch, "ssh_key_id": p.KeyID,
	}, &made)
	p.Repository = made.ID
	s.Do("POST", p.path("/inventory"), map[string]any{
		"name": "local", "project_id": p.ID, "type": "static", "inventory": "localhost ansible_connection=local\n",
		"ssh_key_id": p.KeyID,
	}, &made)
	p.InventoryID = made.ID
	return p
}

func (p *Project) path(rest string) string { return fmt.Sprintf("/project/%d%s", p.ID, rest) }

// Path is the API path of something in the project.
func (p *Project) Path(format string, args ...any) string {
	return p.path(fmt.Sprintf(format, args...))
}

// NewTemplate creates a template; fields add to or replace the usual ones.
func (p *Project) NewTemplate(app, playbook string, fields map[string]any) int {
	p.s.tb.Helper()
	body := map[string]any{
		"project_id": p.ID, "name": app + " " + playbook, "app": app, "playbook": playbook,
		"repository_id": p.Repository, "inventory_id": p.InventoryID, "allow_parallel_tasks": true,
	}
	for k, v := range fields {
		body[k] = v
	}
	var made ID
	p.s.Do("POST", p.path("/templates"), body, &made)
	return made.ID
}

// Launch starts a task and returns its number.
func (p *Project) Launch(template int, fields map[string]any) int {
	p.s.tb.Helper()
	body := map[string]any{"template_id": template}
	for k, v := range fields {
		body[k] = v
	}
	var made ID
	p.s.Do("POST", p.path("/tasks"), body, &made)
	return made.ID
}

// Task is what tests look at of a task.
type Task struct {
	ID           int        `json:"id"`
	Status       string     `json:"status"`
	StatusReason string     `json:"status_reason"`
	Created      time.Time  `json:"created"`
	Start        *time.Time `json:"start"`
	End          *time.Time `json:"end"`
	LogLines     int64      `json:"log_lines"`
	LogComplete  bool       `json:"log_complete"`
	CommitHash   string     `json:"commit_hash"`
}

// Ended reports whether the task has come to its end.
func (t Task) Ended() bool {
	return t.Status == "success" || t.Status == "error" || t.Status == "stopped"
}

// Task reads a task.
func (p *Project) Task(id int) Task {
	p.s.tb.Helper()
	var t Task
	p.s.Do("GET", p.Path("/tasks/%d", id), nil, &t)
	return t
}

// Wait waits until a task has ended.
func (p *Project) Wait(id int, limit time.Duration) Task {
	p.s.tb.Helper()
	deadline := time.Now().Add(limit)
	for {
		t := p.Task(id)
		if t.Ended() {
			return t
		}
		if time.Now().After(deadline) {
			p.s.tb.Fatalf("task %d is %s after %s\n%s", id, t.Status, limit, tail(string(p.Output(id)), 2000))
		}
		time.Sleep(5 * time.Millisecond) // a test may look; the product does not
	}
}

// Output reads a task's output as text.
func (p *Project) Output(id int) []byte {
	p.s.tb.Helper()
	status, text, err := p.s.Try("GET", p.Path("/tasks/%d/raw_output?ansi=true", id), nil)
	if err != nil || status != http.StatusOK {
		p.s.tb.Fatalf("output of task %d: %d %v %s", id, status, err, text)
	}
	return text
}

// RSS is the resident memory of a process in bytes.
func RSS(pid int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("no VmRSS")
}
