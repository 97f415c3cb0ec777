package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
	"signalbox/internal/mail"
	"signalbox/internal/notify"
	"signalbox/internal/notify/email"
	"signalbox/internal/notify/rocketchat"
	"signalbox/internal/notify/slack"
	"signalbox/internal/notify/telegram"
	"signalbox/internal/notify/webhook"
	"signalbox/internal/store"
	"signalbox/internal/store/sqlstore"
	"signalbox/internal/store/storetest"
	"signalbox/internal/testkit"
	"signalbox/internal/testkit/mailserver"
)

// chat is a service that messages are posted to. Answers are given in turn, the
// last one again and again.
type chat struct {
	url string

	mu      sync.Mutex // guards what follows
	answers []int
	bodies  []string
}

func newChat(t *testing.T, answers ...int) *chat {
	c := &chat{answers: answers}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("read request: %v", err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.bodies = append(c.bodies, string(body))
		if len(c.answers) > 0 {
			w.WriteHeader(c.answers[0])
		}
		if len(c.answers) > 1 {
			c.answers = c.answers[1:]
		}
	}))
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func (c *chat) got() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.bodies)
}

func (c *chat) slack() notify.Channel {
	return slack.New(domain.Secret(c.url), webhook.New(webhook.Settings{}))
}

// fixture is a project that wants alerts.
type fixture struct {
	*storetest.World
	t    *testing.T
	path string
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, path: filepath.Join(t.TempDir(), "x.db")}
	f.World = storetest.Seed(t, f.open())
	f.change(func(p *domain.Project) { p.Alert = true })
	_, err := f.Store.Templates().Update(t.Context(), f.Template.ID, func(t *domain.Template) error { t.AllowParallelTasks = true; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// open opens the database as another server would.
func (f *fixture) open() store.Store {
	f.t.Helper()
	s, err := sqlstore.Open(f.t.Context(), sqlstore.Config{Path: f.path})
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = s.Close() })
	return s
}

func (f *fixture) change(fn func(*domain.Project)) {
	f.t.Helper()
	_, err := f.Store.Projects().Update(f.t.Context(), f.Project.ID, func(p *domain.Project) error { fn(p); return nil })
	if err != nil {
		f.t.Fatal(err)
	}
}

// service is a server's, quick to try again.
func (f *fixture) service(st store.Store, change func(*notify.Deps), channels ...notify.Channel) *notify.Service {
	f.t.Helper()
	d := notify.Deps{
		Store: st, Channels: channels, WebHost: "https://ci.example.org", Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return time.Now().UTC() },
		Pace: notify.Pace{Tick: 25 * time.Millisecond, Delays: []time.Duration{time.Millisecond, time.Millisecond}},
	}
	if change != nil {
		change(&d)
	}
	s, err := notify.New(d)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// run runs services until the test ends or stop is called.
func (f *fixture) run(services ...*notify.Service) (stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	var all sync.WaitGroup
	for _, s := range services {
		all.Go(func() {
			if err := s.Run(ctx); err != nil {
				f.t.Error(err)
			}
		})
	}
	stop = sync.OnceFunc(func() {
		cancel(nil)
		all.Wait()
	})
	f.t.Cleanup(stop)
	return stop
}

// task brings a new task into a status and notes that.
func (f *fixture) task(s *notify.Service, status domain.TaskStatus) domain.Task {
	f.t.Helper()
	task := f.Running(f.t, f.Template)
	err := s.Store.InTx(f.t.Context(), func(ctx context.Context) (err error) {
		task, err = s.Store.Tasks().Update(ctx, task.ID, func(t *domain.Task) error {
			if status == domain.StatusStopped {
				t.Status = domain.StatusStopping
				return nil
			}
			t.Status = status
			if status == domain.StatusWaitingConfirmation {
				t.Questions++
			}
			return nil
		})
		if err != nil {
			return err
		}
		task.Status = status
		return s.Note(ctx, task)
	})
	if err != nil {
		f.t.Fatal(err)
	}
	s.Wake()
	return task
}

func (f *fixture) rows() []domain.Notification {
	f.t.Helper()
	list, err := f.Store.Notifications().List(f.t.Context(), store.Query{})
	if err != nil {
		f.t.Fatal(err)
	}
	return list
}

// settled waits until nothing is left to do, and returns the records in short.
func (f *fixture) settled() []string {
	f.t.Helper()
	testkit.Eventually(f.t, "all alerts are done with", func() bool {
		return !slices.ContainsFunc(f.rows(), func(n domain.Notification) bool { return n.State == domain.NotificationPending })
	})
	short := []string{}
	for _, n := range f.rows() {
		short = append(short, fmt.Sprintf("%s %s after %d: %s", n.Channel, n.State, n.Attempts, n.Error))
	}
	slices.Sort(short)
	return short
}

