package terraform

import (
	"archive/zip"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"signalbox/internal/exec/apps"
)

// What stands for values that are not shown.
const (
	Sensitive = "(sensitive)"
	Unknown   = "(known after apply)"
)

// Bounds of a summary. What does not fit is counted, not shown.
const (
	maxResources = 2000
	maxAttribute = 4 << 10   // bytes of one value
	maxSummary   = 512 << 10 // bytes of all values
	maxList      = 1 << 20   // bytes of what says which resources
	maxOutputs   = 500
)

// Summary is the plan as data: the result of the plan's stage.
//
// Add, Change and Destroy count as the program's own line does: a replacement is
// one to add and one to destroy. Replace says how many of them are replacements.
type Summary struct {
	Add     int `json:"add"`
	Change  int `json:"change"`
	Destroy int `json:"destroy"`
	Replace int `json:"replace"`
	Import  int `json:"import"`
	Move    int `json:"move"`
	Forget  int `json:"forget"`
	Read    int `json:"read"`
	// OutputsChanged counts outputs of the configuration.
	OutputsChanged int `json:"outputs_changed"`
	// HasChanges is what the program said with its exit code.
	HasChanges bool `json:"has_changes"`

	Resources []Resource `json:"resources"`
	Outputs   []Output   `json:"outputs"`
	// Drift lists what was changed outside, without values.
	Drift []Resource `json:"drift"`

	// Truncated says that values or entries were left out, because there are too
	// many; the counts are complete all the same.
	Truncated bool `json:"truncated"`
	// Unreadable says that the plan could not be had as data. The counts are then
	// zero and mean nothing; the output of the stage has the plan as text.
	Unreadable bool `json:"unreadable,omitempty"`

	Bound Bound `json:"bound"`
}

// Bound is what the plan was made from, and for.
type Bound struct {
	Commit    string `json:"commit,omitempty"` // "" for a directory of this machine
	Workspace string `json:"workspace"`
	Destroy   bool   `json:"destroy"`
	// Serial and Lineage are those of the state; nil and "" when the plan file
	// does not tell, because it is encrypted.
	Serial  *int64 `json:"state_serial"`
	Lineage string `json:"state_lineage,omitempty"`
	// Variables is a keyed digest of the values of all variables.
	Variables string `json:"variables_digest,omitempty"`
	Plan      string `json:"plan_digest,omitempty"` // SHA-256 of the plan file
	Version   string `json:"version,omitempty"`     // of the program
}

// Resource is what happens to a resource.
type Resource struct {
	Address  string   `json:"address"`
	Previous string   `json:"previous_address,omitempty"`
	Module   string   `json:"module,omitempty"`
	Mode     string   `json:"mode"` // managed or data
	Type     string   `json:"type"`
	Name     string   `json:"name"`
	Actions  []string `json:"actions"` // as the program has them
	// Action is one word for them: create, update, replace, delete, read, forget,
	// move, import.
	Action string `json:"action"`
	Reason string `json:"reason,omitempty"`
	// Import is set when something that exists is taken over.
	Import bool `json:"import,omitempty"`
	// Changes are the attributes that differ; Unchanged counts the others.
	Changes   []Attribute `json:"changes,omitempty"`
	Unchanged int         `json:"unchanged,omitempty"`
}

// Attribute is a value before and after. A missing one is null.
type Attribute struct {
	Name     string          `json:"name"`
	Before   json.RawMessage `json:"before"`
	After    json.RawMessage `json:"after"`
	Replaces bool            `json:"replaces,omitempty"` // why the resource is replaced
}

// Output is a change of an output.
type Output struct {
	Name   string          `json:"name"`
	Action string          `json:"action"`
	Before json.RawMessage `json:"before"`
	After  json.RawMessage `json:"after"`
}

