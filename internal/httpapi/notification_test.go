package httpapi_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/httpapi"
	"signalbox/internal/notify"
	"signalbox/internal/notify/gotify"
	"signalbox/internal/notify/slack"
	"signalbox/internal/notify/webhook"
	"signalbox/internal/store"
)

// alerting gives a site two channels: one at an address that answers with the
// status, one that always accepts.
func alerting(t *testing.T, status *int) func(*httpapi.Deps) {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/hush") {
			w.WriteHeader(*status)
			_, _ = w.Write([]byte("no_service at " + r.URL.Path)) // the client may be gone
		}
	}))
	t.Cleanup(service.Close)
	return func(d *httpapi.Deps) {
		client := webhook.New(webhook.Settings{})
		alerts, err := notify.New(notify.Deps{
			Store: d.Store, Log: slog.New(slog.DiscardHandler), Now: d.Now,
			Channels: []notify.Channel{
				slack.New(domain.Secret(service.URL+"/hush-hush-hush"), client),
				gotify.New(gotify.Config{URL: domain.Secret(service.URL), Token: "t0ken"}, client),
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		d.Notify = alerts
	}
}

func TestNotifications(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	w := newWorld(t, alerting(t, &status))
	test := w.path("/notifications/test")
	if got := w.do("manager", "POST", test, nil); got.Code != 409 || !strings.Contains(got.Body.String(), "switched off") {
		t.Errorf("alerts off: got %d %s, want 409 that says so", got.Code, got.Body)
	}
	w.must("owner", "PUT", w.path(""), object{"id": w.project, "name": "World", "alert": true})
	if got := w.do("manager", "POST", test, nil); got.Code != 204 || got.Body.Len() > 0 {
		t.Errorf("got %d %s, want 204", got.Code, got.Body)
	}
	for actor, want := range map[string]int{"runner": 403, "guest": 403, "outsider": 404, "": 401} {
		if got := w.do(actor, "POST", test, nil); got.Code != want {
			t.Errorf("%s: got %d, want %d", actor, got.Code, want)
		}
	}

	status = http.StatusNotFound
	got := w.do("manager", "POST", test, nil)
	var refused struct {
		Error    string
		Channels []struct {
			Channel, Name, Error string
			Sent                 bool
		}
	}
	got.json(t, &refused)
	if got.Code != 502 || len(refused.Channels) != 2 || refused.Channels[0].Sent || !refused.Channels[1].Sent ||
		!strings.Contains(refused.Error, "Slack: the service answered 404 Not Found: no_service") || strings.Contains(got.Body.String(), "hush") {
		t.Errorf("got %d %s, want 502 with what became of both and no address", got.Code, got.Body)
	}

	var channels []struct{ Channel, Name string }
	w.do("guest", "GET", w.path("/alerts/channels"), nil).json(t, &channels)
	if len(channels) != 2 || channels[0].Channel != "slack" || channels[1].Name != "Gotify" {
		t.Errorf("channels %+v", channels)
	}
}

func TestTaskNotifications(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	w := newWorld(t, alerting(t, &status))
	list, err := w.store.Templates().List(t.Context(), store.Where(store.InProject(domain.ProjectID(w.project))))
	if err != nil || len(list) == 0 {
		t.Fatalf("no templates: %v", err)
	}
	task := domain.Task{ProjectID: domain.ProjectID(w.project), TemplateID: list[0].ID, Status: domain.StatusWaiting, Created: w.clock.Now()}
	if err := w.store.Tasks().Create(t.Context(), &task, domain.TaskDefinition{}); err != nil {
		t.Fatal(err)
	}
	path := w.path("/tasks/" + strconv.FormatInt(int64(task.ID), 10) + "/notifications")
	if got := w.do("guest", "GET", path, nil); got.Code != 200 || strings.TrimSpace(got.Body.String()) != "[]" {
		t.Errorf("none: got %d %s, want an empty list", got.Code, got.Body)
	}
	at := w.clock.Now().Truncate(time.Microsecond)
	owner := w.users["owner"]
	for _, n := range []domain.Notification{
		{Event: domain.StatusError, Channel: "", State: domain.NotificationPending, NextAt: &at},
		{Event: domain.StatusError, Channel: domain.ChannelSlack, State: domain.NotificationPending, Attempts: 1, LastAt: &at, NextAt: &at, Error: "the service did not answer in time"},
		{Event: domain.StatusError, Channel: domain.ChannelEmail, State: domain.NotificationSent, UserID: &owner.ID, Attempts: 1, LastAt: &at},
	} {
		n.ProjectID, n.TaskID, n.Created = task.ProjectID, task.ID, at
		if err := w.store.Notifications().Create(t.Context(), &n); err != nil {
			t.Fatal(err)
		}
	}
	var rows []struct {
		Channel, State, Error string
		UserName              string     `json:"user_name"`
		NextAttempt           *time.Time `json:"next_attempt"`
	}
	w.do("guest", "GET", path, nil).json(t, &rows)
	if len(rows) != 2 || rows[0].Channel != "slack" || rows[0].NextAttempt == nil || rows[0].Error == "" ||
		rows[1].UserName != "Owner" || rows[1].State != "sent" || rows[1].NextAttempt != nil {
		t.Errorf("got %+v, want those given to channels", rows)
	}
	for _, c := range []struct {
		actor, path string
		want        int
	}{{"outsider", path, 404}, {"guest", w.path("/tasks/99999/notifications"), 404}, {"", path, 401}} {
		if got := w.do(c.actor, "GET", c.path, nil); got.Code != c.want {
			t.Errorf("%s %s: got %d, want %d", c.actor, c.path, got.Code, c.want)
		}
	}
}
