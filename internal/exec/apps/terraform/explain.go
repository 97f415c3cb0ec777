package terraform

import (
	"regexp"
	"strings"
	"sync"

	"signalbox/internal/exec/fault"
)

// A Phase is a part of the run, named in messages.
type Phase string

// Phases of a run.
const (
	PhaseInit      Phase = "init"
	PhaseWorkspace Phase = "workspace"
	PhasePlan      Phase = "plan"
	PhaseShow      Phase = "show"
	PhaseApply     Phase = "apply"
	PhaseOutput    Phase = "output"
)

// Stale says in one sentence that a plan no longer fits.
const Stale = "The state was changed after the plan was made, so the approved plan no longer fits and nothing was applied. Run the task again and approve the new plan."

// known are messages that have a better answer than "see above". They are looked
// for in the titles the programs print, which tell conditions apart; exit codes
// do not.
var known = []struct {
	phases []Phase
	text   string
	say    string
}{
	{[]Phase{PhaseApply}, "Saved plan is stale", Stale},
	{[]Phase{PhaseApply}, "Saved plan does not match the given state", Stale},
	{[]Phase{PhaseApply}, "Mismatch between input and plan variable value",
		"A variable has another value than when the plan was made, so nothing was applied. Run the task again and approve the new plan."},
	{[]Phase{PhaseApply}, "Can't change variable when applying a saved plan",
		"A variable has another value than when the plan was made, so nothing was applied. Run the task again and approve the new plan."},
	{[]Phase{PhaseApply}, "Inconsistent dependency lock file",
		"The providers were changed after the plan was made, so nothing was applied. Run the task again and approve the new plan."},
	{[]Phase{PhaseInit}, "Can't ask approval for state migration",
		"The state lives somewhere else than before and would have to be copied. Run the task with Migrate state to copy it, or with Reconfigure to leave it where it is."},
	{[]Phase{PhaseInit}, "Backend configuration changed",
		"The backend is not the one of the last run. Run the task with Migrate state to copy the state to it, or with Reconfigure to go on with what it holds."},
	{[]Phase{PhaseInit, PhaseWorkspace, PhasePlan}, "Backend initialization required",
		"The backend is not the one of the last run. Run the task with Migrate state to copy the state to it, or with Reconfigure to go on with what it holds."},
	{[]Phase{PhaseInit}, "Duplicate backend configuration",
		"The configuration has a backend of its own beside the file that overrides it. Give the backend file of the template a name that ends in _override.tf, such as backend_override.tf: it then takes the place of the other."},
	{[]Phase{PhaseWorkspace, PhasePlan, PhaseApply}, "Error acquiring the state lock",
		"The state is locked by somebody else; the output above says by whom. Wait until that run has ended, or give the argument -lock-timeout=5m to wait for it."},
	{[]Phase{PhaseWorkspace}, "workspaces not supported",
		"The backend has no workspaces, so the template's cannot be selected. Use the workspace default, or another backend."},
}

var control = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\x1b\[[0-9;?]*[A-Za-z]`)
})

// Plain takes colours out of output, and the line breaks of the programs, which
// wrap text to the width of the terminal.
func Plain(output string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(control().ReplaceAllString(output, ""))), " ")
}

// Explain gives the error for a command that ended with an exit code. Output is
// the end of what it printed.
func Explain(phase Phase, code int, output string) error {
	plain := Plain(output)
	for _, k := range known {
		for _, p := range k.phases {
			if p == phase && strings.Contains(plain, k.text) {
				return fault.New("%s", k.say)
			}
		}
	}
	return fault.New("The %s ended with exit code %d. The output above says why.", phase, code)
}

// NoWorkspaces reports whether the output of a command says that the backend has
// no workspaces.
func NoWorkspaces(output string) bool {
	return strings.Contains(Plain(output), "workspaces not supported")
}