// planJSON is the part of the program's answer that is read.
type planJSON struct {
	Version   string `json:"terraform_version"`
	Variables map[string]struct {
		Value json.RawMessage `json:"value"`
	} `json:"variables"`
	Resources []resourceJSON        `json:"resource_changes"`
	Drift     []resourceJSON        `json:"resource_drift"`
	Outputs   map[string]changeJSON `json:"output_changes"`
	Config    struct {
		Root struct {
			Variables map[string]struct {
				Sensitive bool `json:"sensitive"`
			} `json:"variables"`
		} `json:"root_module"`
	} `json:"configuration"`
}

type resourceJSON struct {
	Address  string     `json:"address"`
	Previous string     `json:"previous_address"`
	Module   string     `json:"module_address"`
	Mode     string     `json:"mode"`
	Type     string     `json:"type"`
	Name     string     `json:"name"`
	Change   changeJSON `json:"change"`
	Reason   string     `json:"action_reason"`
}

type changeJSON struct {
	Actions         []string        `json:"actions"`
	Before          json.RawMessage `json:"before"`
	After           json.RawMessage `json:"after"`
	AfterUnknown    json.RawMessage `json:"after_unknown"`
	BeforeSensitive json.RawMessage `json:"before_sensitive"`
	AfterSensitive  json.RawMessage `json:"after_sensitive"`
	ReplacePaths    [][]any         `json:"replace_paths"`
	Importing       json.RawMessage `json:"importing"`
}

// Summarise reads what Show printed. Mask hides known secrets in a text; key is
// that of the digest of variables. Values the program calls sensitive are never
// in the summary.
func Summarise(text []byte, mask func(string) string, key []byte) (Summary, error) {
	var plan planJSON
	if err := json.Unmarshal(text, &plan); err != nil {
		return Summary{}, fmt.Errorf("read the plan: %w", err)
	}
	s := summariser{room: maxSummary, list: maxList}
	s.mask = alsoHiding(plan.secrets(), mask)
	s.out = Summary{Resources: []Resource{}, Outputs: []Output{}, Drift: []Resource{}}
	s.out.Bound.Version = plan.Version
	s.out.Bound.Variables = digest(plan, key)
	if len(plan.Resources) > maxResources {
		// What does not fit shall not be what is destroyed.
		slices.SortStableFunc(plan.Resources, func(a, b resourceJSON) int { return harm(a) - harm(b) })
	}
	for _, r := range plan.Resources {
		s.resource(r)
	}
	for _, r := range plan.Drift {
		s.drift(r)
	}
	for _, name := range apps.Names(plan.Outputs) {
		s.output(name, plan.Outputs[name])
	}
	return s.out, nil
}

// minSecret is the length from which a sensitive value is looked for elsewhere.
const minSecret = 4

// secrets lists the texts that the plan calls sensitive anywhere. A program loses
// track of them: what a resource computes from a sensitive value is often not
// called sensitive itself.
func (p *planJSON) secrets() []string {
	found := map[string]bool{}
	for _, list := range [][]resourceJSON{p.Resources, p.Drift} {
		for _, r := range list {
			collect(found, decode(r.Change.Before), decode(r.Change.BeforeSensitive))
			collect(found, decode(r.Change.After), decode(r.Change.AfterSensitive))
		}
	}
	for _, c := range p.Outputs {
		collect(found, decode(c.Before), decode(c.BeforeSensitive))
		collect(found, decode(c.After), decode(c.AfterSensitive))
	}
	for name, v := range p.Config.Root.Variables {
		if v.Sensitive {
			collect(found, decode(p.Variables[name].Value), true)
		}
	}
	texts := apps.Names(found)
	slices.SortStableFunc(texts, func(a, b string) int { return len(b) - len(a) }) // a longer one may hold a shorter one
	return texts
}

