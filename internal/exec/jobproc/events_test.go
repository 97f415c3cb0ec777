package jobproc

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"signalbox/internal/ansibleresult"
	"signalbox/internal/exec/joblog"
	"signalbox/internal/job"
	"signalbox/internal/logchunk"
)

// keeper is a journal in memory.
type keeper struct {
	mu    sync.Mutex
	lines []string
	fail  error
	gate  chan struct{} // not nil: every append takes from it first
}

func (k *keeper) Append(records ...job.Record) error {
	if k.gate != nil {
		<-k.gate
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fail != nil {
		return k.fail
	}
	for _, r := range records {
		lines, err := logchunk.Decode(*r.Results)
		if err != nil {
			return err
		}
		for _, l := range lines {
			if want := int64(len(k.lines) + 1); l.Seq != want {
				return fmt.Errorf("event %d has number %d", want, l.Seq)
			}
			k.lines = append(k.lines, string(l.Text))
		}
	}
	return nil
}

func newEvents(t testing.TB, sink eventSink) *eventReader {
	t.Helper()
	if sink.count == nil {
		sink.count = &ansibleresult.Counter{}
	}
	if sink.failed == nil {
		sink.failed = func(err error) { t.Error(err) }
	}
	r, err := readEvents(filepath.Join(t.TempDir(), "events"), sink)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tell writes as a program would: from a descriptor that waits.
func tell(t testing.TB, path string, text []byte) {
	t.Helper()
	fd, err := syscall.Open(path, syscall.O_WRONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer syscall.Close(fd)
	for len(text) > 0 {
		n, err := syscall.Write(fd, text)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			t.Error(err)
			return
		}
		text = text[n:]
	}
}

func result(i int, more string) string {
	return fmt.Sprintf(`{"k":"result","t":%d,"p":1,"i":%d,"h":"host-%d","s":"ok","d":%d%s}`, 1795448735299+i, 1+i/100, i%100, 1+i%5000, more)
}

// TestEvents_SlowJournal: the writer waits, and nothing is lost.
func TestEvents_SlowJournal(t *testing.T) {
	t.Parallel()
	const n = 50_000
	gate := make(chan struct{})
	k := &keeper{gate: gate}
	r := newEvents(t, eventSink{journal: k})
	var want []string
	var text bytes.Buffer
	for i := range n {
		line := result(i, `,"m":"`+strings.Repeat("x", i%200)+`"`)
		if i%200 == 0 {
			line = result(i, "")
		}
		want = append(want, line)
		text.WriteString(line + "\n")
	}
	if text.Len() < 4*pipeSize {
		t.Fatal("everything fits into the pipe")
	}
	told := make(chan struct{})
	go func() {
		defer close(told)
		tell(t, r.path, text.Bytes())
	}()
	gate <- struct{}{} // one chunk is stored, and the next waits
	select {
	case <-told:
		t.Error("the writer did not wait")
	default:
	}
	close(gate)
	<-told
	r.close()
	if strings.Join(k.lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("%d lines came, want %d", len(k.lines), n)
	}
}

// TestEvents_BrokenJournal: the program is told nothing, its output goes on.
func TestEvents_BrokenJournal(t *testing.T) {
	t.Parallel()
	k := &keeper{fail: unix.ENOSPC}
	var failures []error
	count := &ansibleresult.Counter{}
	r := newEvents(t, eventSink{journal: k, count: count, failed: func(err error) { failures = append(failures, err) }})
	for i := range 30_000 {
		if i%10_000 == 0 {
			tell(t, r.path, []byte(strings.Repeat(result(i, "")+"\n", 10_000)))
		}
	}
	r.close()
	if len(failures) != 1 || !errors.Is(failures[0], unix.ENOSPC) {
		t.Errorf("failures %v", failures)
	}
	if totals := count.Totals(); !totals.Truncated || totals.Hosts[0].OK != 30_000 {
		t.Errorf("totals %+v", totals)
	}
}

func TestEvents_Rubbish(t *testing.T) {
	t.Parallel()
	k := &keeper{}
	count := &ansibleresult.Counter{}
	masker := joblog.NewMasker([]string{"sup3r-\"secret\""})
	r := newEvents(t, eventSink{journal: k, count: count, mask: masker.Text})
	long := strings.Repeat("x", maxEventLine+100<<10)
	tell(t, r.path, []byte("rubbish\n\n{}\n"+result(1, "")+"\n"+long+"\n"+result(2, `,"m":"a sup3r-\"secret\" \u00e4"`)+"\n"+result(3, "")))
	r.close()
	want := []string{result(1, ""), result(2, `,"m":"a *** ä"`)}
	if strings.Join(k.lines, "\n") != strings.Join(want, "\n") || r.invalid != 4 {
		t.Errorf("%d invalid, lines\n%s", r.invalid, strings.Join(k.lines, "\n"))
	}
	if !count.Totals().Truncated {
		t.Error("that something is missing is not said")
	}
}

// BenchmarkEvents reads events from the pipe, checks, masks and counts them and
// stores them in a journal.
func BenchmarkEvents(b *testing.B) {
	const n = 100_000
	var text bytes.Buffer
	for i := range n {
		more := ""
		if i%4 == 0 {
			more = `,"c":true,"m":"All items completed"`
		}
		text.WriteString(result(i, more) + "\n")
	}
	for _, secrets := range []int{0, 50} {
		b.Run(fmt.Sprintf("secrets=%d", secrets), func(b *testing.B) {
			var list []string
			for i := range secrets {
				list = append(list, fmt.Sprintf("secret-%d-%x", i, i*7919))
			}
			var mask func(string) string
			if masker := joblog.NewMasker(list); masker != nil {
				mask = masker.Text
			}
			var size int64
			var used unix.Rusage
			_ = unix.Getrusage(unix.RUSAGE_SELF, &used)
			for b.Loop() {
				dir := b.TempDir()
				journal, err := job.CreateJournal(dir, nil)
				if err != nil {
					b.Fatal(err)
				}
				count := &ansibleresult.Counter{}
				r := newEvents(b, eventSink{journal: journal, count: count, mask: mask})
				tell(b, r.path, text.Bytes())
				r.close()
				info, err := os.Stat(filepath.Join(dir, job.JournalFile))
				if err != nil {
					b.Fatal(err)
				}
				size = info.Size()
				if len(count.Totals().Hosts) != 100 {
					b.Fatal("hosts are missing")
				}
				_ = journal.Close()
			}
			cpu := unix.Rusage{}
			_ = unix.Getrusage(unix.RUSAGE_SELF, &cpu)
			spent := float64(cpu.Utime.Nano()+cpu.Stime.Nano()-used.Utime.Nano()-used.Stime.Nano()) / 1e9
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(float64(n*b.N)/spent, "events/cpu-s")
			b.ReportMetric(float64(size)/n, "journal-B/event")
		})
	}
}
