package jobproc_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"signalbox/internal/job"
)

// million prints a million different lines of 80 bytes as fast as a program
// can.
const million = `cat lines.txt`

func millionLines(b *testing.B, dir string) {
	b.Helper()
	f, err := os.Create(filepath.Join(dir, "lines.txt"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	random := rand.New(rand.NewPCG(1, 2))
	hosts := []string{"web-01", "web-02", "db-01", "cache-7"}
	buf := make([]byte, 0, 1<<20)
	for i := range 1_000_000 {
		line := fmt.Sprintf("2026-11-23T12:%02d:%02d ok: [%s] task %07d changed=%v took %4dms", i/60000%60, i/1000%60, hosts[random.IntN(4)], i, random.IntN(2) == 0, random.IntN(5000))
		line = fmt.Sprintf("%-79.79s\n", line)
		buf = append(buf, line...)
		if len(buf) > 1<<20-100 || i == 999_999 {
			if _, err := f.Write(buf); err != nil {
				b.Fatal(err)
			}
			buf = buf[:0]
		}
	}
}

// BenchmarkMillionLines compares a job with the same program writing through a
// pty into a file.
func BenchmarkMillionLines(b *testing.B) {
	for _, secrets := range []int{0, 50} {
		b.Run(fmt.Sprintf("job/secrets=%d", secrets), func(b *testing.B) {
			spec := bashSpec(b, million)
			millionLines(b, spec.Repository.URL)
			spec.SecretVars = map[string]json.RawMessage{}
			for i := range secrets {
				spec.SecretVars[fmt.Sprintf("S%d", i)] = json.RawMessage(fmt.Sprintf(`"secret-%d-%x"`, i, i*7919))
			}
			var size, peak int64
			for b.Loop() {
				dir, p := start(b, spec)
				peak = max(peak, watchMemory(p))
				wait(b, p)
				info, err := os.Stat(filepath.Join(dir, job.JournalFile))
				if err != nil {
					b.Fatal(err)
				}
				size = info.Size()
				b.StopTimer()
				if out := readJournal(b, dir); out.end.Lines != 1_000_000 {
					b.Fatalf("%d lines", out.end.Lines)
				}
				b.StartTimer()
			}
			b.ReportMetric(float64(size)/1e6, "journal-B/line")
			b.ReportMetric(float64(peak)/1024, "MiB-rss")
		})
	}
	b.Run("pty-to-file", func(b *testing.B) {
		spec := bashSpec(b, million)
		millionLines(b, spec.Repository.URL)
		for b.Loop() {
			ptyToFile(b, spec.Repository.URL)
		}
	})
}

// watchMemory follows the peak memory of a job, in KiB, until it is gone. What
// wait reports is no use: it begins with that of the process that forked.
func watchMemory(p *job.Process) (peak int64) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.Done():
			return peak
		case <-tick.C:
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
		if err != nil {
			continue
		}
		if _, rest, ok := strings.Cut(string(text), "VmHWM:"); ok {
			var kib int64
			if _, err := fmt.Sscan(rest, &kib); err == nil {
				peak = max(peak, kib)
			}
		}
	}
}

func ptyToFile(b *testing.B, dir string) {
	b.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		b.Fatal(err)
	}
	mode, _ := unix.IoctlGetTermios(int(slave.Fd()), unix.TCGETS)
	mode.Oflag &^= unix.OPOST
	_ = unix.IoctlSetTermios(int(slave.Fd()), unix.TCSETS, mode)
	cmd := exec.Command("bash", "script.sh")
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, slave, slave
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	_ = slave.Close()
	out, err := os.Create(filepath.Join(b.TempDir(), "out"))
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 64<<10)
	for {
		n, err := master.Read(buf)
		if _, werr := out.Write(buf[:n]); werr != nil {
			b.Fatal(werr)
		}
		if errors.Is(err, unix.EIO) || errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if err := cmd.Wait(); err != nil {
		b.Fatal(err)
	}
	_, _ = out.Close(), master.Close()
}

// BenchmarkTrivial is the whole life of "true": from Start to the process gone.
func BenchmarkTrivial(b *testing.B) {
	spec := bashSpec(b, "true")
	var times []time.Duration
	root := b.TempDir()
	exe := executable(b)
	i := 0
	for b.Loop() {
		began := time.Now()
		i++
		p, err := job.Start(b.Context(), job.StartOptions{Executable: exe, Dir: filepath.Join(root, fmt.Sprint(i)), Spec: spec})
		if err != nil {
			b.Fatal(err)
		}
		<-p.Conn.Gone()
		times = append(times, time.Since(began))
		wait(b, p)
		_ = p.Conn.Close()
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds()), "p99-µs")
}

// BenchmarkTrivialGit is the same with an unchanged repository behind file://.
func BenchmarkTrivialGit(b *testing.B) {
	spec := gitSpec(b, "file://"+remote(b, "true"), "file")
	exe := executable(b)
	root := b.TempDir()
	i := 0
	for b.Loop() {
		i++
		p, err := job.Start(b.Context(), job.StartOptions{Executable: exe, Dir: filepath.Join(root, fmt.Sprint(i)), Spec: spec})
		if err != nil {
			b.Fatal(err)
		}
		wait(b, p)
		_ = p.Conn.Close()
	}
}

// BenchmarkPing is a playbook with one ping, as a job and bare. Both are run in
// turn, so that what else the machine does weighs on both alike.
func BenchmarkPing(b *testing.B) {
	playbook := need(b, "ansible-playbook")
	spec := ansibleSpec(b, "- hosts: all\n  gather_facts: false\n  tasks: [{ansible.builtin.ping: {}}]\n")
	spec.Inventory = nil
	spec.Host.HomeMode = "user_home"
	// Bare gets the same inventory, with which it need not look for a Python.
	inventory := filepath.Join(b.TempDir(), "hosts")
	write(b, inventory, "localhost ansible_connection=local ansible_python_interpreter=\"{{ ansible_playbook_python }}\"\n")
	bare := func() time.Duration {
		cmd := exec.Command(playbook, "-i", inventory, "site.yml")
		cmd.Dir = spec.Repository.URL
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Fatalf("%v\n%s", err, out)
		}
		return time.Since(began)
	}
	root, exe, i := b.TempDir(), executable(b), 0
	whole := func() time.Duration {
		i++
		dir := filepath.Join(root, fmt.Sprint(i))
		began := time.Now()
		p, err := job.Start(b.Context(), job.StartOptions{Executable: exe, Dir: dir, Spec: spec})
		if err != nil {
			b.Fatal(err)
		}
		<-p.Conn.Gone()
		took := time.Since(began)
		wait(b, p)
		_ = p.Conn.Close()
		if out := playedIn(b, dir); out.end.Status != "success" || len(out.cells()) != 1 {
			b.Fatalf("%+v\n%s", out.end, out.output)
		}
		return took
	}
	bare()
	var jobs, bares []time.Duration
	for b.Loop() {
		bares = append(bares, bare())
		jobs = append(jobs, whole())
	}
	slices.Sort(jobs)
	slices.Sort(bares)
	b.ReportMetric(float64(jobs[len(jobs)/2].Milliseconds()), "job-p50-ms")
	b.ReportMetric(float64(bares[len(bares)/2].Milliseconds()), "bare-p50-ms")
	b.ReportMetric(float64(jobs[0].Milliseconds()), "job-min-ms")
	b.ReportMetric(float64(bares[0].Milliseconds()), "bare-min-ms")
}
