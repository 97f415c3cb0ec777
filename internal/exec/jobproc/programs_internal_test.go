package jobproc

import "testing"

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"ansible-playbook [core 2.14.18]\n  config file = /etc/x-1.2\n": "2.14.18",
		"Terraform v1.5.7\non linux_amd64\n":                            "1.5.7",
		"OpenTofu v1.11.0-rc2\n":                                        "1.11.0-rc2",
		"terragrunt version v0.73.11\n":                                 "0.73.11",
		"terragrunt version 0.99.0\n":                                   "0.99.0",
		"GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n":   "5.2.15",
		"PowerShell 7.4.1\n":                                            "7.4.1",
		"Python 3.13.0rc1\n":                                            "3.13.0rc1",
		"v3.142.0\n":                                                    "3.142.0",
		"\nThere are some problems.\n\nOpenTofu v1.10.6\n":              "1.10.6",
		"no number at all\n":                                            "",
		"":                                                              "",
		"release 7\n":                                                   "",
		"tool 1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23": "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20",
	} {
		if got := parseVersion(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
