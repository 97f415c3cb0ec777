package domain

// Identifiers are distinct types, so that a call taking a project and a
// template cannot be made with the two swapped. Zero means "none yet".
type (
	UserID          int64
	SessionID       int64
	TokenID         int64
	ProjectID       int64
	MemberID        int64
	KeyID           int64
	RepositoryID    int64
	HostConfigID    int64
	InventoryID     int64
	VariableGroupID int64
	TemplateID      int64
	VaultID         int64
	ViewID          int64
	TaskID          int64
	EventID         int64
)
