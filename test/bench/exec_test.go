//go:build bench

package bench

import (
	"fmt"
	"testing"
	"time"

	"signalbox/test/harness"
)

// masking is what hiding 50 secrets costs a chatty task: the best of a few runs
// with and without them, in turns, so that both meet the same machine.
func masking(t *testing.T, r *report, dir string) {
	s := harness.New(t)
	p := s.NewProject("bench", dir, "")
	var secrets []any
	for i := range 50 {
		secrets = append(secrets, map[string]any{"name": fmt.Sprintf("S%d", i), "secret": fmt.Sprintf("secret-%d-%x", i, (i+1)*7919*104729), "type": "env", "operation": "create"})
	}
	var group harness.ID
	s.Do("POST", p.Path("/environment"), map[string]any{"project_id": p.ID, "name": "secrets", "json": "{}", "env": "{}", "secrets": secrets}, &group)
	templates := []int{
		p.NewTemplate("python", "million.py", map[string]any{"name": "without"}),
		p.NewTemplate("python", "million.py", map[string]any{"name": "with", "environment_id": group.ID}),
	}
	ended := watch(t, s)
	best := []time.Duration{time.Hour, time.Hour}
	for range 3 {
		for i, tpl := range templates {
			begin := time.Now()
			await(t, ended, p.Launch(tpl, nil))
			best[i] = min(best[i], time.Since(begin))
		}
	}
	r.add("a task of 1,000,000 lines of 80 bytes with 50 secrets", "≤ 1.15 × floor", fmt.Sprintf("%.1f ms", best[1].Seconds()*1000),
		fmt.Sprintf("without secrets: %.1f ms", best[0].Seconds()*1000), fmt.Sprintf("%.2f", best[1].Seconds()/best[0].Seconds()))
}
