// Package scripts runs the built program the way a shell does: each file of
// testdata is a script with the files it needs.
package scripts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"signalbox/internal/testkit"
	"signalbox/test/harness"
)

func TestScripts(t *testing.T) {
	program := harness.Binary(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// Both names of the program are on the path.
			bin := filepath.Join(env.WorkDir, ".bin")
			if err := os.Mkdir(bin, 0o755); err != nil {
				return err
			}
			for _, name := range []string{"signalbox", "semaphore"} {
				if err := os.Symlink(program, filepath.Join(bin, name)); err != nil {
					return err
				}
			}
			port := strconv.Itoa(testkit.FreePort(t))
			env.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("SIGNALBOX_DATA_DIR", filepath.Join(env.WorkDir, "data"))
			env.Setenv("SIGNALBOX_INTERFACE", "127.0.0.1")
			env.Setenv("SIGNALBOX_PORT", port)
			env.Setenv("URL", "http://127.0.0.1:"+port)
			jar, err := cookiejar.New(nil)
			if err != nil {
				return err
			}
			env.Values["client"] = &http.Client{Jar: jar}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"answers":  answers,
			"request":  request,
			"validate": validate,
		},
	})
}

// exits CODE PROGRAM ARGS… runs a program and wants this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program args…")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	var ended *exec.ExitError
	if errors.As(err, &ended) {
		code = ended.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// answers waits until the server does.
func answers(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: answers url")
	}
	client, _ := ts.Value("client").(*http.Client)
	testkit.Eventually(testing.TB(tb{ts: ts}), "an answer from "+args[0], func() bool {
		answer, err := client.Get(args[0])
		if err != nil {
			return false
		}
		return answer.Body.Close() == nil && answer.StatusCode == http.StatusOK
	})
}

// request STATUS METHOD URL [BODY] sends a request with the cookies and the
// token ($TOKEN) so far. The answer's body becomes the standard output.
func request(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 || len(args) > 4 {
		ts.Fatalf("usage: request status method url [body]")
	}
	var body string
	if len(args) == 4 {
		body = args[3]
	}
	req, err := http.NewRequest(args[1], args[2], strings.NewReader(body))
	ts.Check(err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token := ts.Getenv("TOKEN"); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	client, _ := ts.Value("client").(*http.Client)
	answer, err := client.Do(req)
	ts.Check(err)
	content, err := io.ReadAll(answer.Body)
	ts.Check(errors.Join(err, answer.Body.Close()))
	_, err = ts.Stdout().Write(content)
	ts.Check(err)
	if strconv.Itoa(answer.StatusCode) != args[0] {
		ts.Fatalf("%s %s: status %d, want %s: %s", args[1], args[2], answer.StatusCode, args[0], content)
	}
}

// validate FILE wants JSON and nothing else.
func validate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: validate file")
	}
	if content := ts.ReadFile(args[0]); !json.Valid(bytes.TrimSpace([]byte(content))) {
		ts.Fatalf("%s is not JSON: %s", args[0], content)
	}
}

// tb lends the waiting helpers what they need of a test.
type tb struct {
	testing.TB
	ts *testscript.TestScript
}

func (tb) Helper()                          {}
func (b tb) Fatalf(format string, a ...any) { b.ts.Fatalf("%s", fmt.Sprintf(format, a...)) }