func TestNote_OnlyWhatIsOfInterest(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	s := f.service(f.Store, nil, newChat(t).slack())
	silent := f.service(f.Store, nil)
	none := func(*fixture) {}
	off := func(f *fixture) { f.change(func(p *domain.Project) { p.Alert = false }) }
	suppress := func(f *fixture) {
		f.change(func(p *domain.Project) { p.Alert = true })
		_, err := f.Store.Templates().Update(t.Context(), f.Template.ID, func(t *domain.Template) error { t.SuppressSuccessAlerts = true; return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name   string
		change func(*fixture)
		by     *notify.Service
		status domain.TaskStatus
		want   int
	}{
		{"success", none, s, domain.StatusSuccess, 1},
		{"error", none, s, domain.StatusError, 1},
		{"question", none, s, domain.StatusWaitingConfirmation, 1},
		{"stopped", none, s, domain.StatusStopped, 0},
		{"no channel", none, silent, domain.StatusError, 0},
		{"alerts off", off, s, domain.StatusError, 0},
		{"success kept quiet", suppress, s, domain.StatusSuccess, 0},
		{"error of a template that keeps successes quiet", none, s, domain.StatusError, 1},
	} {
		c.change(f)
		before := len(f.rows())
		f.task(c.by, c.status)
		if got := len(f.rows()) - before; got != c.want {
			t.Errorf("%s: %d stored, want %d", c.name, got, c.want)
		}
	}
}

func TestRun_TriesAgainWithinBounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answers []int
		want    string
		posts   int
	}{
		"at once":       {nil, "slack sent after 1: ", 1},
		"third time":    {[]int{500, 429, 200}, "slack sent after 3: ", 3},
		"never":         {[]int{503}, "slack failed after 3: the service answered 503 Service Unavailable", 3},
		"refused":       {[]int{404}, "slack failed after 1: the service answered 404 Not Found", 1},
		"nothing there": {nil, "slack failed after 3: the service refused the connection", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, hook := newFixture(t), newChat(t, c.answers...)
			channel := hook.slack()
			if c.posts == 0 {
				l := testkit.Listen(t)
				channel = slack.New(domain.Secret("http://"+l.Addr().String()+"/hook"), webhook.New(webhook.Settings{}))
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
			}
			s := f.service(f.Store, nil, channel)
			f.run(s)
			f.task(s, domain.StatusError)
			if diff := cmp.Diff([]string{c.want}, f.settled()); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
			if got := len(hook.got()); got != c.posts {
				t.Errorf("posted %d times, want %d", got, c.posts)
			}
		})
	}
}

func TestRun_TwoServersSendEachOnce(t *testing.T) {
	t.Parallel()
	f, hook := newFixture(t), newChat(t)
	one, two := f.service(f.Store, nil, hook.slack()), f.service(f.open(), nil, hook.slack())
	const n = 40
	for range n / 2 {
		f.task(one, domain.StatusError) // waiting when the servers start
	}
	f.run(one, two)
	for range n / 2 {
		f.task(two, domain.StatusSuccess)
		one.Wake()
	}
	records := f.settled()
	if got := hook.got(); len(got) != n || len(records) != n {
		t.Errorf("%d posts and %d records of %d alerts", len(got), len(records), n)
	}
	for _, r := range records {
		if r != "slack sent after 1: " {
			t.Errorf("got %q", r)
		}
	}
}

