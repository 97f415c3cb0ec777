package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"signalbox/internal/client"
	"signalbox/internal/config"
	"signalbox/internal/domain"
)

// Exit codes, part of the interface for scripts.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2 // wrong flags or configuration
	exitDatabase    = 3 // unreachable, or its schema is not ours
	exitNotFound    = 4
	exitConflict    = 5 // exists already, or is in that state already
	exitTaskFailed  = 10
	exitTaskStopped = 11
	exitTaskTimeout = 12
	exitInterrupted = 130
)

// usageError is a mistake in how a command was called.
type usageError string

func (e usageError) Error() string { return string(e) }

func usage(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// fail prints an error and returns its exit code.
func (s *shell) fail(command *cobra.Command, err error) int {
	code := exitCode(err)
	shown := code
	if s.compatible() {
		shown = compatibleCode(command, code)
	}
	var bad *config.Error
	var wrong usageError
	switch {
	case errors.As(err, &bad):
		for _, p := range bad.Problems {
			s.complain(p.String())
		}
	case errors.As(err, &wrong):
		s.complain(fmt.Sprintf("%s (see %s --help)", wrong, command.CommandPath()))
	case code == exitInterrupted:
		s.complain("interrupted")
	default:
		s.complain(plain(err))
	}
	return shown
}

// plain words an error for the terminal. The cause of a domain error stays: the
// reader runs the machine.
func plain(err error) string {
	if text := err.Error(); text != "" {
		return text
	}
	return "unknown error"
}

func (s *shell) complain(text string) {
	line := strings.Join(strings.Fields(text), " ")
	_, _ = fmt.Fprintf(s.env.Stderr, "%s: %s\n", s.program(), line) // nowhere to report it
}

func exitCode(err error) int {
	var bad *config.Error
	var wrong usageError
	var task *ended
	var refused *client.Error
	switch {
	case errors.As(err, &bad), errors.As(err, &wrong):
		return exitUsage
	case errors.As(err, &task):
		return task.code
	case errors.As(err, &refused):
		return refusedCode(refused.Status)
	case domain.IsKind(err, domain.KindInvalid), domain.IsKind(err, domain.KindMalformed):
		return exitUsage
	case domain.IsKind(err, domain.KindUnavailable):
		return exitDatabase
	case domain.IsKind(err, domain.KindNotFound):
		return exitNotFound
	case domain.IsKind(err, domain.KindConflict), domain.IsKind(err, domain.KindInUse):
		return exitConflict
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailure
}

// refusedCode is for what a server on the network refused.
func refusedCode(status int) int {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return exitUsage
	case http.StatusNotFound:
		return exitNotFound
	case http.StatusConflict:
		return exitConflict
	}
	return exitFailure
}
