package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"signalbox/internal/httpapi"
)

// tries returns how many values of each kind are tried on each field of a request.
// With SIGNALBOX_FUZZ_TRIES=100 it is all there are.
func tries() int {
	if n, err := strconv.Atoi(os.Getenv("SIGNALBOX_FUZZ_TRIES")); err == nil {
		return n
	}
	return 1
}

// TestEveryOperation_TakesAnything sends every operation requests that are made
// from the description and then broken: field by field, as a whole, in their
// query and in their path. Whatever comes, the answer is one that is described,
// not a failure of the server, and what is refused changes nothing.
func TestEveryOperation_TakesAnything(t *testing.T) {
	t.Parallel()
	c := contractOf(t)
	for _, rt := range newSite(t).server.Routes() {
		if rt.ID == "openWebSocket" {
			continue // needs a connection that can be taken over; see ws_test.go
		}
		t.Run(rt.ID, func(t *testing.T) {
			t.Parallel()
			seed := fnv.New64a()
			_, _ = io.WriteString(seed, rt.ID) // a hash does not fail
			p := &prober{
				world: preparedPair.copy(t), rt: rt, op: c.ops[rt.Method+" /api"+rt.Path],
				random: rand.New(rand.NewPCG(seed.Sum64(), 1)),
			}
			p.turn = p.random.IntN(1000) // not every operation begins with the first values
			p.state = p.dump()
			p.run()
			if strings.Contains(p.log.String(), "panic") {
				t.Errorf("the log tells of a panic:\n%.2000s", p.log)
			}
		})
	}
}

// prober sends one operation everything it can think of.
type prober struct {
	*world
	rt     httpapi.Route
	op     *huma.Operation
	random *rand.Rand
	turn   int    // how many fields have had their values
	state  string // what the database held when last something was done
}

func (p *prober) run() {
	path := "/api" + fill(p.rt.Path, p.world)
	var body []byte
	var example any
	if p.op.RequestBody != nil {
		example = p.adapt("", p.op.RequestBody.Content["application/json"].Example)
		body = encode(example)
	}
	for _, actor := range []string{"", "outsider", "guest", "runner", "keeper", "helper", "manager"} {
		p.send(actor, path, body, "")
	}
	for _, broken := range p.paths() {
		p.send(p.anyone(), broken, body, "")
	}
	for _, q := range p.rt.Query {
		for _, value := range p.some(queryValues()) {
			p.send(p.anyone(), path+"?"+q.Name+"="+value, body, "")
		}
		p.send("owner", path+"?"+q.Name+"=1&"+q.Name+"=x", body, "")
	}
	p.send("owner", path+"?%zz=1;x&&=&unknown=1", body, "")
	if p.op.RequestBody == nil {
		p.send("owner", path, []byte(`{"unasked":1}`), "")
	} else {
		for _, raw := range rawBodies(body) {
			p.send(p.anyone(), path, raw, "")
		}
		p.send("owner", path, body, "text/plain")
		p.send("owner", path, body, "multipart/form-data; boundary=x")
		p.send("owner", path, nil, "")
		for _, broken := range p.bodies(example) {
			p.send(p.anyone(), path, broken, "")
		}
	}
	for _, actor := range []string{"owner", "admin"} {
		p.send(actor, path, body, "")
	}
}

// anyone is somebody who may do much, so that requests get far.
func (p *prober) anyone() string {
	if strings.HasPrefix(p.rt.Path, "/project/") {
		return []string{"owner", "owner", "admin", "manager"}[p.random.IntN(4)]
	}
	return []string{"admin", "admin", "admin", "owner"}[p.random.IntN(4)]
}

// some picks values of each kind. Fields take turns, so that one of them meets what
// its neighbour did not: all values are tried by fields of about the same kind.
func (p *prober) some(kinds [][]string) []string {
	var out []string
	for _, kind := range kinds {
		for i := range min(len(kind), tries()) {
			out = append(out, kind[(p.turn+i)%len(kind)])
		}
	}
	p.turn++
	return out
}

