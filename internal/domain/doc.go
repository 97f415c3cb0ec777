// Package domain holds the words of Signalbox: entities, typed identifiers,
// enumerations, the task state machine and the errors that users see. It does
// no I/O and imports only the standard library.
//
// Field names are the storage names: a backend maps ProjectID to project_id by
// convention. Wire shapes live in httpapi/wire, so nothing here carries tags.
package domain
