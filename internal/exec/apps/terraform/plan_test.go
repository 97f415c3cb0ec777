package terraform_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signalbox/internal/exec/apps/terraform"
)

func noMask(text string) string { return text }

// everyAction is a plan that has one of each.
const everyAction = `{"terraform_version":"1.12.6",
"variables":{"a":{"value":1},"pw":{"value":"top-hidden"}},
"configuration":{"root_module":{"variables":{"pw":{"sensitive":true}}}},
"resource_changes":[
 {"address":"x.create","mode":"managed","type":"x","name":"create","change":{"actions":["create"],"before":null,"after":{"n":1.50,"l":[1,{"k":"v"}]},"after_unknown":{"id":true,"l":[false,{"u":true}]},"after_sensitive":{"l":[false,{}]}}},
 {"address":"x.update","mode":"managed","type":"x","name":"update","change":{"actions":["update"],"before":{"a":1,"same":[1],"none":null,"s":"old-hidden"},"after":{"a":2,"same":[1],"none":null,"s":"new-hidden"},"after_unknown":{},"before_sensitive":{"s":true},"after_sensitive":{"s":true}}},
 {"address":"module.m[\"k\"].x.replace","module_address":"module.m[\"k\"]","mode":"managed","type":"x","name":"replace","action_reason":"replace_because_cannot_update","change":{"actions":["delete","create"],"before":{"ami":"a","copy":"has old-hidden in it"},"after":{"ami":"b","copy":"top-hidden"},"after_unknown":{},"before_sensitive":{},"after_sensitive":{},"replace_paths":[["ami"]]}},
 {"address":"x.delete","mode":"managed","type":"x","name":"delete","change":{"actions":["delete"],"before":{"a":1},"after":null,"before_sensitive":{},"after_sensitive":false}},
 {"address":"x.forget","mode":"managed","type":"x","name":"forget","change":{"actions":["forget"],"before":{"a":1},"after":null}},
 {"address":"x.import","mode":"managed","type":"x","name":"import","change":{"actions":["no-op"],"before":{"a":1},"after":{"a":1},"importing":{"id":"i"}}},
 {"address":"x.moved","previous_address":"x.before","mode":"managed","type":"x","name":"moved","change":{"actions":["no-op"],"before":{"a":1},"after":{"a":1}}},
 {"address":"x.nothing","mode":"managed","type":"x","name":"nothing","change":{"actions":["no-op"],"before":{"a":1},"after":{"a":1}}},
 {"address":"data.x.read","mode":"data","type":"x","name":"read","change":{"actions":["read"],"before":null,"after":{"a":1},"after_unknown":{"b":true}}}],
"resource_drift":[{"address":"x.drift","mode":"managed","type":"x","name":"drift","change":{"actions":["update"],"before":{"a":1},"after":{"a":2}}}],
"output_changes":{"o":{"actions":["create"],"before":null,"after":"v","after_unknown":false,"before_sensitive":false,"after_sensitive":false},
 "p":{"actions":["create"],"before":null,"after":"out-hidden","after_sensitive":true},
 "u":{"actions":["create"],"before":null,"after_unknown":true},
 "n":{"actions":["no-op"],"before":1,"after":1}}}`

func TestSummarise(t *testing.T) {
	t.Parallel()
	got, err := terraform.Summarise([]byte(everyAction), noMask, []byte("key"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(got, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "hidden") {
		t.Errorf("a sensitive value is told:\n%s", text)
	}
	path := filepath.Join("testdata", "summary.golden")
	if *update {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != string(want) {
		t.Errorf("differs from %s (run with -update to accept):\n%s", path, text)
	}
	other, err := terraform.Summarise([]byte(everyAction), noMask, []byte("another key"))
	if err != nil || other.Bound.Variables == got.Bound.Variables {
		t.Error("the digest of the variables does not depend on the key")
	}
	if _, err := terraform.Summarise([]byte("{"), noMask, nil); err == nil {
		t.Error("half a plan was taken")
	}
}

// TestSummarise_Masks hides secrets that are known, whatever the plan says.
func TestSummarise_Masks(t *testing.T) {
	t.Parallel()
	mask := func(text string) string { return strings.NewReplacer("known", "***", "4711", "***").Replace(text) }
	got, err := terraform.Summarise([]byte(`{"resource_changes":[{"address":"x.a[\"known\"]","mode":"managed","change":{"actions":["create"],"after":{"known":"is known","n":4711}}}],
		"output_changes":{"o":{"actions":["create"],"after":["known"]}}}`), mask, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	// Names of attributes are those of a schema; those within values are not.
	if strings.Contains(strings.ReplaceAll(string(text), `"name":"known"`, ""), "known") || strings.Contains(string(text), "4711") {
		t.Errorf("%s", text)
	}
}

// TestSummarise_Bounded: however large a plan is, what is stored is not, and the
// counts are right.
func TestSummarise_Bounded(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(`{"resource_changes":[`)
	const n = 2500
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		big := "b"
		if i < 200 {
			big = strings.Repeat("ü", 2500)
		}
		fmt.Fprintf(&b, `{"address":"x.a[%d]","mode":"managed","type":"x","name":"a","change":{"actions":["create"],"after":{"big":%q,"small":"s"}}}`, i, big)
	}
	b.WriteString(`,{"address":"x.gone","mode":"managed","change":{"actions":["delete"],"before":{}}}]}`)
	got, err := terraform.Summarise([]byte(b.String()), noMask, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if got.Resources[0].Address != "x.gone" {
		t.Errorf("what is destroyed may be left out: %+v", got.Resources[0])
	}
	if got.Add != n || !got.Truncated || len(got.Resources) >= n || len(text) > 2<<20 {
		t.Errorf("%d to add, truncated %v, %d resources, %d bytes", got.Add, got.Truncated, len(got.Resources), len(text))
	}
}

func TestOutputs(t *testing.T) {
	t.Parallel()
	got, truncated, err := terraform.Outputs([]byte(`{"b":{"sensitive":true,"type":"string","value":"hidden"},"a":{"sensitive":false,"type":["list","number"],"value":[1,2.50]}}`), noMask)
	text, _ := json.Marshal(got) // compared below
	if want := `[{"name":"a","sensitive":false,"type":["list","number"],"value":[1,2.50]},{"name":"b","sensitive":true,"type":"string","value":"(sensitive)"}]`; err != nil || truncated || string(text) != want {
		t.Errorf("%v %v %s", err, truncated, text)
	}
}

func TestStateOf_NoPlan(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "plan")
	if err := os.WriteFile(path, []byte("encrypted"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, known := terraform.StateOf(path); known {
		t.Error("a file that is no plan told a state")
	}
}

func FuzzSummarise(f *testing.F) {
	f.Add(everyAction)
	f.Add(`{"resource_changes":[{"change":{"actions":["update"],"before":{"a":[1]},"after":{"a":{"b":"sEcReT"}},"after_sensitive":{"a":[true]},"before_sensitive":{"a":{"x":true}}}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := terraform.Summarise([]byte(text), noMask, nil)
		if err != nil {
			return
		}
		if _, err := json.Marshal(got); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
