package dbserver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"signalbox/internal/testkit"
)

// victimEnv names the server that a test binary starts in order to be killed.
const victimEnv = "DBSERVER_TEST_VICTIM"

func TestServers_EndWithAKilledTestBinary(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"postgres", "mysql"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "postgres" {
				program(t, "postgres")
			} else {
				testkit.RequireTool(t, "mariadbd")
			}
			// The victim cannot tidy up, and names of sockets must be short.
			dir, err := os.MkdirTemp("", "v")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := os.RemoveAll(dir); err != nil {
					t.Error(err)
				}
			})
			if err := os.Chmod(dir, 0o755); err != nil { // the server may be another user's
				t.Fatal(err)
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestVictim$", "-test.count=1")
			cmd.Env = append(os.Environ(), victimEnv+"="+name, "TMPDIR="+dir)
			cmd.Stderr = os.Stderr
			if _, err := cmd.StdinPipe(); err != nil { // open until the victim has ended
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			address, pid := "", ""
			lines := bufio.NewScanner(out)
			for address == "" && lines.Scan() {
				if f := strings.Fields(lines.Text()); len(f) == 3 && f[0] == "running:" {
					address, pid = f[1], f[2]
				}
			}
			if address == "" {
				_ = cmd.Process.Kill() // it may have ended
				t.Fatalf("the victim started no server: %v", cmd.Wait())
			}
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Errorf("the server does not listen before the kill: %v", err)
			} else {
				_ = conn.Close() // nothing was sent
			}
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // killed
			testkit.Eventually(t, "the server to end", func() bool { return gone(pid) })
		})
	}
}

// gone reports whether a process has ended; nobody may have asked for its result.
func gone(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return true
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z") || strings.HasPrefix(rest, "X")
}

// TestVictim is run by the test above in a process of its own.
func TestVictim(t *testing.T) {
	var s *Server
	switch os.Getenv(victimEnv) {
	case "":
		t.Skip("run by another test")
	case "postgres":
		s = Postgres(t)
	case "mysql":
		s = MySQL(t)
	}
	fmt.Println("running:", s.Address(), s.cmd.Process.Pid)
	_, _ = io.Copy(io.Discard, os.Stdin) // until killed; ends when the killer is gone itself
}