func (p *prober) send(actor, path string, body []byte, kind string) {
	p.t.Helper()
	u, err := url.Parse(path)
	if err != nil {
		return // no client can ask that
	}
	// A deadline so far away that only what hangs meets it.
	ctx, stop := context.WithTimeout(p.t.Context(), 2*time.Minute)
	defer stop()
	r := httptest.NewRequestWithContext(ctx, p.rt.Method, "/", bytes.NewReader(body))
	r.URL = u
	r.Header.Set("Content-Type", "application/json")
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if actor != "" {
		r.Header.Set("Authorization", "Bearer "+p.tokens[actor])
	}
	w := httptest.NewRecorder()
	p.server.ServeHTTP(w, r)
	said := func() string {
		return fmt.Sprintf("%s %.300s as %q with %.300q: got %d %.300s", p.rt.Method, path, actor, body, w.Code, w.Body)
	}
	if ctx.Err() != nil {
		p.t.Errorf("%s: it hangs", said())
	}
	if w.Code >= 500 {
		p.t.Errorf("%s", said())
	}
	if wrong := contractOf(p.t).breach(r, w); wrong != "" {
		p.t.Errorf("%s: %s", said(), wrong)
	}
	if p.rt.Method == http.MethodGet && w.Code < 500 {
		return
	}
	now := p.dump()
	if w.Code >= 400 && now != p.state {
		p.t.Errorf("%s: it is refused and has changed something", said())
	}
	p.state = now
}

// paths puts wrong things into each place of the path, also what belongs to
// another project.
func (p *prober) paths() []string {
	var out []string
	for _, part := range strings.Split(p.rt.Path, "/") {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		for _, value := range []string{
			"0", "-1", "9223372036854775807", "9223372036854775808", "1.5", "abc", "%00", "%FF%FE", "%2F..%2F", "%F0%9F%92%A5",
			strings.Repeat("9", 5000), strings.Repeat("x", 64<<10), fill(part, p.other),
		} {
			out = append(out, "/api"+fill(strings.Replace(p.rt.Path, part, value, 1), p.world))
		}
	}
	return out
}