func collect(found map[string]bool, v, sensitive any) {
	switch v := v.(type) {
	case map[string]any:
		for name, part := range v {
			collect(found, part, child(sensitive, name))
		}
	case []any:
		for i, part := range v {
			collect(found, part, child(sensitive, i))
		}
	case string:
		if sensitive == true && utf8.RuneCountInString(v) >= minSecret {
			found[v] = true
		}
	case json.Number:
		if sensitive == true && len(v) >= minSecret {
			found[v.String()] = true
		}
	}
}

// alsoHiding adds texts to those that mask hides.
func alsoHiding(texts []string, mask func(string) string) func(string) string {
	if len(texts) == 0 {
		return mask
	}
	pairs := make([]string, 0, 2*len(texts))
	for _, text := range texts {
		pairs = append(pairs, text, Sensitive)
	}
	hide := strings.NewReplacer(pairs...)
	return func(text string) string { return mask(hide.Replace(text)) }
}

type summariser struct {
	out  Summary
	mask func(string) string
	room int // for values
	list int // for what says which resources
}

// harm orders resources: those that lose something come first.
func harm(r resourceJSON) int {
	switch {
	case slices.Contains(r.Change.Actions, "delete"):
		return 0
	case slices.Contains(r.Change.Actions, "forget"):
		return 1
	case slices.Contains(r.Change.Actions, "no-op"):
		return 3
	}
	return 2
}

// fits takes room for an entry of a list.
func (s *summariser) fits(r resourceJSON) bool {
	s.list -= 200 + len(r.Address) + len(r.Previous) + len(r.Module) + len(r.Type) + len(r.Name)
	if s.list < 0 {
		s.out.Truncated = true
	}
	return s.list >= 0
}

func (s *summariser) resource(r resourceJSON) {
	action := s.count(r)
	if action == "" {
		return
	}
	if len(s.out.Resources) == maxResources {
		s.out.Truncated = true
		return
	}
	if !s.fits(r) {
		return
	}
	res := s.describe(r, action)
	if r.Mode != "data" {
		res.Changes, res.Unchanged = s.attributes(r.Change)
	}
	s.out.Resources = append(s.out.Resources, res)
}

func (s *summariser) describe(r resourceJSON, action string) Resource {
	return Resource{
		Address: s.mask(r.Address), Previous: s.mask(r.Previous), Module: s.mask(r.Module), Mode: r.Mode, Type: r.Type, Name: r.Name,
		Actions: slices.Concat([]string{}, r.Change.Actions), Action: action, Reason: r.Reason, Import: given(r.Change.Importing),
	}
}

func given(raw json.RawMessage) bool {
	return len(raw) > 0 && !bytes.Equal(raw, []byte("null"))
}

// count adds a resource to the counts and gives the word for what happens to it,
// "" for nothing.
func (s *summariser) count(r resourceJSON) string {
	imports, moves := given(r.Change.Importing), r.Previous != "" && r.Previous != r.Address
	if imports {
		s.out.Import++
	}
	if moves {
		s.out.Move++
	}
	switch strings.Join(r.Change.Actions, ",") {
	case "create":
		s.out.Add++
		return "create"
	case "update":
		s.out.Change++
		return "update"
	case "delete":
		s.out.Destroy++
		return "delete"
	case "delete,create", "create,delete":
		s.out.Add++
		s.out.Destroy++
		s.out.Replace++
		return "replace"
	case "forget,create", "create,forget":
		s.out.Add++
		s.out.Forget++
		return "replace"
	case "forget":
		s.out.Forget++
		return "forget"
	case "read":
		s.out.Read++
		return "read"
	case "no-op", "":
	default:
		return strings.Join(r.Change.Actions, ",")
	}
	switch {
	case imports:
		return "import"
	case moves:
		return "move"
	}
	return ""
}

func (s *summariser) drift(r resourceJSON) {
	action := strings.Join(r.Change.Actions, ",")
	if action == "no-op" || action == "" {
		return
	}
	if len(s.out.Drift) == maxResources {
		s.out.Truncated = true
		return
	}
	if !s.fits(r) {
		return
	}
	s.out.Drift = append(s.out.Drift, s.describe(r, action))
}

