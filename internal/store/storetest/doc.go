// Package storetest is the conformance suite of the storage contract: every
// backend runs it from a test of ten lines. Its fixtures serve other tests too.
package storetest
