//go:build bench

package bench

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/creack/pty"

	"signalbox/test/harness"
)

// part is what is measured and written together; SIGNALBOX_BENCH_ONLY names
// those to run, separated by commas. The file keeps what it says of the others.
type part struct {
	name    string
	columns []string
	note    string
	run     func(*testing.T, *report, string)
}

func parts() []part {
	program := []string{"what", "target", "measured", "floor", "measured ÷ floor"}
	return []part{
		{"latency", program, "", latency},
		{"throughput", program, "", throughput},
		{"million", program, "", million},
		{"exec", program, "", masking},
		{"ansible", program, ansibleNote, playbooks},
		{"lists", program, "", lists},
		{"creation", program, "", creation},
		{"api", program, apiNote, api},
		{"startup", program, "", startup},
		{"javascript", program, "", javascript},
		{"storage", []string{"what", "engine", "target", "p50", "p99", "floor p50", "floor p99", "p50 ÷ floor"}, storageNote, storage},
	}
}

// report is the rows of a table.
type report struct{ rows [][]string }

func (r *report) add(cells ...string) { r.rows = append(r.rows, cells) }

func TestBenchmarks(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "true.sh", "true\n")
	write(t, dir, "hold.sh", "sleep 600\n")
	write(t, dir, "million.py", "import sys\nline = 'x' * 66\nfor i in range(1000000):\n    sys.stdout.write('%012d %s\\n' % (i, line))\n")
	out := os.Getenv("SIGNALBOX_BENCH_OUT")
	sections := map[string]string{}
	if out != "" {
		sections = oldSections(t, out)
	}
	var only []string
	if text := os.Getenv("SIGNALBOX_BENCH_ONLY"); text != "" {
		only = strings.Split(text, ",")
	}
	for _, name := range only {
		if !slices.ContainsFunc(parts(), func(p part) bool { return p.name == name }) {
			t.Fatalf("SIGNALBOX_BENCH_ONLY names %q, which is not a part", name)
		}
	}
	for _, p := range parts() {
		if only != nil && !slices.Contains(only, p.name) {
			continue
		}
		var r report
		p.run(t, &r, dir)
		if t.Failed() {
			t.FailNow() // half a table is worse than the old one
		}
		sections[p.name] = p.markdown(r)
		t.Log("\n" + sections[p.name])
	}
	if out != "" {
		if err := os.WriteFile(out, []byte(markdown(sections)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// oldSections takes a report apart.
func oldSections(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	sections := map[string]string{}
	_, rest, _ := strings.Cut(string(text), "\n## ")
	for section := range strings.SplitSeq(rest, "\n## ") {
		name, body, _ := strings.Cut(section, "\n\n")
		sections[name] = strings.TrimSpace(body) + "\n"
	}
	return sections
}

func markdown(sections map[string]string) string {
	var b strings.Builder
	b.WriteString("# Benchmarks\n\nWritten by `make bench`. Targets are those of the project's issues; each figure stands beside\n" +
		"a floor measured in the same run on the same machine. `SIGNALBOX_BENCH_ONLY=storage,lists make bench` measures\n" +
		"only the parts named, and leaves the others as they are here.\n")
	for _, p := range parts() {
		if text := sections[p.name]; text != "" {
			b.WriteString("\n## " + p.name + "\n\n" + text)
		}
	}
	return b.String()
}

func (p part) markdown(r report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Machine: %s, %d CPUs, %s, %s.\n", cpuModel(), runtime.NumCPU(), memTotal(), runtime.Version())
	if p.note != "" {
		b.WriteString("\n" + p.note + "\n")
	}
	b.WriteString("\n| " + strings.Join(p.columns, " | ") + " |\n|" + strings.Repeat("---|", len(p.columns)) + "\n")
	for _, cells := range r.rows {
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	return b.String()
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err == nil {
		for line := range strings.Lines(string(text)) {
			if _, model, ok := strings.Cut(line, "model name\t: "); ok {
				return strings.TrimSpace(model)
			}
		}
	}
	return runtime.GOARCH
}

func memTotal() string {
	text, err := os.ReadFile("/proc/meminfo")
	if err == nil {
		if f := strings.Fields(string(text)); len(f) > 1 {
			if kb, err := strconv.Atoi(f[1]); err == nil {
				return fmt.Sprintf("%d GiB", kb>>20)
			}
		}
	}
	return "unknown memory"
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000) }

func quantile(list []time.Duration, q float64) time.Duration {
	slices.Sort(list)
	return list[min(len(list)-1, int(q*float64(len(list))))]
}

func ratio(a, b time.Duration) string { return fmt.Sprintf("%.2f", float64(a)/float64(b)) }

// watch returns a channel with the tasks that end with success, seen through
// the WebSocket.
func watch(t *testing.T, s *harness.Server) <-chan int {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	c, _, err := websocket.Dial(ctx, strings.Replace(s.URL, "http", "ws", 1)+"/api/ws?logs=subscribed",
		&websocket.DialOptions{HTTPHeader: http.Header{"Authorization": {"Bearer " + s.Token}}})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan int, 10000)
	go func() {
		for {
			_, text, err := c.Read(ctx)
			if err != nil {
				return
			}
			var f struct {
				Type, Status string
				TaskID       int `json:"task_id"`
			}
			if json.Unmarshal(text, &f) == nil && f.Type == "update" && f.Status == "success" {
				ended <- f.TaskID
			}
		}
	}()
	return ended
}

func await(t *testing.T, ended <-chan int, id int) {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		select {
		case got := <-ended:
			if got == id {
				return
			}
		case <-limit:
			t.Fatalf("task %d did not succeed", id)
		}
	}
}

func latency(t *testing.T, r *report, dir string) {
	git := filepath.Join(t.TempDir(), "git")
	for _, c := range [][]string{{"init", "-q", "-b", "main", git}, {"-C", git, "add", "."}, {"-C", git, "-c", "user.name=b", "-c", "user.email=b@example.org", "commit", "-qm", "x"}} {
		if c[0] == "-C" && c[2] == "add" {
			write(t, git, "true.sh", "true\n")
		}
		if out, err := exec.Command("git", c...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v %s", c, err, out)
		}
	}
	for _, kind := range []struct{ name, url, branch string }{{"directory", dir, ""}, {"git over file://", "file://" + git, "main"}} {
		s := harness.New(t)
		p := s.NewProject("bench", kind.url, kind.branch)
		tpl := p.NewTemplate("bash", "true.sh", nil)
		ended := watch(t, s)
		var all []time.Duration
		for i := range 120 {
			begin := time.Now()
			id := p.Launch(tpl, nil)
			await(t, ended, id)
			if i >= 20 {
				all = append(all, time.Since(begin))
			}
		}
		var floor []time.Duration
		for range 50 {
			begin := time.Now()
			if kind.branch != "" {
				if err := exec.Command("git", "ls-remote", "-q", kind.url, "refs/heads/main").Run(); err != nil {
					t.Fatal(err)
				}
			}
			if err := exec.Command("bash", filepath.Join(dir, "true.sh")).Run(); err != nil {
				t.Fatal(err)
			}
			floor = append(floor, time.Since(begin))
		}
		floorText := "bare `bash true.sh`"
		if kind.branch != "" {
			floorText = "bare `git ls-remote` + `bash true.sh`"
		}
		p50, p99, f := quantile(all, 0.5), quantile(all, 0.99), quantile(floor, 0.5)
		r.add("POST → success of `true` in a bash template, repository: "+kind.name+", p50", "≤ 40 ms", ms(p50), floorText+" "+ms(f), ratio(p50, f))
		r.add("… p99", "≤ 200 ms", ms(p99), "", "")
	}
}

func throughput(t *testing.T, r *report, dir string) {
	s := harness.New(t, "SIGNALBOX_MAX_PARALLEL_TASKS=10")
	p := s.NewProject("bench", dir, "")
	tpl := p.NewTemplate("bash", "true.sh", nil)
	ended := watch(t, s)
	await(t, ended, p.Launch(tpl, nil))
	begin := time.Now()
	for range 200 {
		p.Launch(tpl, nil)
	}
	for range 200 {
		select {
		case <-ended:
		case <-time.After(time.Minute):
			t.Fatal("the queue stands still")
		}
	}
	rate := 200 / time.Since(begin).Seconds()
	begin = time.Now()
	var wg sync.WaitGroup
	room := make(chan struct{}, 10)
	for range 200 {
		room <- struct{}{}
		wg.Go(func() {
			_ = exec.Command("bash", filepath.Join(dir, "true.sh")).Run() // only its time counts
			<-room
		})
	}
	wg.Wait()
	floor := 200 / time.Since(begin).Seconds()
	r.add("200 trivial tasks queued at once, limit 10", "≥ 60 tasks/s", fmt.Sprintf("%.0f tasks/s", rate), fmt.Sprintf("bare `bash`, 10 at once: %.0f/s", floor), fmt.Sprintf("%.2f", rate/floor))
}

func ptyFloor(t *testing.T, args ...string) time.Duration {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	begin := time.Now()
	cmd := exec.Command(args[0], args[1:]...)
	tty, err := pty.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(f, tty) // a pty ends with an error
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return time.Since(begin)
}

func million(t *testing.T, r *report, dir string) {
	const lines = 1000000
	floor := min(ptyFloor(t, "python3", filepath.Join(dir, "million.py")), ptyFloor(t, "python3", filepath.Join(dir, "million.py")))
	s := harness.New(t)
	p := s.NewProject("bench", dir, "")
	ended := watch(t, s)
	await(t, ended, p.Launch(p.NewTemplate("bash", "true.sh", nil), nil)) // warm
	tpl := p.NewTemplate("python", "million.py", nil)
	before, err := harness.RSS(s.PID())
	if err != nil {
		t.Fatal(err)
	}
	disk := dataSize(s.DataDir)
	var peak atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				if n, err := harness.RSS(s.PID()); err == nil && n > peak.Load() {
					peak.Store(n)
				}
			}
		}
	})
	begin := time.Now()
	id := p.Launch(tpl, nil)
	await(t, ended, id)
	wall := time.Since(begin)
	close(stop)
	wg.Wait()
	task := p.Task(id)
	if task.LogLines < lines {
		t.Fatalf("%d lines stored, want %d", task.LogLines, lines)
	}
	first, last := time.Duration(0), time.Duration(0)
	for range 20 {
		begin := time.Now()
		s.Do("GET", p.Path("/tasks/%d/log?after=0&limit=200", id), nil, nil)
		first = max(first, time.Since(begin))
		begin = time.Now()
		s.Do("GET", p.Path("/tasks/%d/log?tail=200", id), nil, nil)
		last = max(last, time.Since(begin))
	}
	text := p.Output(id)
	if n := bytes.Count(text, []byte("\n")); n < lines {
		t.Fatalf("%d lines come back, want %d", n, lines)
	}
	perLine := float64(dataSize(s.DataDir)-disk) / lines
	r.add("1,000,000 lines of 80 bytes, POST → success", "≤ 2 × floor", ms(wall), "the script through a pty to a file: "+ms(floor), ratio(wall, floor))
	r.add("… growth of the server's memory while it runs", "< 64 MiB", fmt.Sprintf("%.1f MiB", float64(peak.Load()-before)/(1<<20)), "", "")
	r.add("… growth of the data directory", "≤ 20 bytes a line", fmt.Sprintf("%.1f bytes a line", perLine), "80 bytes written", fmt.Sprintf("%.2f", perLine/80))
	r.add("… first screen of it, slowest of 20", "≤ 50 ms", ms(first), "", "")
	r.add("… last screen of it, slowest of 20", "", ms(last), "", "")
}