func (s *summariser) output(name string, c changeJSON) {
	action := strings.Join(c.Actions, ",")
	if action == "no-op" || action == "" {
		return
	}
	s.out.OutputsChanged++
	if len(s.out.Outputs) == maxOutputs {
		s.out.Truncated = true
		return
	}
	before := hide(decode(c.Before), decode(c.BeforeSensitive), nil)
	after := hide(decode(c.After), decode(c.AfterSensitive), decode(c.AfterUnknown))
	s.out.Outputs = append(s.out.Outputs, Output{Name: name, Action: action, Before: s.value(before), After: s.value(after)})
}

// attributes compares the attributes of a resource.
func (s *summariser) attributes(c changeJSON) (changes []Attribute, unchanged int) {
	before, after := fields(c.Before), fields(c.After)
	unknown, hiddenBefore, hiddenAfter := decode(c.AfterUnknown), decode(c.BeforeSensitive), decode(c.AfterSensitive)
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	if m, ok := unknown.(map[string]any); ok {
		for name := range m {
			names[name] = true
		}
	}
	for _, name := range apps.Names(names) {
		if same(before[name], after[name]) && !anyTrue(child(unknown, name)) {
			if given(before[name]) {
				unchanged++
			}
			continue
		}
		if s.room -= len(name) + 60; s.room < 0 {
			s.out.Truncated = true
			break
		}
		changes = append(changes, Attribute{
			Name:     name,
			Before:   s.value(hide(decode(before[name]), child(hiddenBefore, name), nil)),
			After:    s.value(hide(decode(after[name]), child(hiddenAfter, name), child(unknown, name))),
			Replaces: slices.ContainsFunc(c.ReplacePaths, func(p []any) bool { return len(p) > 0 && p[0] == any(name) }),
		})
	}
	return changes, unchanged
}

func fields(raw json.RawMessage) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil {
		return nil
	}
	return m
}

func same(a, b json.RawMessage) bool {
	if !given(a) && !given(b) {
		return true
	}
	return bytes.Equal(a, b)
}

// decode reads a value and keeps numbers as they were written.
func decode(raw json.RawMessage) any {
	if len(raw) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// child descends into a value that says which parts are sensitive or unknown.
// True covers all below it.
func child(v any, key any) any {
	switch v := v.(type) {
	case bool:
		return v
	case map[string]any:
		if name, ok := key.(string); ok {
			return v[name]
		}
	case []any:
		if i, ok := key.(int); ok && i < len(v) {
			return v[i]
		}
	}
	return nil
}

func anyTrue(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case map[string]any:
		for _, c := range v {
			if anyTrue(c) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, anyTrue)
	}
	return false
}

