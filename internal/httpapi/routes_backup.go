package httpapi

import (
	"net/http"

	"signalbox/internal/authz"
)

// maxBackup bounds the documents that are restored, in bytes.
const maxBackup = 100 << 20

func (a *api) addBackupRoutes() {
	const tag = "backup"
	handle(a, Route{Method: get, Path: project + "/backup", ID: "backupProject", Tag: tag, Summary: "Read a project as one document, without secrets", Action: authz.ReadProject}, a.backup)
	handle(a, Route{Method: post, Path: project + "/backup", ID: "backupProjectWithSecrets", Tag: tag, Summary: "Read a project as one document, with its secrets encrypted", Action: authz.ExportSecrets, Status: http.StatusOK}, a.backupWithSecrets)
	handle(a, Route{Method: post, Path: "/projects/restore", ID: "restoreProject", Tag: tag, Summary: "Make a project of a document", Action: authz.CreateProject, Status: http.StatusOK, MaxBody: maxBackup}, a.restore)
}
