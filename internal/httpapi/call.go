package httpapi

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"signalbox/internal/authz"
	"signalbox/internal/domain"
)

const jsonType = "application/json"

// call is one request being served: what it asks, who asks, and the answer.
type call struct {
	api   *api
	route *Route
	w     http.ResponseWriter
	r     *http.Request
	// grant is set for every route but the public ones; its project part only
	// for routes below a project.
	grant authz.Grant
	// template is the one that grant.Template is about, 0 for none.
	template domain.TemplateID
	query    url.Values
	// status is the answer's where it depends on what happened; 0: the route's.
	status int
}

func (c *call) actor() domain.Actor { return c.grant.Actor }

// id returns a numeric path variable; admit has checked that it is a number.
func (c *call) id(name string) int64 {
	n, _ := strconv.ParseInt(c.r.PathValue(name), 10, 64) // checked by admit
	return n
}

// param returns the first value of a query parameter.
func (c *call) param(name string) string {
	if c.query == nil {
		c.query = c.r.URL.Query()
	}
	return c.query.Get(name)
}

// number returns a numeric query parameter within bounds.
func (c *call) number(name string, missing, least, most int64) (int64, error) {
	text := c.param(name)
	if text == "" {
		return missing, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, domain.Invalid(name, "must be a whole number from %d to %d", least, most)
	}
	return n, nil
}

// flag returns a yes-or-no query parameter.
func (c *call) flag(name string) (bool, error) {
	switch strings.ToLower(c.param(name)) {
	case "", "0", "false", "no":
		return false, nil
	case "1", "true", "yes":
		return true, nil
	}
	return false, domain.Invalid(name, "must be true or false")
}

// decode reads the first JSON value of the body, whatever its declared type.
func (c *call) decode(into any, optional bool) error {
	body := http.MaxBytesReader(c.w, c.r.Body, max(c.api.maxBody, c.route.MaxBody))
	err := json.NewDecoder(body).Decode(into)
	if err == nil {
		return nil
	}
	if errors.Is(err, io.EOF) && optional {
		return nil
	}
	return decodeError(err)
}

// decodeError puts a decoding failure into words that name the field.
func decodeError(err error) error {
	var wrongType *json.UnmarshalTypeError
	var tooLarge *http.MaxBytesError
	var domainErr *domain.Error
	switch {
	case errors.As(err, &tooLarge):
		return &domain.Error{Kind: domain.KindTooLarge, Message: "the request is larger than " + strconv.FormatInt(tooLarge.Limit, 10) + " bytes"}
	case errors.As(err, &domainErr):
		return err
	case errors.As(err, &wrongType):
		return &domain.Error{
			Kind: domain.KindMalformed, Field: wrongType.Field,
			Message: "must be " + typeWords(wrongType.Type.String()) + ", not " + wrongType.Value,
		}
	case errors.Is(err, io.EOF):
		return &domain.Error{Kind: domain.KindMalformed, Message: "the request has no body; send a JSON object"}
	}
	return &domain.Error{Kind: domain.KindMalformed, Message: "the body is not valid JSON", Cause: err}
}

func typeWords(goType string) string {
	switch strings.TrimPrefix(goType, "*") {
	case "bool":
		return "true or false"
	case "int", "int64":
		return "a whole number"
	case "string":
		return "a text"
	case "time.Time":
		return "a time such as 2026-01-31T12:00:00Z"
	}
	if strings.HasPrefix(goType, "[]") {
		return "a list"
	}
	return "an object"
}

// reply sends a JSON document.
func (c *call) reply(status int, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	c.send(status, data)
	return nil
}

// send sends a JSON document that is encoded already.
func (c *call) send(status int, data []byte) {
	h := c.w.Header()
	h.Set("Content-Type", jsonType)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	c.w.WriteHeader(status)
	_, _ = c.w.Write(data) // the client may be gone; nobody is left to tell
}

// empty answers without a body, still as JSON: clients of the reference look
// at the content type before they look at the length.
func (c *call) empty(status int) {
	c.w.Header().Set("Content-Type", jsonType)
	c.w.WriteHeader(status)
}
