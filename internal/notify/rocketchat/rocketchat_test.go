package rocketchat_test

import (
	"testing"

	"signalbox/internal/notify/notifytest"
	"signalbox/internal/notify/rocketchat"
)

func TestChannel(t *testing.T) {
	t.Parallel()
	notifytest.RunHook(t, rocketchat.New, notifytest.HookPath, `ok`)
}
