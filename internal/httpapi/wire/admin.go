package wire

import (
	"math"
	"time"

	"signalbox/internal/domain"
	"signalbox/internal/tasks"
)

// Option is a setting kept in the database.
type Option struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// UnfinishedTask is a task that waits or runs, as administrators see it.
type UnfinishedTask struct {
	TaskID      int64  `json:"task_id"`
	ProjectID   int64  `json:"project_id"`
	Username    string `json:"username,omitempty"`
	RunnerID    *int64 `json:"runner_id,omitempty"`
	Status      string `json:"status"`
	Location    string `json:"location" enum:"queue,running"`
	RunnerName  string `json:"runner_name,omitempty"`
	ProjectName string `json:"project_name,omitempty"`
}

// FromUnfinished gives the shape of a task that waits or runs.
func FromUnfinished(t tasks.Unfinished) UnfinishedTask {
	out := UnfinishedTask{
		TaskID: int64(t.ID), ProjectID: int64(t.ProjectID), Username: t.Username, ProjectName: t.ProjectName,
		Status: string(t.Status), Location: "running",
	}
	if t.Status == domain.StatusWaiting {
		out.Location = "queue"
	}
	return out
}

// TaskStat counts the tasks of a day.
type TaskStat struct {
	Date          string         `json:"date" doc:"YYYY-MM-DD in UTC"`
	CountByStatus map[string]int `json:"count_by_status"`
	AvgDuration   int64          `json:"avg_duration" doc:"Seconds that tasks took on average, from start to end"`
}

// FromTaskStats gives the rows of a statistic.
func FromTaskStats(stats []domain.TaskStat) []TaskStat {
	return list(stats, func(s domain.TaskStat) TaskStat {
		out := TaskStat{
			Date: s.Day.UTC().Format(time.DateOnly), CountByStatus: make(map[string]int, len(s.ByStatus)),
			AvgDuration: int64(math.Round(s.Average().Seconds())),
		}
		for status, n := range s.ByStatus {
			out.CountByStatus[string(status)] = n
		}
		return out
	})
}
