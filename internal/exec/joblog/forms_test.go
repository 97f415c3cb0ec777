package joblog

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// awkward are secrets with everything that encodings change.
func awkward() []string {
	return []string{
		"hunter2secret", `quo"te's & <b> \ $HOME ` + "`x`", "päss wörd €😀!", "a/b+c=d?e&f#g%h", "tab\there\x01\x7f",
		"-----BEGIN KEY-----\nbGluZSBvbmU+Pz8/\nbGluZSB0d28vLy8v\n-----END KEY-----\n",
	}
}

// TestForms_Encoders: what common encoders make of a secret is hidden, wherever
// the output is cut. What they leave of it, no line longer than three
// characters, cannot be hidden without spoiling the output.
func TestForms_Encoders(t *testing.T) {
	t.Parallel()
	encoders := map[string]func(string) string{
		"raw":  func(s string) string { return s },
		"json": func(s string) string { b, _ := json.Marshal(s); return string(b) },
		"json without html": func(s string) string {
			var b bytes.Buffer
			e := json.NewEncoder(&b)
			e.SetEscapeHTML(false)
			_ = e.Encode(s)
			return b.String()
		},
		"json in json": func(s string) string { b, _ := json.Marshal(s); b, _ = json.Marshal(string(b)); return string(b) },
		"query":        url.QueryEscape,
		"path":         url.PathEscape,
	}
	for name, enc := range map[string]*base64.Encoding{
		"base64": base64.StdEncoding, "raw base64": base64.RawStdEncoding, "url base64": base64.URLEncoding, "raw url base64": base64.RawURLEncoding,
	} {
		for before := range 4 {
			for after := range 3 {
				encoders[fmt.Sprintf("%s %d+%d", name, before, after)] = func(s string) string {
					return enc.EncodeToString([]byte("user:"[:before] + s + ":xy"[:after]))
				}
			}
		}
	}
	random := rand.New(rand.NewPCG(8, 9))
	for _, secret := range awkward() {
		m := NewMasker([]string{secret})
		for name, encode := range encoders {
			in := "before " + encode(secret) + " after"
			got := pieces(m, in, func() int { return 1 + random.IntN(9) })
			if left := leftOver(got, encode(secret)); left != "" {
				t.Errorf("%s of %q: %q shows %q", name, secret, got, left)
			}
		}
	}
}

// leftOver is a part of the encoded secret, of nine bytes, that is still to be
// seen; "" for none.
func leftOver(got, encoded string) string {
	const size = 9
	for from := 0; from+size <= len(encoded); from++ {
		if part := encoded[from : from+size]; strings.Contains(got, part) {
			return part
		}
	}
	return ""
}

// TestForms_Tools: the same for what programs print themselves.
func TestForms_Tools(t *testing.T) {
	t.Parallel()
	for name, command := range map[string][]string{
		"bash %q":       {"bash", "-c", `printf %q "$1"`, "x"},
		"bash @Q":       {"bash", "-c", `printf %s "${1@Q}"`, "x"},
		"bash trace":    {"bash", "-xc", `: "$1"`, "x"},
		"python repr":   {"python3", "-c", "import sys; print(repr(sys.argv[1]), repr([sys.argv[1]]))"},
		"python bytes":  {"python3", "-c", "import sys; print(repr(sys.argv[1].encode()))"},
		"python json":   {"python3", "-c", "import sys,json; print(json.dumps(sys.argv[1]))"},
		"python shlex":  {"python3", "-c", "import sys,shlex; print(shlex.quote(sys.argv[1]))"},
		"python quote":  {"python3", "-c", "import sys,urllib.parse as u; print(u.quote(sys.argv[1]), u.quote_plus(sys.argv[1]), u.quote(sys.argv[1], safe=''))"},
		"base64":        {"bash", "-c", `printf %s "$1" | base64; echo "$1" | base64 -w 64`, "x"},
		"openssl":       {"bash", "-c", `printf %s "$1" | openssl base64`, "x"},
		"python base64": {"python3", "-c", "import sys,base64 as b; print(b.b64encode(sys.argv[1].encode()))"},
	} {
		program, err := exec.LookPath(command[0])
		if err != nil {
			t.Logf("NOT TESTED: %s, there is no %s", name, command[0])
			continue
		}
		for _, secret := range awkward() {
			cmd := exec.Command(program, append(slices.Clone(command[1:]), secret)...)
			cmd.Env = append(cmd.Environ(), "LC_ALL=C.UTF-8")
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatal(err)
			}
			got := NewMasker([]string{secret}).Text(string(out))
			if left := leftOver(got, strings.Trim(string(out), "+: \n'\"b")); left != "" {
				t.Errorf("%s of %q: %q became %q", name, secret, out, got)
			}
		}
	}
}
