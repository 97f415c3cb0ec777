package rules

import "signalbox/internal/domain"

// Removals is whose revision grows when tasks of a project are deleted. No
// project has that number.
func Removals(p domain.ProjectID) domain.ProjectID { return -p }
