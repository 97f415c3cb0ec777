package mail

import (
	"bytes"
	"html/template"
	"strings"
)

// Letter is what a message says, written once for both of its forms.
type Letter struct {
	Subject string
	// Lines are paragraphs; every one is a text, not HTML.
	Lines []string
	// Link is where the reader goes on, "" for nowhere, and Action what that is
	// called, such as "Choose a new password".
	Link, Action string
	// Code is a text to be typed, shown large; "" for none.
	Code string
	// Footer says why the reader gets this; it may be "".
	Footer string
}

// To makes a message to somebody out of a letter. The name may be "".
func (l Letter) To(address, name string) Message {
	var text strings.Builder
	paragraph := func(s string) {
		if s == "" {
			return
		}
		if text.Len() > 0 {
			text.WriteString("\n")
		}
		text.WriteString(s + "\n")
	}
	for _, line := range l.Lines {
		paragraph(line)
	}
	if l.Code != "" {
		paragraph("    " + l.Code)
	}
	if l.Link != "" {
		paragraph(strings.TrimPrefix(l.Action+":\n", ":\n") + l.Link)
	}
	if l.Footer != "" {
		paragraph("-- \n" + l.Footer)
	}
	var page bytes.Buffer
	_ = layout.Execute(&page, l) // of fixed form into memory
	return Message{To: address, Name: name, Subject: l.Subject, Text: text.String(), HTML: page.String()}
}

// layout is plain on purpose: readers of mail know little of today's HTML.
var layout = template.Must(template.New("letter").Parse(`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark"><title>{{.Subject}}</title></head>
<body style="margin:0;padding:24px;font-family:system-ui,-apple-system,'Segoe UI',sans-serif;font-size:15px;line-height:1.5">
<div style="max-width:560px;margin:0 auto">
{{range .Lines}}{{if .}}<p style="white-space:pre-line">{{.}}</p>
{{end}}{{end}}{{with .Code}}<p style="font-family:ui-monospace,monospace;font-size:28px;letter-spacing:4px">{{.}}</p>
{{end}}{{if .Link}}<p><a href="{{.Link}}">{{or .Action .Link}}</a></p>
<p style="font-size:13px;opacity:.7;word-break:break-all">{{.Link}}</p>
{{end}}{{with .Footer}}<p style="font-size:13px;opacity:.7">{{.}}</p>
{{end}}</div>
</body></html>
`))
