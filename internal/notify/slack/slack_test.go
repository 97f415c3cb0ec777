package slack_test

import (
	"testing"

	"signalbox/internal/notify/notifytest"
	"signalbox/internal/notify/slack"
)

func TestChannel(t *testing.T) {
	t.Parallel()
	notifytest.RunHook(t, slack.New, notifytest.HookPath, `ok`)
}