// hide replaces what is sensitive or unknown. A value whose parts cannot be
// matched with what is said about them is hidden as a whole.
func hide(v, sensitive, unknown any) any {
	if sensitive == true {
		return Sensitive
	}
	if unknown == true {
		return Unknown
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, part := range v {
			out[name] = hide(part, child(sensitive, name), child(unknown, name))
		}
		if u, ok := unknown.(map[string]any); ok {
			for name, part := range u {
				if _, have := out[name]; !have && anyTrue(part) {
					out[name] = hide(nil, child(sensitive, name), part)
				}
			}
		}
		if s, ok := sensitive.([]any); ok && anyTrue(s) {
			return Sensitive
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, part := range v {
			out[i] = hide(part, child(sensitive, i), child(unknown, i))
		}
		if s, ok := sensitive.(map[string]any); ok && anyTrue(s) {
			return Sensitive
		}
		return out
	case nil:
		if anyTrue(unknown) {
			return Unknown
		}
		return nil
	}
	if anyTrue(sensitive) {
		return Sensitive
	}
	return v
}

// value writes a value with known secrets hidden and its size bounded.
func (s *summariser) value(v any) json.RawMessage {
	if v == nil {
		return json.RawMessage("null")
	}
	text, err := encode(Mask(v, s.mask))
	if err != nil {
		return json.RawMessage("null")
	}
	if len(text) > maxAttribute {
		s.out.Truncated = true
		text, _ = encode(cut(string(text), maxAttribute) + "…") // a string always encodes
	}
	if s.room -= len(text); s.room < 0 {
		s.out.Truncated = true
		return json.RawMessage(`"…"`)
	}
	return text
}

func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

// Mask hides known secrets in every text, name and number of a decoded value.
func Mask(v any, mask func(string) string) any {
	switch v := v.(type) {
	case string:
		return mask(v)
	case json.Number:
		if text := mask(v.String()); text != v.String() {
			return text
		}
		return v
	case []any:
		out := make([]any, len(v))
		for i, part := range v {
			out[i] = Mask(part, mask)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, part := range v {
			out[mask(name)] = Mask(part, mask)
		}
		return out
	}
	return v
}

// digest is keyed, because values may be short enough to be guessed.
func digest(plan planJSON, key []byte) string {
	h := hmac.New(sha256.New, key)
	for _, name := range apps.Names(plan.Variables) {
		text, err := encode(decode(plan.Variables[name].Value)) // names of objects in order
		if err != nil {
			continue
		}
		_, _ = fmt.Fprintf(h, "%d %s %d ", len(name), name, len(text)) // a hash takes everything
		_, _ = h.Write(text)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// maxStateHead bounds what is read of the state in a plan file.
const maxStateHead = 64 << 20

// StateOf reads which state a plan file was made from. Known is false when the
// file does not tell.
func StateOf(planFile string) (serial int64, lineage string, known bool) {
	z, err := zip.OpenReader(planFile)
	if err != nil {
		return 0, "", false
	}
	defer z.Close()
	f, err := z.Open("tfstate")
	if err != nil {
		return 0, "", false
	}
	defer f.Close()
	var state struct {
		Serial  *int64 `json:"serial"`
		Lineage string `json:"lineage"`
	}
	if json.NewDecoder(io.LimitReader(f, maxStateHead)).Decode(&state) != nil || state.Serial == nil {
		return 0, "", false
	}
	return *state.Serial, state.Lineage, true
}

// Outputs reads what Output printed, for the result of the run: values that are
// not sensitive, masked and bounded like those of a plan.
func Outputs(text []byte, mask func(string) string) ([]OutputValue, bool, error) {
	var all map[string]struct {
		Sensitive bool            `json:"sensitive"`
		Type      json.RawMessage `json:"type"`
		Value     json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, false, fmt.Errorf("read the outputs: %w", err)
	}
	s := summariser{mask: mask, room: maxSummary}
	list := []OutputValue{}
	for _, name := range apps.Names(all) {
		if len(list) == maxOutputs {
			s.out.Truncated = true
			break
		}
		o := all[name]
		list = append(list, OutputValue{Name: name, Sensitive: o.Sensitive, Type: o.Type, Value: s.value(hide(decode(o.Value), o.Sensitive, nil))})
	}
	return list, s.out.Truncated, nil
}

// OutputValue is an output after an apply.
type OutputValue struct {
	Name      string          `json:"name"`
	Sensitive bool            `json:"sensitive"`
	Type      json.RawMessage `json:"type"`
	Value     json.RawMessage `json:"value"`
}

// TakesVariablesWithPlan reports whether the version of the program, as a plan
// names it, takes variables beside a saved plan. OpenTofu refuses them before
// 1.11, Terraform before 1.10; to 1.10, the environment gives ephemeral ones.
func TakesVariablesWithPlan(version string) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, errA := strconv.Atoi(major)
	b, errB := strconv.Atoi(minor)
	return errA == nil && errB == nil && (a > 1 || a == 1 && b >= 11)
}
