//go:build bench

package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/store/sqlstore"
	"signalbox/test/harness"
)

const (
	mixedRate      = 500 // requests a second
	mixedRounds    = 7
	mixedTime      = 8 * time.Second // of a round
	mixedPings     = 4 * time.Second // after each
	mixedTasks     = 100_000
	mixedTemplates = 200
)

const apiNote = `Mixed load: requests leave at fixed times, whether or not earlier ones were answered, and each
answer counts from the time its request was due. Of 100 requests 97 read (newest tasks 24, older pages 10,
a task 12, templates 10, a template 10, events 8, the user 12, five lists of resources 2 each, statistics 1) and 3 write
(start a task, change a template, change a key), so that what the server keeps ready is outdated 15 times a second. Each kind of page was asked for once before.
The machine halts its guests now and then, for tens of milliseconds, which no server can make up for. So there are seven
rounds, each followed by pings at the same rate: the figures are those of the median round, and all are listed, with how
much of the processors' time the host kept for others.`

// api measures what clients of the HTTP API see.
func api(t *testing.T, r *report, dir string) {
	mixed(t, r, dir)
	backups(t, r, dir)
	decisions(r)
}

// ask is a request of the mix, made anew each time.
type ask struct {
	share  int // of 100
	name   string
	method string
	path   func() string
	body   func() any
}

func mixed(t *testing.T, r *report, dir string) {
	s := harness.New(t)
	p := s.NewProject("bench", dir, "")
	var templates []int
	for i := range mixedTemplates {
		templates = append(templates, p.NewTemplate("bash", "hold.sh", map[string]any{
			"name": fmt.Sprintf("template %03d", i), "description": "one of many", "allow_parallel_tasks": false,
		}))
	}
	s.Terminate()
	first := fillTasks(t, filepath.Join(s.DataDir, "signalbox.db"), domain.ProjectID(p.ID), templates)
	s.Start()
	p.Launch(templates[0], nil) // holds the queue of its template

	fixed := func(path string) func() string { return func() string { return path } }
	template := func() int { return templates[rand.IntN(len(templates))] }
	asks := []ask{
		{24, "newest tasks", "GET", fixed(p.Path("/tasks/last")), nil},
		{10, "older tasks", "GET", func() string {
			return p.Path("/tasks?count=50&before=%d", first+rand.IntN(mixedTasks))
		}, nil},
		{12, "a task", "GET", func() string { return p.Path("/tasks/%d", first+rand.IntN(mixedTasks)) }, nil},
		{10, "templates", "GET", fixed(p.Path("/templates")), nil},
		{10, "a template", "GET", func() string { return p.Path("/templates/%d", template()) }, nil},
		{8, "events", "GET", fixed(p.Path("/events/last")), nil},
		{12, "the user", "GET", fixed("/user"), nil},
		{1, "statistics", "GET", fixed(p.Path("/stats")), nil},
		{2, "keys", "GET", fixed(p.Path("/keys")), nil},
		{2, "repositories", "GET", fixed(p.Path("/repositories")), nil},
		{2, "inventories", "GET", fixed(p.Path("/inventory")), nil},
		{2, "variable groups", "GET", fixed(p.Path("/environment")), nil},
		{2, "members", "GET", fixed(p.Path("/users")), nil},
		{1, "start a task", "POST", fixed(p.Path("/tasks")), func() any { return map[string]any{"template_id": templates[0]} }},
		{1, "change a key", "PUT", fixed(p.Path("/keys/%d", p.KeyID)), func() any {
			return map[string]any{"id": p.KeyID, "project_id": p.ID, "type": "none", "name": fmt.Sprint("none ", rand.IntN(1000))}
		}},
	}
	changed := 0 // the template that a change is for, set by its path
	asks = append(asks, ask{1, "change a template", "PUT", func() string {
		changed = template()
		return p.Path("/templates/%d", changed)
	}, func() any {
		return map[string]any{
			"id": changed, "project_id": p.ID, "name": fmt.Sprintf("template %d", changed), "app": "bash", "playbook": "hold.sh",
			"repository_id": p.Repository, "inventory_id": p.InventoryID, "description": fmt.Sprint("changed ", rand.IntN(1000)),
		}
	}})
	for _, a := range asks { // a server that was started a moment ago has counted nothing yet
		if a.method == "GET" {
			s.Do("GET", a.path(), nil, nil)
		}
	}
	ping := []ask{{100, "ping", "GET", fixed("/ping"), nil}}
	var used time.Duration
	var p50, p99, floor50, floor99 []time.Duration
	var stolen []string
	for round := range mixedRounds {
		begin, before := cpuTime(t, s.PID()), stolenTime(t)
		took := openLoop(t, s, asks, mixedTime)
		stolen = append(stolen, fmt.Sprintf("%.0f %%", 100*(stolenTime(t)-before).Seconds()/(mixedTime.Seconds()*float64(runtime.NumCPU()))))
		used += cpuTime(t, s.PID()) - begin
		var all []time.Duration
		for _, a := range asks {
			t.Logf("round %d: %-18s %5d requests, p50 %8s, p99 %8s", round+1, a.name, len(took[a.name]), ms(quantile(took[a.name], 0.5)), ms(quantile(took[a.name], 0.99)))
			all = append(all, took[a.name]...)
		}
		pings := openLoop(t, s, ping, mixedPings)["ping"]
		p50, p99 = append(p50, quantile(all, 0.5)), append(p99, quantile(all, 0.99))
		floor50, floor99 = append(floor50, quantile(pings, 0.5)), append(floor99, quantile(pings, 0.99))
	}
	rounds := func(list []time.Duration) string {
		var texts []string
		for _, d := range list {
			texts = append(texts, fmt.Sprintf("%.1f", d.Seconds()*1000))
		}
		return strings.Join(texts, ", ")
	}
	each99, eachFloor := rounds(p99), rounds(floor99)
	what := fmt.Sprintf("%d requests/s for %d × %.0f s, %d templates and %d tasks in SQLite", mixedRate, mixedRounds, mixedTime.Seconds(), mixedTemplates, mixedTasks)
	mid, floor := quantile(p50, 0.5), quantile(floor50, 0.5)
	r.add(what+", p50", "", ms(mid), "`/api/ping` at the same rate "+ms(floor), ratio(mid, floor))
	mid, floor = quantile(p99, 0.5), quantile(floor99, 0.5)
	r.add("… p99", "≤ 20 ms", ms(mid)+" (rounds: "+each99+")", ms(floor)+" (rounds: "+eachFloor+")", ratio(mid, floor))
	r.add("… processors in use by the server", "", fmt.Sprintf("%.2f", used.Seconds()/(mixedRounds*mixedTime.Seconds())), "", "")
	r.add("… kept by the host in each round", "", strings.Join(stolen, ", "), "", "")
	s.Do("POST", p.Path("/templates/%d/stop_all_tasks", templates[0]), map[string]any{"force": true}, nil)
}