// queryValues are what parameters are set to, by kind.
func queryValues() [][]string {
	return [][]string{
		{"", "null", "name", "zzz"},
		{"0", "1", "-1", "1e3", "1.5", "true", "maybe"},
		{"9223372036854775807", "-9223372036854775808", "9223372036854775808"},
		{"2026-01-31T12:00:00Z", "2026-13-31", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"},
		{"%00", "%FF%FE", "%F0%9F%92%A5"},
		{"'%22;--", "%25_", "..%2F..%2Fetc", "(", "(a%2B)%2B%24", "%5B"},
		{strings.Repeat("x", 64<<10)},
	}
}

// rawBodies are bodies that are broken as a whole.
func rawBodies(good []byte) [][]byte {
	texts := []string{
		"", " ", "null", "[]", "{}", "[null]", `"x"`, "1", "-0", "1e400", "true", "{", "[", `{"`, `{"name":`, `{"name":"x"`, "{}{}", "{}x",
		"\ufeff{}", "\x00", "\xff\xfe", "{\"name\":\"\xff\"}", `{"name":"\ud800"}`, `{"name":"a","name":["b"]}`, `{"":1}`, "<a/>", "a=b",
		strings.Repeat("[", 20000), strings.Repeat(`{"a":`, 20000), strings.Repeat(`{"id":`, 9000) + "1" + strings.Repeat("}", 9000),
		"[" + strings.Repeat("null,", 10000) + "null]", strings.Repeat(" ", 64<<10),
	}
	out := [][]byte{good[:len(good)/2], append(bytes.Clone(good), good...)}
	for _, text := range texts {
		out = append(out, []byte(text))
	}
	return out
}

// fieldValues are what fields are set to, encoded, by kind.
func fieldValues() [][]string {
	return [][]string{
		{"null"},
		{"true", "false", "1", `"x"`, `"zzz"`},
		{"0", "-1", "1.5", "1e400", "9223372036854775807", "-9223372036854775808", "9223372036854775808", "2147483648"},
		{`""`, `" "`},
		{`"\u0000"`, `"a\u0000b"`, `"\ud800"`, "\"\xff\xfe\"", `"💥"`, `"a\nb\r\u2028"`},
		{`"../../etc/passwd"`, `"--help"`, `"%s%n"`, `"@"`, `"'; drop table user; --"`},
		{`"{\"a\":1}"`, `"[null]"`, `"* * * * *"`, `"2026-02-31T12:00:00Z"`, `"9999-12-31T23:59:59Z"`, `"0001-01-01T00:00:00Z"`},
		{`"` + strings.Repeat("x", 64<<10) + `"`, `"` + strings.Repeat("é", 200) + `"`},
		{"[]", "[null]", "[[]]", "[1,1]", `["x","x"]`, "[{}]", "[{\"id\":-1}]", strings.Repeat("[", 500) + strings.Repeat("]", 500)},
		{"{}", `{"":null}`, `{"a":{"b":[null]}}`, `{"id":"x"}`},
	}
}

// bodies breaks a body in each of its fields, nested ones too.
func (p *prober) bodies(example any) [][]byte {
	var out [][]byte
	root, ok := example.(map[string]any)
	if !ok {
		return nil
	}
	var walk func(v any, replace func(any) []byte)
	walk = func(v any, replace func(any) []byte) {
		for _, value := range p.some(fieldValues()) {
			out = append(out, replace(json.RawMessage(value)))
		}
		switch v := v.(type) {
		case map[string]any:
			for _, name := range slices.Sorted(maps.Keys(v)) {
				walk(v[name], func(x any) []byte {
					changed := maps.Clone(v)
					changed[name] = x
					return replace(changed)
				})
				without := maps.Clone(v)
				delete(without, name)
				out = append(out, replace(without))
			}
		case []any:
			for i := range v {
				walk(v[i], func(x any) []byte {
					changed := slices.Clone(v)
					changed[i] = x
					return replace(changed)
				})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(root)) {
		walk(root[name], func(x any) []byte {
			changed := maps.Clone(root)
			changed[name] = x
			return encode(changed)
		})
		without := maps.Clone(root)
		delete(without, name)
		out = append(out, encode(without))
	}
	return out
}

// encode writes JSON as json.Marshal would, but keeps raw values as they are,
// even where they are no JSON.
func encode(v any) []byte {
	var out bytes.Buffer
	var write func(any)
	write = func(v any) {
		switch v := v.(type) {
		case json.RawMessage:
			out.Write(v)
		case map[string]any:
			out.WriteByte('{')
			for i, name := range slices.Sorted(maps.Keys(v)) {
				if i > 0 {
					out.WriteByte(',')
				}
				write(name)
				out.WriteByte(':')
				write(v[name])
			}
			out.WriteByte('}')
		case []any:
			out.WriteByte('[')
			for i, item := range v {
				if i > 0 {
					out.WriteByte(',')
				}
				write(item)
			}
			out.WriteByte(']')
		default:
			data, _ := json.Marshal(v) // examples are plain values
			out.Write(data)
		}
	}
	write(v)
	return out.Bytes()
}

// adapt puts the numbers of the world into an example.
func (p *prober) adapt(name string, v any) any {
	ids := map[string]int64{
		"template_id": p.template, "inventory_id": p.inventory, "repository_id": p.repository, "environment_id": p.group, "view_id": p.view,
		"ssh_key_id": p.key, "become_key_id": p.key, "vault_key_id": p.key, "auth_secret_id": p.key, "user_id": int64(p.users["outsider"].ID),
		"environment_ids": p.group, "projects": p.project,
	}
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for name, item := range v {
			if name == "build_template_id" || name == "build_task_id" {
				continue // there is none
			}
			out[name] = p.adapt(name, item)
		}
		return out
	case []any:
		out := []any{}
		for _, item := range v {
			out = append(out, p.adapt(name, item))
		}
		return out
	case int:
		if id := ids[name]; id != 0 {
			return id
		}
	}
	return v
}
