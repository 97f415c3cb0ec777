package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"signalbox/internal/domain"
	"signalbox/internal/httpapi/wire"
	"signalbox/internal/store"
)

// statusOf is the error table: one status per kind.
func statusOf(kind domain.ErrorKind) int {
	switch kind {
	case domain.KindMalformed, domain.KindInvalid, domain.KindInUse:
		return http.StatusBadRequest
	case domain.KindUnauthenticated:
		return http.StatusUnauthorized
	case domain.KindForbidden:
		return http.StatusForbidden
	case domain.KindNotFound:
		return http.StatusNotFound
	case domain.KindConflict:
		return http.StatusConflict
	case domain.KindStale:
		return http.StatusPreconditionFailed
	case domain.KindTooLarge:
		return http.StatusRequestEntityTooLarge
	case domain.KindThrottled:
		return http.StatusTooManyRequests
	case domain.KindUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// databaseRetry is after how many seconds a client may hope for the database.
const databaseRetry = 5

// asDomain turns the conditions of the store into words; nil for failures that
// are ours.
func asDomain(err error) *domain.Error {
	var e *domain.Error
	switch {
	case errors.As(err, &e):
		return e
	case errors.Is(err, store.ErrNotFound):
		return domain.NotFound("the object")
	case errors.Is(err, store.ErrConflict):
		return domain.Invalid("", "an object with these values exists already")
	case errors.Is(err, store.ErrReference):
		return domain.Invalid("", "an object that this refers to is missing, or this one is still in use")
	case errors.Is(err, store.ErrFull):
		return &domain.Error{Kind: domain.KindUnavailable, Message: "the server's disk is full; nothing was changed"}
	case errors.Is(err, store.ErrTooLarge):
		return &domain.Error{Kind: domain.KindTooLarge, Message: "a value is larger than the database accepts; make it smaller, or have the limit of the database raised"}
	case errors.Is(err, store.ErrUnavailable):
		return &domain.Error{Kind: domain.KindUnavailable, Message: "the database does not answer; try again in a moment", RetryAfter: databaseRetry}
	}
	return nil
}

// fail answers with an error: the user gets a sentence, the log the cause.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	id := requestID(r.Context())
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		return // the client is gone
	}
	body := wire.Error{RequestID: id}
	status := http.StatusInternalServerError
	if e := asDomain(err); e != nil {
		status = statusOf(e.Kind)
		body.Error, body.Field, body.Message = e.Message, e.Field, e.Hint
		if e.RetryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(e.RetryAfter))
		}
		if e.Kind == domain.KindInUse {
			body.InUse = true
			for _, u := range e.Users {
				body.Users = append(body.Users, wire.Reference(u))
			}
		}
		if e.Cause != nil || !errors.As(err, new(*domain.Error)) {
			a.log.LogAttrs(r.Context(), slog.LevelWarn, "request refused", slog.String("request_id", id),
				slog.Int("status", status), slog.Any("error", err))
		}
	} else {
		body.Error = "something went wrong on the server; the log has the details under the request id"
		a.log.LogAttrs(r.Context(), slog.LevelError, "request failed", slog.String("request_id", id),
			slog.String("method", r.Method), slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	writeError(w, status, body)
}

func writeError(w http.ResponseWriter, status int, body wire.Error) {
	data, err := json.Marshal(body)
	if err != nil { // strings and numbers only
		panic(err)
	}
	h := w.Header()
	h.Set("Content-Type", jsonType)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	h.Del("Content-Disposition")
	w.WriteHeader(status)
	_, _ = w.Write(data) // the client may be gone
}

// notFound is what unknown paths and methods below /api get.
func notFound(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", "10")
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write([]byte("Not Found\n")) // the client may be gone
}
