package domain

import (
	"errors"
	"fmt"
	"testing"
)

func TestParseArguments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text   string
		family Family
		want   string
		field  string
	}{
		{"", FamilyAnsible, "{[] map[]}", ""},
		{`["-v", "a b"]`, FamilyScript, "{[-v a b] map[]}", ""},
		{`{"plan":["-x"]}`, FamilyAnsible, "", "arguments"},
		{`"x"`, FamilyScript, "", "arguments"},
		{`[1]`, FamilyTerraform, "", "arguments"},
		{`["a\u0000"]`, FamilyScript, "", "arguments"},
		{`["-x"]`, FamilyTerraform, "{[-x] map[]}", ""},
		{`{"init":["-a"],"plan":[],"apply":["-b"],"default":["-c"]}`, FamilyTerraform, "{[] map[apply:[-b] default:[-c] init:[-a] plan:[]]}", ""},
		{`{"destroy":[]}`, FamilyTerraform, "", "arguments"},
		{`{"plan":"-x"}`, FamilyTerraform, "", "arguments.plan"},
		{`{"plan":["a\u0000"]}`, FamilyTerraform, "", "arguments.plan"},
		{`{"plan":`, FamilyTerraform, "", "arguments"},
		{`{"plan":1,"init":1,"apply":1,"default":1}`, FamilyTerraform, "", "arguments.apply"},
	} {
		got, err := ParseArguments("arguments", tt.text, tt.family)
		var de *Error
		if tt.field != "" {
			if !errors.As(err, &de) || de.Field != tt.field {
				t.Errorf("%s for %s: got %v, want an error on %s", tt.text, tt.family, err, tt.field)
			}
			continue
		}
		if err != nil || fmt.Sprint(got) != tt.want {
			t.Errorf("%s for %s: got %v, %v; want %s", tt.text, tt.family, got, err, tt.want)
		}
	}
}

func TestTemplate_ChecksParamsOfTheApp(t *testing.T) {
	t.Parallel()
	apps := map[string]App{}
	for _, a := range BuiltinApps() {
		apps[a.ID] = a
	}
	for _, tt := range []struct {
		app, params, field string
	}{
		{"tofu", `{"override_backend":true,"backend_filename":"backend_override.tf","allow_destroy":true,"other":1}`, ""},
		{"tofu", `{"backend_filename":"../backend.tf"}`, "task_params.backend_filename"},
		{"tofu", `{"backend_filename":"/etc/backend.tf"}`, "task_params.backend_filename"},
		{"tofu", `{"backend_filename":"backend.txt"}`, "task_params.backend_filename"},
		{"tofu", `{"backend_filename":"#backend.tf"}`, "task_params.backend_filename"},
		{"tofu", `{"backend_filename":"-backend.tf"}`, "task_params.backend_filename"},
		{"tofu", `{"allow_destroy":"yes"}`, "task_params.allow_destroy"},
		{"ansible", `{"tags":"a"}`, "task_params.tags"},
		{"ansible", `{"galaxy_role_args":["a\u0000"]}`, "task_params.galaxy_role_args"},
		{"ansible", `{"galaxy_role_args":["a\u0000"],"galaxy_collection_args":["a\u0000"]}`, "task_params.galaxy_collection_args"},
		{"bash", `{"tags":"a"}`, ""},
		{"bash", `[]`, "task_params"},
	} {
		tpl := Template{Name: "t", App: tt.app, Playbook: "x", RepositoryID: 1, InventoryID: new(InventoryID), TaskParams: JSON(tt.params)}
		err := tpl.Validate(apps[tt.app])
		var de *Error
		if tt.field == "" && err != nil || tt.field != "" && (!errors.As(err, &de) || de.Field != tt.field) {
			t.Errorf("%s %s: got %v, want an error on %q", tt.app, tt.params, err, tt.field)
		}
	}
	if !apps["tofu"].TakesInventory(InventoryTofuWorkspace) || apps["tofu"].TakesInventory(InventoryTerraformWorkspace) || apps["ansible"].TakesInventory(InventoryTofuWorkspace) || apps["terraform"].TakesInventory(InventoryStatic) {
		t.Error("an app takes an inventory that is not for it")
	}
}
