package domain

import "time"

// Channel names a way by which people are told about tasks.
type Channel string

const (
	ChannelEmail      Channel = "email"
	ChannelTelegram   Channel = "telegram"
	ChannelSlack      Channel = "slack"
	ChannelRocketChat Channel = "rocketchat"
	ChannelTeams      Channel = "microsoft_teams"
	ChannelDingTalk   Channel = "dingtalk"
	ChannelGotify     Channel = "gotify"
)

// Title is the name of the channel as people know it.
func (c Channel) Title() string {
	switch c {
	case ChannelEmail:
		return "E-mail"
	case ChannelTelegram:
		return "Telegram"
	case ChannelSlack:
		return "Slack"
	case ChannelRocketChat:
		return "Rocket.Chat"
	case ChannelTeams:
		return "Microsoft Teams"
	case ChannelDingTalk:
		return "DingTalk"
	case ChannelGotify:
		return "Gotify"
	}
	return string(c)
}

// NotificationState says what became of a notification.
type NotificationState string

const (
	NotificationPending NotificationState = "pending" // will be tried, or tried again
	NotificationSent    NotificationState = "sent"
	NotificationFailed  NotificationState = "failed"  // and will not be tried again
	NotificationSkipped NotificationState = "skipped" // overtaken before it was sent
)

// Notification is what is to be told, or was told, about a task by one channel.
// One without a channel is news that has just been stored, together with the
// status it is about; it is replaced by one for each channel and, where a channel
// tells people one by one, for each of them.
type Notification struct {
	ID        NotificationID
	ProjectID ProjectID
	TaskID    TaskID
	Event     TaskStatus // which the task came into
	Question  int        // which of the task's questions waits, for StatusWaitingConfirmation
	Channel   Channel
	UserID    *UserID // whom the message is for, where people are told one by one
	State     NotificationState
	Attempts  int
	Created   time.Time
	LastAt    *time.Time // of the last attempt that has come to an end
	// NextAt is when it is tried next. While somebody is at it, it is when others
	// may take it that he died. Nil: there is nothing more to do.
	NextAt *time.Time
	Error  string // why the last attempt failed, in words for users
}

// Notifies reports whether people are told of tasks that come into the status.
func (s TaskStatus) Notifies() bool {
	return s == StatusSuccess || s == StatusError || s == StatusWaitingConfirmation
}