// TestRun_TakesOverFromTheDead: whoever took an alert and died is waited for, and
// then somebody else sends it.
func TestRun_TakesOverFromTheDead(t *testing.T) {
	t.Parallel()
	f, hook := newFixture(t), newChat(t)
	clock := testkit.NewClock()
	at := func(d *notify.Deps) { d.Now = clock.Now }
	dead := f.service(f.Store, at, hook.slack())
	f.task(dead, domain.StatusError)
	due := f.rows()[0]
	due.Channel = domain.ChannelSlack
	if _, err := f.Store.Notifications().Update(t.Context(), due.ID, func(n *domain.Notification) error { n.Channel = due.Channel; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := dead.Take(t.Context(), due); err != nil {
		t.Fatal(err)
	}
	if err := dead.Take(t.Context(), due); err == nil {
		t.Error("it was taken twice")
	}
	other := f.service(f.open(), at, hook.slack())
	f.run(other)
	marker := f.task(other, domain.StatusSuccess)
	testkit.Eventually(t, "the other server works", func() bool { return len(hook.got()) == 1 })
	if !strings.Contains(hook.got()[0], fmt.Sprintf("#%d ", marker.ID)) {
		t.Errorf("sent while its lease was good: %s", hook.got()[0])
	}
	testkit.Eventually(t, "the other alert is done with", func() bool { // or its lease would end too
		return slices.ContainsFunc(f.rows(), func(n domain.Notification) bool {
			return n.TaskID == marker.ID && n.State == domain.NotificationSent
		})
	})
	clock.Advance(3 * time.Minute)
	if diff := cmp.Diff([]string{"slack sent after 1: ", "slack sent after 2: "}, f.settled()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestRun_AHangingChannelHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	f, hook := newFixture(t), newChat(t)
	l := testkit.Listen(t) // its backlog takes connections
	hanging := rocketchat.New(domain.Secret("http://"+l.Addr().String()+"/hook"), webhook.New(webhook.Settings{}))
	s := f.service(f.Store, nil, hanging, hook.slack())
	stop := f.run(s)
	const n = 10
	for range n {
		f.task(s, domain.StatusError)
	}
	testkit.Eventually(t, "the other channel gets all", func() bool { return len(hook.got()) == n })
	stop() // and does not wait for the hanging one
	for _, r := range f.rows() {
		if r.Channel == domain.ChannelRocketChat && (r.State != domain.NotificationPending || r.Attempts != 0) {
			t.Errorf("an interrupted attempt counts: %+v", r)
		}
	}
}

func TestRun_AnswersOvertakeQuestions(t *testing.T) {
	t.Parallel()
	f, hook := newFixture(t), newChat(t)
	s := f.service(f.Store, nil, hook.slack())
	answered := f.task(s, domain.StatusWaitingConfirmation)
	_, err := f.Store.Tasks().Update(t.Context(), answered.ID, func(t *domain.Task) error { t.Status = domain.StatusConfirmed; return nil })
	if err != nil {
		t.Fatal(err)
	}
	f.task(s, domain.StatusWaitingConfirmation)
	f.run(s)
	want := []string{"slack sent after 1: ", "slack skipped after 0: The task was answered before this could be sent."}
	if diff := cmp.Diff(want, f.settled()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestRun_MailGoesToThoseWhoWantIt(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	server := mailserver.Start(t, mailserver.Options{})
	sender, err := mail.New(mail.Config{Host: server.Host, Port: server.Port, From: "ci@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	s := f.service(f.Store, nil, email.New(sender))
	add := func(name string, member bool, change func(*domain.User)) domain.User {
		u := domain.User{Username: name, Name: name, Email: name + "@example.org", Alert: true, Created: storetest.Now()}
		change(&u)
		if err := f.Store.Users().Create(t.Context(), &u); err != nil {
			t.Fatal(err)
		}
		if member {
			if err := f.Store.Members().Create(t.Context(), &domain.Member{ProjectID: f.Project.ID, UserID: u.ID, Role: domain.RoleGuest}); err != nil {
				t.Fatal(err)
			}
		}
		return u
	}
	same := func(*domain.User) {}
	add("member", true, same)
	add("stranger", false, same)
	add("admin", false, func(u *domain.User) { u.Admin = true })
	add("both", true, func(u *domain.User) { u.Admin = true })
	add("quiet", true, func(u *domain.User) { u.Alert = false })
	add("locked", true, func(u *domain.User) { u.Disabled = true })
	changed := add("changed", true, same)
	f.task(s, domain.StatusSuccess)
	f.task(s, domain.StatusWaitingConfirmation)
	failed := f.task(s, domain.StatusError)
	// One who thinks better of it between the news and the mail.
	silent := f.service(f.Store, func(d *notify.Deps) { d.Pace.Tick = 10 * time.Millisecond }, quiet{})
	stop := f.run(silent)
	testkit.Eventually(t, "the news are given to the channels", func() bool { return len(f.rows()) == 4 })
	stop()
	if _, err := f.Store.Users().Update(t.Context(), changed.ID, func(u *domain.User) error { u.Alert = false; return nil }); err != nil {
		t.Fatal(err)
	}
	f.run(s)
	want := []string{"email sent after 1: ", "email sent after 1: ", "email sent after 1: ", "email skipped after 0: The user wants no alerts any more."}
	if diff := cmp.Diff(want, f.settled()); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
	var to []string
	for range 3 {
		l := server.Next(t)
		to = append(to, l.To...)
		if !strings.Contains(l.Subject, "Site") || !strings.Contains(l.Text, fmt.Sprintf("https://ci.example.org/project/%d/history?t=%d", f.Project.ID, failed.ID)) {
			t.Errorf("letter %q lacks the template or the link:\n%s", l.Subject, l.Text)
		}
	}
	slices.Sort(to)
	if diff := cmp.Diff([]string{"admin@example.org", "both@example.org", "member@example.org"}, to); diff != "" {
		t.Errorf("recipients (-want +got):\n%s", diff)
	}
}

// quiet is the mail of a server that never gets to send any.
type quiet struct{}

func (quiet) Properties() notify.Properties { return email.New(nil).Properties() }
func (quiet) Send(ctx context.Context, _ notify.Recipient, _ notify.Message) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestRun_TheChatOfTheProjectCounts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ common, own, want string }{
		"common": {"-1", "", "-1"}, "own": {"-1", "@ours", "@ours"}, "only own": {"", "-2", "-2"}, "none": {"", "", ""},
	} {
		f, hook := newFixture(t), newChat(t)
		f.change(func(p *domain.Project) { p.AlertChat = c.own })
		s := f.service(f.Store, nil, telegram.New(telegram.Config{Token: "1:x", Chat: c.common, Base: hook.url}, webhook.New(webhook.Settings{})))
		f.run(s)
		f.task(s, domain.StatusError)
		testkit.Eventually(t, "the news are spread", func() bool {
			return !slices.ContainsFunc(f.rows(), func(n domain.Notification) bool { return n.Channel == "" })
		})
		f.settled()
		got := hook.got()
		if c.want == "" {
			if len(got) > 0 {
				t.Errorf("%s: sent %s", name, got)
			}
			continue
		}
		var m struct {
			Chat string `json:"chat_id"`
		}
		if len(got) != 1 || json.Unmarshal([]byte(got[0]), &m) != nil || m.Chat != c.want {
			t.Errorf("%s: got %s, want it in chat %s", name, got, c.want)
		}
	}
}

func TestTidy(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	clock := testkit.NewClock()
	s := f.service(f.Store, func(d *notify.Deps) { d.Now = clock.Now }, newChat(t).slack())
	task := f.task(s, domain.StatusError)
	add := func(channel domain.Channel, age time.Duration, due bool) {
		at := clock.Now().Add(-age)
		n := domain.Notification{ProjectID: task.ProjectID, TaskID: task.ID, Channel: channel, Event: domain.StatusError, State: domain.NotificationSent, Created: at}
		if due {
			n.State, n.NextAt = domain.NotificationPending, &at
		}
		if err := f.Store.Notifications().Create(t.Context(), &n); err != nil {
			t.Fatal(err)
		}
	}
	add(domain.ChannelSlack, 31*24*time.Hour, false)
	add(domain.ChannelSlack, 29*24*time.Hour, false)
	add(domain.ChannelGotify, 25*time.Hour, true) // switched off since
	add(domain.ChannelGotify, 23*time.Hour, true) // it may come back
	if err := s.Tidy(t.Context()); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, n := range f.rows()[1:] {
		got = append(got, fmt.Sprint(n.Channel, " ", n.State))
	}
	if diff := cmp.Diff([]string{"slack sent", "gotify skipped", "gotify pending"}, got); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	clock.Advance(25 * time.Hour)
	f.run(s)
	testkit.Eventually(t, "what is too old is given up", func() bool {
		return slices.ContainsFunc(f.rows(), func(n domain.Notification) bool {
			return n.Channel == domain.ChannelSlack && n.State == domain.NotificationSkipped
		})
	})
}

func TestTest(t *testing.T) {
	t.Parallel()
	f, good, bad := newFixture(t), newChat(t), newChat(t, 404)
	client := webhook.New(webhook.Settings{})
	sender, err := mail.New(mail.Config{Host: "127.0.0.1", From: "ci@example.org"})
	if err != nil {
		t.Fatal(err)
	}
	grant := authz.Grant{Actor: domain.Actor{User: f.User}, Project: f.Project.ID, Member: true, Permissions: domain.PermAll}
	all := f.service(f.Store, nil, rocketchat.New(domain.Secret(bad.url), client), good.slack(), email.New(sender), telegram.New(telegram.Config{Token: "1:x", Base: good.url}, client))
	results, err := all.Test(t.Context(), grant)
	if err != nil {
		t.Fatal(err)
	}
	got := map[domain.Channel]string{}
	for _, r := range results {
		got[r.Channel] = r.Error
	}
	want := map[domain.Channel]string{
		domain.ChannelSlack: "", domain.ChannelRocketChat: "the service answered 404 Not Found",
		domain.ChannelEmail:    "nobody would get it: no member of the project and no administrator has alerts switched on in the profile",
		domain.ChannelTelegram: "there is no chat to send to; enter one in the settings of the project",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if n := len(good.got()); n != 1 {
		t.Errorf("%d messages, want one", n)
	}
	if _, err := f.service(f.Store, nil).Test(t.Context(), grant); !domain.IsKind(err, domain.KindConflict) {
		t.Errorf("no channel: %v", err)
	}
	f.change(func(p *domain.Project) { p.Alert = false })
	if _, err := all.Test(t.Context(), grant); !domain.IsKind(err, domain.KindConflict) {
		t.Errorf("alerts off: %v", err)
	}
	grant.Permissions = domain.PermRunTasks
	if _, err := all.Test(t.Context(), grant); err == nil {
		t.Error("somebody without the right sent a test")
	}
}
