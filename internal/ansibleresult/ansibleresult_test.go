package ansibleresult

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// run is what the plugin told of a run with most of what can happen.
const run = `{"k":"start","t":1000,"n":"site.yml","v":"2.14.18"}
{"k":"play","t":1001,"p":1,"n":"all","y":"linear"}
{"k":"task","t":1010,"p":1,"i":1,"n":"ping","a":"ping","f":"site.yml:4"}
{"k":"result","t":1100,"p":1,"i":1,"h":"c","s":"unreachable","d":84,"m":"Failed to connect"}
{"k":"result","t":1110,"p":1,"i":1,"h":"b","s":"ok","d":90}
{"k":"result","t":1120,"p":1,"i":1,"h":"a","s":"ok","d":100}
{"k":"task","t":1130,"p":1,"i":2,"n":"try","a":"command","f":"site.yml:5"}
{"k":"result","t":1140,"p":1,"i":2,"h":"a","s":"failed","d":10,"c":true,"g":true,"m":"non-zero return code (exit code 1)"}
{"k":"result","t":1150,"p":1,"i":2,"h":"b","s":"failed","d":10,"c":true,"e":true,"m":"rescued","z":"bad"}
{"k":"task","t":1160,"p":1,"i":3,"n":"loop","a":"command","f":"site.yml:8"}
{"k":"result","t":1170,"p":1,"i":3,"h":"a","s":"ok","d":5,"c":true,"j":[2,1,0,0],"m":"All items completed"}
{"k":"task","t":1180,"p":1,"i":4,"n":"copy","a":"copy","f":"site.yml:9"}
{"k":"diff","t":1190,"p":1,"i":4,"h":"a","m":"--- before\n+++ after\n"}
{"k":"diff","t":1191,"p":1,"i":4,"h":"a","m":"more\n"}
{"k":"result","t":1192,"p":1,"i":4,"h":"a","s":"ok","d":7,"c":true}
{"k":"result","t":1193,"p":1,"i":4,"h":"b","s":"failed","d":7,"m":"no space","z":"left on device","w":3,"o":"db"}
{"k":"task","t":1194,"p":1,"i":5,"n":"h","a":"debug","f":"site.yml:30","r":true}
{"k":"result","t":1195,"p":1,"i":5,"h":"a","s":"skipped","d":1,"m":"when: false"}
{"k":"play","t":1200,"p":2,"n":"nothere","y":"free","x":true}
{"k":"note","t":1201,"p":2,"s":"no_hosts_matched"}
{"k":"stats","t":1300,"h":"a","b":[4,3,0,0,1,0,1]}
{"k":"stats","t":1300,"h":"b","b":[1,0,0,1,0,1,0]}
{"k":"stats","t":1300,"h":"c","b":[0,0,1,0,0,0,0]}
{"k":"end","t":1301}`

func events(t testing.TB) []Event {
	t.Helper()
	var list []Event
	for line := range strings.SplitSeq(run, "\n") {
		e, err := Parse([]byte(line))
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

func TestEvent_SurvivesTheWayThere(t *testing.T) {
	t.Parallel()
	for i, e := range events(t) {
		line := strings.Split(run, "\n")[i]
		var slow Event
		if err := json.Unmarshal([]byte(line), &slow); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(e, slow) {
			t.Errorf("scan reads %s as\n%+v, encoding/json as\n%+v", line, e, slow)
		}
		again, err := Parse(e.Append(nil))
		if err != nil || !reflect.DeepEqual(e, again) {
			t.Errorf("%s comes back as %+v, %v", line, again, err)
		}
	}
}

func TestParse_RefusesWhatIsNoEvent(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		``, `{`, `null`, `[]`, `{}`, `"x"`,
		`{"k":"what","t":1}`,
		`{"k":"play","t":1}`,
		`{"k":"play","t":-1,"p":1}`,
		`{"k":"result","t":1,"i":1,"s":"ok"}`,
		`{"k":"result","t":1,"i":1,"h":"a","s":"great"}`,
		`{"k":"result","t":1,"i":1,"h":"a","s":"ok","j":[-1,0,0,0]}`,
		`{"k":"result","t":1,"i":1,"h":"a","s":"ok","d":99999999999999999}`,
		`{"k":"result","t":1,"i":99999999999,"h":"a","s":"ok"}`,
		`{"k":"result","t":1,"i":1.5,"h":"a","s":"ok"}`,
		`{"k":"stats","t":1,"h":"a"}`,
		`{"k":"note","t":1,"p":1,"s":"ok"}`,
		`{"k":"end","t":1} x`,
	} {
		if e, err := Parse([]byte(line)); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s gives %+v, %v", line, e, err)
		}
	}
	// What another writer would write is read as well.
	e, err := Parse([]byte(` { "t" : 5, "k":"play", "p" : 1, "n" : "\u00e4\ud83d\ude00", "new": [1] } `))
	if err != nil || e.Name != "ä😀" {
		t.Errorf("%+v, %v", e, err)
	}
}

