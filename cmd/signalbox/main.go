// Command signalbox is the automation server: web interface, HTTP API, command
// line, and the processes that carry tasks out.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"signalbox/internal/app"
	"signalbox/internal/cli"
	"signalbox/internal/exec/jobproc"
)

// version is version-commit-time, set by the linker.
var version = "undefined-00000000-"

func main() {
	// A job is started for every task: it goes straight to its work.
	if len(os.Args) > 1 && os.Args[1] == "job" {
		os.Exit(jobproc.Main(os.Args[2:], os.Environ()))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Execute(ctx, cli.Process(version), app.New(version))
	stop()
	os.Exit(code)
}
