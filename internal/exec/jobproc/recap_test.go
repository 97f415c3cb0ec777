package jobproc

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"signalbox/internal/ansibleresult"
)

const printed = "\x1b[0;34mUsing /etc/ansible/ansible.cfg as config file\x1b[0m\r\n" +
	"PLAY [all] ****\r\n\r\nTASK [first [x]] ******\r\n" +
	"\x1b[0;32mok: [a]\x1b[0m\r\n" +
	"[ERROR]: Task failed: Module failed: non-zero return code\r\nOrigin: site.yml:4:7\r\n\r\n" +
	"\x1b[0;31mfatal: [b -> c(10.0.0.1)]: FAILED! => {\"msg\": \"no\"}\x1b[0m\r\n" +
	"\x1b[0;36m...ignoring\x1b[0m\r\n" +
	"\r\nRUNNING HANDLER [second] ****\r\n" +
	"fatal: [b]: FAILED! => {\"msg\": \"bad\"}\n" +
	"fatal: [fe80::1]: UNREACHABLE! => {\"msg\": \"gone\"}\n" +
	"\nPLAY RECAP *****\r\n" +
	"\x1b[0;32ma\x1b[0m                          : \x1b[0;32mok=13  \x1b[0m changed=5    unreachable=0    failed=0    skipped=2    rescued=1    ignored=1   \r\n" +
	"\x1b[0;31mfe80::1\x1b[0m : ok=0 changed=0 unreachable=1 failed=0\r\n"

// read gives the output to a recap in pieces of a size.
func read(text string, size int) *recap {
	r := &recap{}
	for len(text) > 0 {
		n := min(size, len(text))
		_, _ = r.Write([]byte(text[:n]))
		text = text[n:]
	}
	r.finish()
	return r
}

func TestRecap(t *testing.T) {
	t.Parallel()
	mask := func(text string) string { return strings.ReplaceAll(text, "bad", "***") }
	want := ansibleresult.Totals{
		Hosts: []ansibleresult.HostTotals{{Host: "a", OK: 13, Changed: 5, Skipped: 2, Rescued: 1, Ignored: 1}, {Host: "fe80::1", Unreachable: 1}},
		Errors: []ansibleresult.HostError{
			{Host: "b", Task: "second", Error: `{"msg": "***"}`},
			{Host: "fe80::1", Task: "second", Error: `{"msg": "gone"}`, Unreachable: true},
		},
	}
	for _, size := range []int{1, 7, 100, len(printed)} {
		if got := read(printed, size).merge(&ansibleresult.Counter{}, mask, true); !reflect.DeepEqual(got, want) {
			t.Errorf("in pieces of %d:\n%+v, want\n%+v", size, got, want)
		}
	}
}

// TestRecap_EventsKnowBetter: what was printed counts only where no event came.
func TestRecap_EventsKnowBetter(t *testing.T) {
	t.Parallel()
	same := func(text string) string { return text }
	count := &ansibleresult.Counter{}
	for _, e := range []ansibleresult.Event{
		{Kind: ansibleresult.KindStart},
		{Kind: ansibleresult.KindResult, Task: 1, Host: "a", Status: ansibleresult.OK},
	} {
		count.Add(&e)
	}
	if got := read("ERROR! the roof is on fire\n\x1b[0;31mcall somebody\n", 5).merge(count, same, true); len(got.Hosts) != 1 ||
		!reflect.DeepEqual(got.Errors, []ansibleresult.HostError{{Error: "the roof is on fire\ncall somebody"}}) {
		t.Errorf("an error of the run: %+v", got)
	}
	count.Add(&ansibleresult.Event{Kind: ansibleresult.KindStats, Host: "a", Counts: &[7]int{9}})
	count.Add(&ansibleresult.Event{Kind: ansibleresult.KindEnd})
	if got := read(printed, 100).merge(count, same, false); len(got.Hosts) != 1 || got.Hosts[0].OK != 9 {
		t.Errorf("totals %+v", got)
	}
}

func FuzzRecap(f *testing.F) {
	f.Add(printed, 10)
	f.Add("ERROR! x\n\n\x1b[", 1)
	f.Fuzz(func(t *testing.T, text string, size int) {
		if size < 1 || size > 1<<16 {
			return
		}
		same := func(text string) string { return text }
		got := read(text, size).merge(&ansibleresult.Counter{}, same, true)
		if whole := read(text, len(text)+1).merge(&ansibleresult.Counter{}, same, true); !reflect.DeepEqual(got, whole) {
			t.Fatalf("in pieces of %d %+v, whole %+v", size, got, whole)
		}
	})
}

// BenchmarkRecap looks at output that is not meant for it.
func BenchmarkRecap(b *testing.B) {
	var text strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&text, "\x1b[0;32mok: [web-%02d] => (item=%d)\x1b[0m\r\n", i%100, i)
	}
	out := []byte(text.String())
	b.SetBytes(int64(len(out)))
	for b.Loop() {
		r := &recap{}
		_, _ = r.Write(out)
	}
}
