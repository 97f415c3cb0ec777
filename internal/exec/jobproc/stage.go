package jobproc

import (
	"encoding/json"

	"signalbox/internal/job"
)

// stage is a part of the run that has begun.
type stage struct {
	s   *session
	rec job.Stage
}

// beginStage records that a part of the run begins. Every stage must be ended.
func (s *session) beginStage(kind string) (*stage, error) {
	s.stages++
	st := &stage{s: s, rec: job.Stage{Seq: s.stages, Type: kind, Start: s.now(), FirstLine: s.log.Lines() + 1}}
	rec := st.rec
	return st, s.journal.Append(job.Record{Stage: &rec})
}

// end records that the stage has ended. Result is what came of it, nil for
// nothing to tell. All output of the stage is in the journal before.
func (st *stage) end(result any) error {
	now := st.s.now()
	rec := st.rec
	rec.End = &now
	if result != nil {
		text, err := json.Marshal(result)
		if err != nil {
			return err
		}
		rec.Result = maskJSON(st.s.masker, text)
	}
	st.s.log.Flush()
	rec.LastLine = st.s.log.Lines()
	return st.s.journal.Append(job.Record{Stage: &rec})
}
