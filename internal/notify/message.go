package notify

import (
	"strconv"
	"strings"
	"unicode"

	"signalbox/internal/domain"
)

// Message is what is told. All texts are as users wrote them.
type Message struct {
	Event    domain.TaskStatus
	Project  string
	Template string
	TaskID   domain.TaskID // 0 in a message that only tests the channel
	Author   string        // "" where nobody started the task by hand
	Version  string        // "" for none
	Text     string        // the message of the task
	URL      string        // of the page of the task, "" where the public address is not known
}

// Test reports whether the message is sent to see whether it arrives.
func (m Message) Test() bool { return m.TaskID == 0 }

// Title names the template, on one line.
func (m Message) Title() string {
	if m.Test() {
		return "Test of alerts"
	}
	return Line(m.Template)
}

// Result is the status as people see it at a glance.
func (m Message) Result() string {
	sign := map[domain.TaskStatus]string{
		domain.StatusSuccess: "✅", domain.StatusError: "❌", domain.StatusWaitingConfirmation: "⏳",
	}[m.Event]
	return strings.TrimSpace(sign + " " + strings.ToUpper(strings.ReplaceAll(string(m.Event), "_", " ")))
}

// Sentence says what has happened, without names.
func (m Message) Sentence() string {
	switch {
	case m.Test():
		return "Alerts of this project arrive here."
	case m.Event == domain.StatusSuccess:
		return "The task has succeeded."
	case m.Event == domain.StatusError:
		return "The task has failed."
	}
	return "The task waits to be confirmed."
}

// Fact is a line of a message.
type Fact struct{ Name, Value string }

// Facts are what is known about the task, those without a value left out. Values
// are on one line and not escaped.
func (m Message) Facts() []Fact {
	facts := []Fact{{"Project", Line(m.Project)}}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, Fact{name, value})
		}
	}
	if !m.Test() {
		add("Task", m.Number())
	}
	add("Status", m.Result())
	add("Version", Line(m.Version))
	add("Author", m.By())
	add("Message", Line(m.Text))
	return facts
}

// Number is that of the task, "#12".
func (m Message) Number() string { return "#" + strconv.FormatInt(int64(m.TaskID), 10) }

// By is who started the task, a dash where nobody did.
func (m Message) By() string {
	if author := Line(m.Author); author != "" {
		return author
	}
	return "—"
}

// maxLine is how many characters of a text are shown. Services refuse messages
// beyond some thousand.
const maxLine = 300

// Line returns a text on one line of moderate length.
func Line(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd"))
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > maxLine {
		return string(runes[:maxLine-1]) + "…"
	}
	return text
}

// Markdown returns a text of one line that shows as it is where markdown is
// read.
func Markdown(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune("\\`*_{}[]<>#~|!&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// MarkdownLink shows a text as a link, or alone where there is no address.
func MarkdownLink(text, url string) string {
	if url == "" {
		return Markdown(text)
	}
	return "[" + Markdown(text) + "](" + strings.NewReplacer("(", "%28", ")", "%29", " ", "%20").Replace(url) + ")"
}

// MarkdownFacts is the facts of a message, each a paragraph.
func (m Message) MarkdownFacts() string {
	lines := []string{m.Sentence()}
	for _, f := range m.Facts() {
		lines = append(lines, "**"+f.Name+":** "+Markdown(f.Value))
	}
	return strings.Join(lines, "\n\n")
}
