package testkit

import (
	"signalbox/internal/exec/process"
	"signalbox/internal/job"
)

// KillGroups ends the control groups that a job has noted in its directory, and
// removes them. A job that ends by itself does so, and a server that finds it
// dead; a test that kills it has to.
func KillGroups(jobDir string) {
	journal, err := job.OpenJournal(jobDir, 0)
	if err != nil {
		return // it had not begun
	}
	defer func() { _ = journal.Close() }() // read only
	for {
		record, _, err := journal.Next()
		if err != nil {
			return // the end, or where the job was killed
		}
		if record.Child != nil {
			process.KillCgroup(record.Child.Cgroup)
		}
	}
}