func dataSize(dir string) int64 {
	var n int64
	_ = filepath.Walk(dir, func(_ string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			n += info.Size()
		}
		return nil // files may go while we look
	})
	return n
}

// load sends requests from clients that keep their connections, for a while,
// and returns how many a second were answered.
func load(t *testing.T, s *harness.Server, clients int, method, path string, body []byte) float64 {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	var n atomic.Int64
	var wg sync.WaitGroup
	end := time.Now().Add(5 * time.Second)
	begin := time.Now()
	for range clients {
		wg.Go(func() {
			client := &http.Client{Transport: transport}
			buf := make([]byte, 64<<10)
			for time.Now().Before(end) {
				req, err := http.NewRequest(method, s.URL+"/api"+path, bytes.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				req.Header.Set("Authorization", "Bearer "+s.Token)
				resp, err := client.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				for err == nil {
					_, err = resp.Body.Read(buf)
				}
				_ = resp.Body.Close()
				if resp.StatusCode >= 300 {
					t.Errorf("%s %s: %d", method, path, resp.StatusCode)
					return
				}
				n.Add(1)
			}
		})
	}
	wg.Wait()
	return float64(n.Load()) / time.Since(begin).Seconds()
}

func lists(t *testing.T, r *report, dir string) {
	s := harness.New(t)
	p := s.NewProject("bench", dir, "")
	ended := watch(t, s)
	first := 0
	for i := range 200 {
		id := p.NewTemplate("bash", "true.sh", map[string]any{"name": fmt.Sprintf("template %03d", i)})
		if i == 0 {
			first = id
		}
	}
	for range 200 {
		p.Launch(first, nil)
	}
	for range 200 {
		<-ended
	}
	ping := load(t, s, 8, "GET", "/ping", nil)
	for _, l := range []struct{ what, path string }{{"list 200 templates", "/templates"}, {"list `tasks/last` of 200 tasks", "/tasks/last"}} {
		rate := load(t, s, 8, "GET", p.Path("%s", l.path), nil)
		r.add(l.what+", 8 keep-alive clients", "≥ 2000 requests/s", fmt.Sprintf("%.0f requests/s", rate), fmt.Sprintf("`/api/ping`: %.0f/s", ping), fmt.Sprintf("%.2f", rate/ping))
	}
}

func creation(t *testing.T, r *report, dir string) {
	s := harness.New(t)
	p := s.NewProject("bench", dir, "")
	tpl := p.NewTemplate("bash", "hold.sh", map[string]any{"allow_parallel_tasks": false})
	p.Launch(tpl, nil) // holds the queue, so that creation alone is measured
	ping := load(t, s, 16, "GET", "/ping", nil)
	rate := load(t, s, 16, "POST", p.Path("/tasks"), []byte(fmt.Sprintf(`{"template_id":%d}`, tpl)))
	r.add("create a task, 16 clients", "≥ 1000/s", fmt.Sprintf("%.0f/s", rate), fmt.Sprintf("`/api/ping`: %.0f/s", ping), fmt.Sprintf("%.2f", rate/ping))
	s.Do("POST", p.Path("/templates/%d/stop_all_tasks", tpl), map[string]any{"force": true}, nil)
}

func startup(t *testing.T, r *report, dir string) {
	s := harness.New(t)
	p := s.NewProject("bench", dir, "")
	p.Wait(p.Launch(p.NewTemplate("bash", "true.sh", nil), nil), time.Minute)
	var all, floor []time.Duration
	for range 15 {
		s.Terminate()
		begin := time.Now()
		s.Start()
		all = append(all, time.Since(begin))
		begin = time.Now()
		if err := exec.Command(s.Bin, "version").Run(); err != nil {
			t.Fatal(err)
		}
		floor = append(floor, time.Since(begin))
	}
	time.Sleep(10 * time.Second) // idle means idle
	rss, err := harness.RSS(s.PID())
	if err != nil {
		t.Fatal(err)
	}
	up, f := quantile(all, 0.5), quantile(floor, 0.5)
	r.add("start → first answer, existing database, median of 15", "≤ 50 ms", ms(up), "`signalbox version`: "+ms(f), ratio(up, f))
	r.add("idle memory (RSS)", "≤ 45 MiB", fmt.Sprintf("%.1f MiB", float64(rss)/(1<<20)), "", "")
}

var script = regexp.MustCompile(`(?:src|href)="[./]*(assets/[^"]+\.js)"`)

func javascript(t *testing.T, r *report, _ string) {
	dist := filepath.Join("..", "..", "internal", "webui", "dist")
	page, err := os.ReadFile(filepath.Join(dist, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	size := 0
	for _, m := range script.FindAllSubmatch(page, -1) {
		text, err := os.ReadFile(filepath.Join(dist, string(m[1])))
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(text); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		size += b.Len()
	}
	r.add("initial JavaScript, gzipped", "≤ 250 KiB", fmt.Sprintf("%.0f KiB", float64(size)/1024), "", "")
}