// cpuTime is what a process has used of the processors, from its start.
func cpuTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	must(t, err)
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:])) // from the third on
	var ticks int64
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		must(t, err)
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100 // the kernel tells hundredths
}

// stolenTime is what the host of this machine, if it has one, has kept of its
// processors.
func stolenTime(t *testing.T) time.Duration {
	t.Helper()
	text, err := os.ReadFile("/proc/stat")
	must(t, err)
	line, _, _ := strings.Cut(string(text), "\n")
	fields := strings.Fields(line) // cpu user nice system idle iowait irq softirq steal …
	ticks, err := strconv.ParseInt(fields[8], 10, 64)
	must(t, err)
	return time.Duration(ticks) * time.Second / 100
}

// fillTasks adds tasks that have ended, and returns the number of the first.
func fillTasks(t *testing.T, path string, project domain.ProjectID, templates []int) int {
	t.Helper()
	ctx := t.Context()
	st, err := sqlstore.Open(ctx, sqlstore.Config{Path: path})
	must(t, err)
	first := 0
	at := time.Now().UTC().Add(-mixedTasks * time.Minute)
	user := domain.UserID(1)
	must(t, st.InTx(ctx, func(ctx context.Context) error {
		for i := range mixedTasks {
			at = at.Add(time.Minute)
			begun, ended := at.Add(time.Second), at.Add(30*time.Second)
			task := domain.Task{
				ProjectID: project, TemplateID: domain.TemplateID(templates[i%len(templates)]), Status: domain.StatusSuccess,
				Environment: "{}", UserID: &user, Created: at, Start: &begun, End: &ended, Message: fmt.Sprint("run ", i), LogComplete: true,
			}
			if i%10 == 0 {
				task.Status, task.StatusReason = domain.StatusError, "the program ended with code 2"
			}
			if err := st.Tasks().Create(ctx, &task, domain.TaskDefinition{}); err != nil {
				return err
			}
			if first == 0 {
				first = int(task.ID)
			}
		}
		return nil
	}))
	must(t, st.Close())
	return first
}

