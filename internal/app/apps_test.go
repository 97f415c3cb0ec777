package app

import (
	"fmt"
	"slices"
	"testing"

	"signalbox/internal/config"
	"signalbox/internal/domain"
)

func TestBaseApps_FollowTheConfiguration(t *testing.T) {
	t.Parallel()
	off, path := false, "/opt/python/bin/python3.13"
	apps := map[string]domain.App{}
	for _, a := range baseApps(map[string]config.App{
		"bash":   {Active: &off},
		"python": {Path: &path, Args: []string{"-I"}},
		"deno":   {Args: []string{"run"}},
	}) {
		apps[a.ID] = a
	}
	if apps["bash"].Active || !apps["ansible"].Active {
		t.Error("switching bash off did not touch bash alone")
	}
	if got := apps["python"]; got.Path != path || len(got.Args) != 1 || fmt.Sprint(got.Candidates()) != "["+path+"]" {
		t.Errorf("python is %+v", got)
	}
	if got := apps["deno"]; !got.Active || fmt.Sprint(got.Candidates()) != "[deno]" {
		t.Errorf("the added app is %+v", got)
	}
}

func TestJobHost_HasWhatGitNeeds(t *testing.T) {
	t.Parallel()
	c := config.Config{Git: config.Git{Client: "go_git", SSHConfigPath: "/c", HostKeyChecking: "yes", KnownHostsFile: "/k"}}
	if h := jobHost(&c); h.GitClient != "go_git" || h.SSHConfigPath != "/c" || h.HostKeyChecking != "yes" || h.KnownHostsFile != "/k" {
		t.Errorf("got %+v", h)
	}
}

func TestJobEnv_LeavesTheServersSettingsOut(t *testing.T) {
	t.Parallel()
	got := jobEnv([]string{"PATH=/bin", "SIGNALBOX_COOKIE_HASH=x", "SEMAPHORE_DB_PASS=y", "HOME=/root", "CLOUD_TOKEN=z", "PASSED=on"},
		[]string{"PASSED", "SEMAPHORE_DB_PASS"})
	if !slices.Equal(got, []string{"PATH=/bin", "HOME=/root", "PASSED=on"}) {
		t.Errorf("got %q", got)
	}
}
