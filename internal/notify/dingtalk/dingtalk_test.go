package dingtalk_test

import (
	"testing"

	"signalbox/internal/notify/dingtalk"
	"signalbox/internal/notify/notifytest"
)

func TestChannel(t *testing.T) {
	t.Parallel()
	notifytest.RunHook(t, dingtalk.New, "/robot/send?access_token="+notifytest.Secret, `{"errcode":0,"errmsg":"ok"}`)
}