// openLoop sends requests of the mix at a fixed rate and returns how long after
// they were due they were answered, in order of length.
func openLoop(t *testing.T, s *harness.Server, asks []ask, length time.Duration) map[string][]time.Duration {
	t.Helper()
	type job struct {
		due time.Time
		ask *ask
		req *http.Request
	}
	var deck []*ask
	for i := range asks {
		for range asks[i].share {
			deck = append(deck, &asks[i])
		}
	}
	if len(deck) != 100 {
		t.Fatalf("the shares add up to %d", len(deck))
	}
	const connections = 64
	transport := &http.Transport{MaxIdleConnsPerHost: connections}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 30 * time.Second}
	jobs := make(chan job, mixedRate*int(length.Seconds()))
	var mu sync.Mutex
	took := map[string][]time.Duration{}
	var wg sync.WaitGroup
	for range connections {
		wg.Go(func() {
			for j := range jobs {
				resp, err := client.Do(j.req)
				if err != nil {
					t.Error(err)
					continue
				}
				_, err = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				late := time.Since(j.due)
				if err != nil || resp.StatusCode >= 300 {
					t.Errorf("%s: %d, %v", j.ask.name, resp.StatusCode, err)
				}
				mu.Lock()
				took[j.ask.name] = append(took[j.ask.name], late)
				mu.Unlock()
			}
		})
	}
	begin := time.Now()
	for i := range mixedRate * int(length.Seconds()) {
		if i%len(deck) == 0 {
			rand.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		}
		a := deck[i%len(deck)]
		path := a.path()
		var body io.Reader
		if a.body != nil {
			text, err := json.Marshal(a.body())
			must(t, err)
			body = bytes.NewReader(text)
		}
		req, err := http.NewRequest(a.method, s.URL+"/api"+path, body)
		must(t, err)
		req.Header.Set("Authorization", "Bearer "+s.Token)
		due := begin.Add(time.Duration(i) * time.Second / mixedRate)
		time.Sleep(time.Until(due))
		jobs <- job{due, a, req}
	}
	close(jobs)
	wg.Wait()
	for _, list := range took {
		slices.Sort(list)
	}
	return took
}

// backups measures the backup of a large project.
func backups(t *testing.T, r *report, dir string) {
	const many = 1000
	s := harness.New(t)
	p := s.NewProject("bench", dir, "")
	for i := range many {
		p.NewTemplate("bash", "true.sh", map[string]any{
			"name": fmt.Sprintf("template %04d", i), "description": "one of many",
			"survey_vars": []any{map[string]any{"name": "version", "title": "Version", "type": "", "required": true}},
		})
	}
	measure := func(path string) time.Duration {
		var list []time.Duration
		for range 10 {
			begin := time.Now()
			status, text, err := s.Try("GET", path, nil)
			if err != nil || status != 200 || !bytes.Contains(text, []byte("template 0999")) {
				t.Fatalf("%s: %d, %v", path, status, err)
			}
			list = append(list, time.Since(begin))
		}
		return quantile(list, 0.5)
	}
	whole, floor := measure(p.Path("/backup")), measure(p.Path("/templates"))
	r.add(fmt.Sprintf("backup of a project with %d templates, median of 10", many), "≤ 1000 ms", ms(whole), "the list of its templates, mostly kept ready: "+ms(floor), ratio(whole, floor))
}

// decisions measures the permission check, for the kind of caller that takes
// longest: one with a token bound to 100 projects.
func decisions(r *report) {
	token := &domain.Token{Scopes: []domain.TokenScope{domain.ScopeWrite, domain.ScopeRun, domain.ScopeRead}}
	for p := range domain.ProjectID(100) {
		token.Projects = append(token.Projects, p)
	}
	subject := authz.Subject{SignedIn: true, UserID: 2, Project: 99, Member: true, Permissions: 5, Token: token}
	actions := []authz.Action{authz.LookAround, authz.ReadProject, authz.RunTasks, authz.ManageResources, authz.ManageMembers, authz.DeleteProject, authz.Administer}
	got := testing.Benchmark(func(b *testing.B) {
		i := 0
		for b.Loop() {
			_ = authz.Decide(subject, actions[i%len(actions)])
			i++
		}
	})
	r.add("permission check, token bound to 100 projects", "≤ 5 µs", fmt.Sprintf("%.2f µs", float64(got.NsPerOp())/1000), "", "")
}