func TestMaskBeforeBound(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-s3cr3t"
	e := Event{Kind: KindResult, Time: 1, Task: 1, Host: secret, Status: Failed,
		Name: secret, Action: secret, Path: secret, Strategy: secret, Version: secret, Delegate: secret,
		Text:   strings.Repeat("x", MaxText-2) + secret,
		Output: secret + strings.Repeat("ä", MaxOutput/2-1)}
	e.Mask(func(text string) string { return strings.ReplaceAll(text, secret, "***") })
	e.Bound()
	line := string(e.Append(nil))
	if strings.Contains(line, "s3c") || strings.Contains(line, "r3t") {
		t.Error("something of the secret is left")
	}
	if !e.Cut || len(e.Text) > MaxText || len(e.Output) > MaxOutput || !utf8.ValidString(e.Output) {
		t.Errorf("cut %v, text of %d bytes, output of %d", e.Cut, len(e.Text), len(e.Output))
	}
}

func TestAppend_StaysALine(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"control": strings.Repeat("\x01", MaxDiff), "quotes": strings.Repeat(`"`, MaxDiff), "not utf-8": strings.Repeat("\xff", MaxDiff),
	} {
		e := Event{Kind: KindDiff, Time: 1, Task: 1, Host: text[:MaxName], Text: text, Output: text[:MaxOutput]}
		line := e.Append([]byte("before"))
		if len(line) > MaxLine+6 || strings.ContainsRune(string(line), '\n') {
			t.Errorf("%s: a line of %d bytes", name, len(line))
		}
		if got, err := Parse(line[6:]); err != nil || got.Text == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTotals(t *testing.T) {
	t.Parallel()
	list := events(t)
	wantErrors := []HostError{
		{Host: "c", Task: "ping", Error: "Failed to connect", Unreachable: true},
		{Host: "b", Task: "copy", Error: "no space\nleft on device"},
	}
	hosts := []HostTotals{
		{Host: "c", Unreachable: 1},
		{Host: "b", OK: 1, Failed: 1, Rescued: 1},
		{Host: "a", OK: 4, Changed: 3, Skipped: 1, Ignored: 1},
	}
	for name, n := range map[string]int{"whole": len(list), "cut off": len(list) - 4} {
		var c Counter
		for i := range list[:n] {
			c.Add(&list[i])
		}
		got := c.Totals()
		if !reflect.DeepEqual(got.Hosts, hosts) || !reflect.DeepEqual(got.Errors, wantErrors) || got.Truncated {
			t.Errorf("%s: %+v", name, got)
		}
		if !c.Started() || c.Ended() != (name == "whole") {
			t.Errorf("%s: started %v, ended %v", name, c.Started(), c.Ended())
		}
	}
	text, err := json.Marshal((&Counter{}).Totals())
	if want := `{"hosts":[],"errors":[],"truncated":false}`; err != nil || string(text) != want {
		t.Errorf("nothing is %s, %v", text, err)
	}
}

func TestTotals_AreBounded(t *testing.T) {
	t.Parallel()
	var c Counter
	for i := range MaxHosts + 10 {
		c.Add(&Event{Kind: KindResult, Task: 1, Host: fmt.Sprint("h", i), Status: Failed, Text: strings.Repeat("e", MaxText)})
	}
	got := c.Totals()
	if len(got.Hosts) != MaxHosts || len(got.Errors) != MaxErrors || !got.Truncated || len(got.Errors[0].Error) != MaxErrorText {
		t.Errorf("%d hosts, %d errors, truncated %v", len(got.Hosts), len(got.Errors), got.Truncated)
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	list := events(t)
	at := func(ms int64) time.Time { return time.UnixMilli(ms).UTC() }
	m := Build(list, Filter{Details: true})
	if want := []string{"c", "b", "a"}; !reflect.DeepEqual(m.Hosts, want) {
		t.Errorf("hosts %v", m.Hosts)
	}
	if len(m.Plays) != 2 || len(m.Plays[0].Tasks) != 5 || m.Plays[0].End != at(1195) || m.Plays[0].Strategy != "linear" {
		t.Fatalf("plays %+v", m.Plays)
	}
	if p := m.Plays[1]; p.Name != "nothere" || p.Note != NoHostsMatched || !p.Check || p.Number != 2 || len(p.Tasks) != 0 {
		t.Errorf("second play %+v", p)
	}
	copied := m.Plays[0].Tasks[3]
	want := Task{
		Number: 4, Name: "copy", Action: "copy", Path: "site.yml:9", Start: at(1180),
		Counts: TaskCounts{Changed: 1, Failed: 1},
		Cells: []Cell{
			{Host: "a", Status: OK, Changed: true, Start: at(1185), Duration: 7 * time.Millisecond, HasDiff: true, Diff: "--- before\n+++ after\nmore\n"},
			{Host: "b", Status: Failed, Start: at(1186), Duration: 7 * time.Millisecond, Attempts: 3, Delegate: "db", Text: "no space", Output: "left on device"},
		},
	}
	if !reflect.DeepEqual(copied, want) {
		t.Errorf("copy\n%+v, want\n%+v", copied, want)
	}
	if got, want := m.Plays[0].Tasks[1].Counts, (TaskCounts{Ignored: 1, Rescued: 1}); got != want {
		t.Errorf("counts %+v", got)
	}

	for name, c := range map[string]struct {
		filter Filter
		tasks  []int
		cells  int
	}{
		"all":       {Filter{}, []int{1, 2, 3, 4, 5}, 9},
		"page":      {Filter{FirstTask: 2, Tasks: 2}, []int{2, 3}, 3},
		"last page": {Filter{FirstTask: 5, Tasks: 2}, []int{5}, 1},
		"host":      {Filter{Host: "b"}, []int{1, 2, 3, 4, 5}, 3},
		"bad ones":  {Filter{Match: (*Event).Bad}, []int{1, 2, 3, 4, 5}, 2},
	} {
		var tasks []int
		cells := 0
		m := Build(list, c.filter)
		for _, p := range m.Plays {
			for _, task := range p.Tasks {
				tasks = append(tasks, task.Number)
				cells += len(task.Cells)
				for _, cell := range task.Cells {
					if cell.Text+cell.Output+cell.Diff != "" {
						t.Errorf("%s: a text without details", name)
					}
				}
			}
		}
		if !reflect.DeepEqual(tasks, c.tasks) || cells != c.cells {
			t.Errorf("%s: tasks %v, %d cells", name, tasks, cells)
		}
	}
}

func FuzzParse(f *testing.F) {
	for line := range strings.SplitSeq(run, "\n") {
		f.Add([]byte(line))
	}
	f.Add([]byte(`{"k":"diff","t":1,"i":1,"h":"\u0001\"","m":"\ud83d\ud83d"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, err := Parse(line)
		if err != nil {
			return
		}
		var slow Event
		if err := json.Unmarshal(line, &slow); err != nil {
			t.Fatalf("encoding/json does not read %q: %v", line, err)
		}
		if !reflect.DeepEqual(e, slow) {
			t.Fatalf("%q\nscan %+v\njson %+v", line, e, slow)
		}
		e.Bound()
		out := e.Append(nil)
		if len(out) > MaxLine || !json.Valid(out) {
			t.Fatalf("bad line %q", out)
		}
		var c Counter
		c.Add(&e)
		c.Totals()
		Build([]Event{{Kind: KindPlay, Play: 1}, {Kind: KindTask, Play: 1, Task: 1}, e, e}, Filter{Details: true})
	})
}

func BenchmarkParse(b *testing.B) {
	line := []byte(`{"k":"result","t":1795448735299,"p":1,"i":4,"h":"web-0123.example.net","s":"ok","d":41,"c":true,"m":"All items completed"}`)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		if _, err := Parse(line); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBuild(b *testing.B) {
	list := []Event{{Kind: KindPlay, Play: 1}}
	for task := 1; task <= 100; task++ {
		list = append(list, Event{Kind: KindTask, Play: 1, Task: task})
		for host := range 1000 {
			list = append(list, Event{Kind: KindResult, Play: 1, Task: task, Host: fmt.Sprint("host", host), Status: OK})
		}
	}
	for b.Loop() {
		Build(list, Filter{})
	}
	b.ReportMetric(float64(len(list)*b.N)/b.Elapsed().Seconds(), "events/s")
}
