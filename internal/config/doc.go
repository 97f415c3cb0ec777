// Package config reads the settings of the server into one validated struct.
//
// Settings come, weakest first, from built-in defaults, a JSON or YAML file,
// environment variables (SIGNALBOX_*, or the same names after SEMAPHORE_*) and
// command-line flags. One table, options, names every setting with its key,
// variable, form and explanation; loading, "config show", the JSON schema and
// the administrator's guide all come from it.
//
// Load reports all mistakes at once and changes nothing on disk; EnsureKeys
// creates the key file. Passing the settings to those who need them is left to
// the app package: nobody reads this package's values from afar.
package config
