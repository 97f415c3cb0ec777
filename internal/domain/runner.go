package domain

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Runner carries out tasks, here or on another machine.
type Runner struct {
	ID        RunnerID
	ProjectID *ProjectID // nil: for all projects
	Name      string
	// TokenHash is the hex SHA-256 of the token it signs its requests with;
	// RegistrationHash that of the one-time token that it can register with, nil
	// when it has registered or needs none.
	TokenHash        string
	RegistrationHash *string
	Webhook          string // called to wake it
	MaxParallelTasks int    // 0: no limit
	Active           bool
	Tags             []string
	IsDefault        bool   // takes tasks that name no tag too
	PublicKey        string // PEM; "" sends payloads in the clear
	Created          time.Time
	Touched          *time.Time // when it last called
	// CleaningRequested is when it was asked to empty its caches, nil when it has.
	CleaningRequested *time.Time
}

// UnregisteredToken begins the TokenHash of a runner that has no token yet, which
// no hash of a token does.
const UnregisteredToken = "none:"

// Registered reports whether the runner has a token.
func (r *Runner) Registered() bool { return !strings.HasPrefix(r.TokenHash, UnregisteredToken) }

// maxRunnerTags bounds the tags of one runner.
const maxRunnerTags = 100

// Validate checks the fields a client may set and brings the tags into the form
// they are stored in: trimmed, each once.
func (r *Runner) Validate() error {
	if len([]rune(r.Name)) > 100 {
		return Invalid("name", "must not be longer than 100 characters")
	}
	if r.MaxParallelTasks < 0 {
		return Invalid("max_parallel_tasks", "must not be negative; 0 sets no limit")
	}
	if r.Webhook != "" {
		u, err := url.Parse(r.Webhook)
		switch {
		case len(r.Webhook) > 1000:
			return Invalid("webhook", "must not be longer than 1000 characters")
		case err != nil, u.Scheme != "http" && u.Scheme != "https", u.Host == "":
			return Invalid("webhook", "must be a web address such as https://runner.example.org/wake")
		}
	}
	var tags []string
	for _, tag := range r.Tags {
		tag = strings.TrimSpace(tag)
		if tag == "" || slices.Contains(tags, tag) {
			continue
		}
		if err := CheckRunnerTag("tags", tag); err != nil {
			return err
		}
		tags = append(tags, tag)
	}
	if len(tags) > maxRunnerTags {
		return Invalid("tags", "must not be more than %d", maxRunnerTags)
	}
	r.Tags = tags
	return nil
}

// CheckRunnerTag refuses tags that cannot be stored or shown.
func CheckRunnerTag(field, tag string) error {
	switch {
	case len([]rune(tag)) > 200:
		return Invalid(field, "a tag must not be longer than 200 characters")
	case strings.ContainsFunc(tag, unicode.IsControl):
		return Invalid(field, "a tag must not contain control characters")
	}
	return nil
}
