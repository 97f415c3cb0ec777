// Package bench measures the real program and writes docs/benchmarks.md. It is
// run by "make bench" on a machine that is otherwise idle; each figure stands
// beside a floor measured in the same run.
package bench
