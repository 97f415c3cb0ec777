package ansible

import _ "embed" // the plugin

// Callback is our callback plugin, a Python file. It is loaded by ansible from
// any directory that ANSIBLE_CALLBACK_PLUGINS lists, without being named in a
// setting, so that whatever callbacks a user has configured stay as they are.
//
//go:embed callback/signalbox_events.py
var Callback []byte

// CallbackFile is the name Callback must have.
const CallbackFile = "signalbox_events.py"

// The plugin's variables: the pipe it writes to, and what
// ANSIBLE_CALLBACK_PLUGINS was before it was added, "" for nothing. It removes
// them.
const (
	EventsVariable  = "SIGNALBOX_EVENTS"
	PluginsVariable = "SIGNALBOX_CALLBACK_PLUGINS"
)
