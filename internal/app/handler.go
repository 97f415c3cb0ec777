package app

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"time"

	"signalbox/internal/auth"
	"signalbox/internal/catalog"
	"signalbox/internal/config"
	"signalbox/internal/httpapi"
	"signalbox/internal/live"
	"signalbox/internal/notify"
	"signalbox/internal/store"
	"signalbox/internal/tasks"
	"signalbox/internal/webui"
)

// handler puts the web server's parts together.
func (a *App) handler(c *config.Config, st store.Store, authn *auth.Service, cat *catalog.Catalog, service *tasks.Service, alerts *notify.Service, bus *live.Bus, log *slog.Logger) (*httpapi.Server, error) {
	ui, err := webui.New(c.Server.WebHost)
	if err != nil {
		return nil, err
	}
	return httpapi.New(httpapi.Deps{
		Store: st, Auth: authn, Catalog: cat, Tasks: service, Notify: alerts, Live: bus, UI: ui, Log: log, Now: utcNow,
		Info:    httpapi.Info{Version: a.version, Ansible: ansibleVersion(), ScheduleTimezone: c.Schedule.Timezone},
		WebHost: c.Server.WebHost, CookieSecure: httpapi.CookieSecure(c.Auth.CookieSecure), TrustedProxies: c.Auth.TrustedProxies,
	})
}

// ansibleVersion returns what "ansible --version" prints. It is asked once,
// when somebody first wants to know, because it takes a while.
func ansibleVersion() func(context.Context) string {
	var once sync.Once
	var text string
	return func(context.Context) string {
		once.Do(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			cmd := exec.CommandContext(ctx, "ansible", "--version")
			cmd.Env = jobEnv(os.Environ(), nil)
			out, err := cmd.Output()
			if err == nil {
				text = string(out)
			}
		})
		return text
	}
}
