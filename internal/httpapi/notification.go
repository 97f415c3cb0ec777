package httpapi

import (
	"net/http"
	"reflect"
	"strings"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
)

// addNotificationRoutes declares what people are told about tasks.
func (a *api) addNotificationRoutes() {
	stream(a, Route{Method: post, Path: project + "/notifications/test", ID: "testNotifications", Tag: "projects", Summary: "Send a test message by every channel for alerts",
		Doc:    "204 when all channels have accepted it, 409 when alerts of the project are off or no channel is switched on, 502 with what became of each when some have not.",
		Action: authz.ManageResources, Status: http.StatusNoContent}, reflect.TypeFor[none](), a.testNotifications)
	handle(a, Route{Method: get, Path: project + "/alerts/channels", ID: "listAlertChannels", Tag: "projects", Summary: "List the channels for alerts that the server has switched on", Action: authz.ReadProject}, a.alertChannels)
	handle(a, Route{Method: get, Path: project + "/tasks/{task_id}/notifications", ID: "listTaskNotifications", Tag: "tasks", Summary: "List whom the server has told about a task, or tries to", Action: authz.ReadProject}, a.taskNotifications)
}

func (a *api) testNotifications(c *call, _ *none) error {
	results, err := a.Notify.Test(c.r.Context(), c.grant)
	if err != nil {
		return err
	}
	body := wire.Error{RequestID: requestID(c.r.Context())}
	var failed []string
	for _, r := range results {
		body.Channels = append(body.Channels, wire.ChannelResult{Channel: string(r.Channel), Name: r.Channel.Title(), Sent: r.Error == "", Error: r.Error})
		if r.Error != "" {
			failed = append(failed, r.Channel.Title()+": "+r.Error)
		}
	}
	if len(failed) == 0 {
		c.empty(http.StatusNoContent)
		return nil
	}
	body.Error = "the test message was not accepted by " + strings.Join(failed, "; ")
	writeError(c.w, http.StatusBadGateway, body)
	return nil
}

func (a *api) alertChannels(*call, *none) ([]wire.AlertChannel, error) {
	list := []wire.AlertChannel{}
	for _, p := range a.Notify.On() {
		ch := wire.AlertChannel{Channel: string(p.Name), Name: p.Name.Title(), NeedsChat: p.NeedsChat}
		for _, e := range p.Events {
			ch.Events = append(ch.Events, string(e))
		}
		list = append(list, ch)
	}
	return list, nil
}

func (a *api) taskNotifications(c *call, _ *none) ([]wire.Notification, error) {
	rows, err := a.Notify.OfTask(c.r.Context(), c.grant, c.taskID())
	list := make([]wire.Notification, 0, len(rows))
	for _, d := range rows {
		n := wire.Notification{
			ID: int64(d.ID), Channel: string(d.Channel), Name: d.Channel.Title(), UserName: d.UserName, Event: string(d.Event),
			State: string(d.State), Attempts: d.Attempts, Created: d.Created.UTC(), LastAttempt: d.LastAt, Error: d.Error,
		}
		if d.State == domain.NotificationPending {
			n.NextAttempt = d.NextAt
		}
		if d.UserID != nil {
			id := int64(*d.UserID)
			n.UserID = &id
		}
		list = append(list, n)
	}
	return list, err
}
