package wire

import "time"

// AlertChannel is a way by which people are told about tasks.
type AlertChannel struct {
	Channel   string   `json:"channel" doc:"email, telegram, slack, rocketchat, microsoft_teams, dingtalk or gotify" example:"telegram"`
	Name      string   `json:"name" doc:"Name as people know it" example:"Telegram"`
	Events    []string `json:"events" doc:"Statuses of tasks that it tells of"`
	NeedsChat bool     `json:"needs_chat,omitempty" doc:"Nobody is told unless the project names a chat"`
}

// ChannelResult is what became of a test message.
type ChannelResult struct {
	Channel string `json:"channel" doc:"email, telegram, slack, rocketchat, microsoft_teams, dingtalk or gotify" example:"slack"`
	Name    string `json:"name" doc:"Name of the channel as people know it" example:"Slack"`
	Sent    bool   `json:"sent" doc:"The service has accepted the message"`
	Error   string `json:"error,omitempty" doc:"Why it has not" example:"the service answered 404 Not Found"`
}

// Notification is what somebody is told about a task.
type Notification struct {
	ID          int64      `json:"id"`
	Channel     string     `json:"channel" doc:"email, telegram, slack, rocketchat, microsoft_teams, dingtalk or gotify" example:"slack"`
	Name        string     `json:"name" doc:"Name of the channel as people know it" example:"Slack"`
	UserID      *int64     `json:"user_id,omitempty" doc:"Whom the message is for, where people are told one by one"`
	UserName    string     `json:"user_name,omitempty"`
	Event       string     `json:"event" doc:"Status that the task came into" example:"error"`
	State       string     `json:"state" enum:"pending,sent,failed,skipped" doc:"What became of it; pending: it is tried, or tried again" example:"sent"`
	Attempts    int        `json:"attempts" doc:"How often it was tried" example:"1"`
	Created     time.Time  `json:"created"`
	LastAttempt *time.Time `json:"last_attempt,omitempty" doc:"When it was tried last"`
	NextAttempt *time.Time `json:"next_attempt,omitempty" doc:"When it is tried next, at the latest"`
	Error       string     `json:"error,omitempty" doc:"Why the last attempt failed, or why it is not sent any more" example:""`
}
