package jobproc_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"signalbox/internal/job"
	"signalbox/internal/testkit"
)

// providerMirror serves one provider the way mirrors do, over https, and counts
// how often it is downloaded. What it returns makes programs use it.
func providerMirror(t testing.TB) (env map[string]string, downloads *atomic.Int64) {
	t.Helper()
	downloads = &atomic.Int64{}
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "terraform-provider-thing_v1.0.0"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Write([]byte("#!/bin/sh\n"))
	if closeErr := z.Close(); err != nil || closeErr != nil {
		t.Fatal(err, closeErr)
	}
	platform := runtime.GOOS + "_" + runtime.GOARCH
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch strings.TrimPrefix(r.URL.Path, "/example.com/test/thing/") {
		case "index.json":
			_, _ = w.Write([]byte(`{"versions":{"1.0.0":{}}}`))
		case "1.0.0.json":
			_, _ = fmt.Fprintf(w, `{"archives":{%q:{"url":"thing.zip"}}}`, platform)
		case "thing.zip":
			downloads.Add(1)
			w.Header().Set("Content-Type", "application/zip")
			_, _ = w.Write(archive.Bytes())
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	dir := t.TempDir()
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	write(t, filepath.Join(dir, "ca.pem"), string(cert))
	write(t, filepath.Join(dir, "cli.tfrc"), fmt.Sprintf("provider_installation {\n  network_mirror {\n    url = %q\n  }\n}\n", server.URL+"/"))
	return map[string]string{"SSL_CERT_FILE": filepath.Join(dir, "ca.pem"), "TF_CLI_CONFIG_FILE": filepath.Join(dir, "cli.tfrc")}, downloads
}

// TestTofu_ProvidersAreKept: checkouts come and go, providers are downloaded once
// for all runs of a project, also when several begin at the same time.
func TestTofu_ProvidersAreKept(t *testing.T) {
	t.Parallel()
	env, downloads := providerMirror(t)
	spec := tofuSpec(t, config)
	spec.Env = env
	repo := testkit.NewRemote(t, map[string]string{"main.tf": config + `terraform {
  required_providers {
    thing = { source = "example.com/test/thing" }
  }
}`})
	spec.Repository = job.Repository{ID: 3, Name: "repo", URL: "file://" + repo.Dir, Kind: "file", Branch: "main"}
	spec.Terraform.PlanOnly = true
	dirs, jobs := make([]string, 3), make([]*job.Process, 3)
	for i := range jobs {
		dirs[i], jobs[i] = start(t, spec)
	}
	// The provider does nothing, so that the plan fails; init is what counts.
	installed := func(c course) {
		t.Helper()
		if c.kinds() != "init terraform_plan" {
			t.Fatalf("end %+v; output:\n%s", c.end, c.output)
		}
	}
	for i, p := range jobs {
		installed(finish(t, dirs[i], p))
	}
	installed(runTofu(t, spec))
	if n := downloads.Load(); n != 1 {
		t.Errorf("downloaded %d times", n)
	}
	other := spec
	other.ProjectID = 2
	installed(runTofu(t, other))
	if n := downloads.Load(); n != 2 {
		t.Errorf("another project: downloaded %d times in all, want a cache of its own", n)
	}
}

// TestTofu_Terragrunt: a stand-in passes on what stands behind the dashes to the
// real program, as terragrunt does.
func TestTofu_Terragrunt(t *testing.T) {
	t.Parallel()
	spec := tofuSpec(t, config)
	wrapper := filepath.Join(t.TempDir(), "terragrunt")
	write(t, wrapper, `#!/bin/bash
[ "$1" = run ] || { echo "not a run: $*"; exit 1; }
shift
while [ "$1" != -- ]; do
  case "$1" in
    --tf-path=*) program="${1#--tf-path=}" ;;
    --non-interactive|--tf-forward-stdout) ;;
    *) echo "unknown option $1"; exit 1 ;;
  esac
  shift
done
shift
exec "$program" "$@"
`)
	if err := os.Chmod(wrapper, 0o755); err != nil {
		t.Fatal(err)
	}
	spec.App = job.App{ID: "terragrunt", Kind: "terraform", Program: wrapper}
	spec.Terraform.TemplateArgs.Default = []string{"--tf-path=" + testkit.Tofu(t), "-compact-warnings"}
	dir, p := untilAsked(t, spec)
	send(t, p, job.Command{Confirm: true})
	if c := finish(t, dir, p); c.end.Status != "success" || c.summary(t).Add != 1 {
		t.Errorf("end %+v; output:\n%s", c.end, c.output)
	}
}

// TestTofu_EphemeralVariables: they are in no plan, so apply must get them again.
func TestTofu_EphemeralVariables(t *testing.T) {
	t.Parallel()
	spec := tofuSpec(t, `
variable "token" {
  type      = string
  ephemeral = true
}
variable "plain" {}
resource "terraform_data" "e" {
  input = var.plain
  provisioner "local-exec" {
    command     = "[ \"$TOKEN\" = given-twice ] && echo got it"
    environment = { TOKEN = var.token }
  }
}
`)
	spec.SecretVars = map[string]json.RawMessage{"token": json.RawMessage(`"given-twice"`)}
	spec.ExtraVars = map[string]json.RawMessage{"plain": json.RawMessage("5")}
	mustSucceed(t, with(spec, auto))
}
