package domain

// Identifiers are distinct types, so that a call taking a project and a
// template cannot be made with the two swapped. Zero means "none yet".
type (
	UserID               int64
	SessionID            int64
	TokenID              int64
	ProjectID            int64
	MemberID             int64
	KeyID                int64
	RepositoryID         int64
	HostConfigID         int64
	InventoryID          int64
	VariableGroupID      int64
	TemplateID           int64
	VaultID              int64
	ViewID               int64
	TaskID               int64
	EventID              int64
	RoleID               int64
	TemplateRoleID       int64
	InviteID             int64
	ScheduleID           int64
	IntegrationID        int64
	IntegrationMatcherID int64
	IntegrationValueID   int64
	IntegrationAliasID   int64
	RunnerID             int64
	TOTPID               int64
	RecoveryCodeID       int64
	NotificationID       int64
	MailCodeID           int64
)
