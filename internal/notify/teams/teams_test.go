package teams_test

import (
	"testing"

	"signalbox/internal/notify/notifytest"
	"signalbox/internal/notify/teams"
)

func TestChannel(t *testing.T) {
	t.Parallel()
	notifytest.RunHook(t, teams.New, notifytest.HookPath, `ok`)
}
