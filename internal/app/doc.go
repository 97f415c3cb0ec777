// Package app is the composition root: it opens what the configuration names,
// puts the parts together, and runs them. It is the only place that knows them
// all; it holds no rules of its own.
package app
