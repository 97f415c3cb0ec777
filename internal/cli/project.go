package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"signalbox/internal/backup"
	"signalbox/internal/domain"
)

func (s *shell) project() *cobra.Command {
	c := s.group(&cobra.Command{Use: "project", Aliases: []string{"projects"}, Short: "Take projects along as files, bring them back, list those of a server"})
	c.AddCommand(s.projectExport(), s.projectImport(), s.projectList())
	return c
}

// passphrase reads the passphrase of a backup; "" without the flag.
func passphrase(file string) (domain.Secret, error) {
	if file == "" {
		return "", nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", domain.Invalid("--passphrase-file", "%s", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	phrase := domain.Secret(strings.TrimRight(line, "\r"))
	return phrase, backup.CheckPassphrase("--passphrase-file", phrase)
}

func (s *shell) projectExport() *cobra.Command {
	var which ProjectRef
	var file, dir, phraseFile string
	var all, secrets bool
	c := &cobra.Command{
		Use:   "export",
		Short: "Write a project as one document",
		Long: "Write a project as one document, to standard output or a file. Secrets go along only with --with-secrets, " +
			"encrypted with the passphrase in the file that --passphrase-file names.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			one := which.ID != 0 || which.Name != ""
			switch {
			case all && (one || file != "" || dir == ""):
				return usage("--all goes with --dir, and without --project-id, --project-name and --file")
			case !all && dir != "":
				return usage("--dir goes with --all")
			case !all && (which.ID != 0) == (which.Name != ""):
				return usage("give --project-id or --project-name")
			case secrets != (phraseFile != ""):
				return usage("--with-secrets and --passphrase-file go together")
			}
			phrase, err := passphrase(phraseFile)
			if err != nil {
				return err
			}
			return s.administer(c, func(ctx context.Context, a Admin) error {
				if all {
					return exportAll(ctx, c, a, dir, phrase)
				}
				doc, err := a.ExportProject(ctx, which, phrase)
				if err != nil {
					return err
				}
				text, err := encode(doc)
				if err != nil {
					return err
				}
				if file == "" {
					_, err = c.OutOrStdout().Write(text)
					return err
				}
				if err := writePrivate(file, text); err != nil {
					return err
				}
				_, err = fmt.Fprintf(c.OutOrStdout(), "Project exported to %s\n", file)
				return err
			})
		},
	}
	f := c.Flags()
	f.Int64Var(&which.ID, "project-id", 0, "`number` of the project")
	f.StringVar(&which.Name, "project-name", "", "`name` of the project, in any case; of several the first one counts")
	f.StringVar(&file, "file", "", "`file` to write; without it, standard output")
	f.BoolVar(&all, "all", false, "all projects, each into a file of its own in --dir")
	f.StringVar(&dir, "dir", "", "`directory` to write to, made when it is not there")
	f.BoolVar(&secrets, "with-secrets", false, "with the secrets of keys, encrypted")
	f.StringVar(&phraseFile, "passphrase-file", "", "`file` whose first line encrypts the secrets; 10 characters at least")
	return c
}

func encode(doc backup.Document) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(doc)
	return out.Bytes(), err
}

func exportAll(ctx context.Context, c *cobra.Command, a Admin, dir string, phrase domain.Secret) error {
	projects, err := a.ListProjects(ctx)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, p := range projects {
		doc, err := a.ExportProject(ctx, ProjectRef{ID: int64(p.ID)}, phrase)
		if err != nil {
			return fmt.Errorf("project %d: %w", p.ID, err)
		}
		text, err := encode(doc)
		if err != nil {
			return err
		}
		file := filepath.Join(dir, fmt.Sprintf("project-%d.json", p.ID))
		if err := writePrivate(file, text); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(c.OutOrStdout(), "Project exported to %s\n", file); err != nil {
			return err
		}
	}
	return nil
}

func (s *shell) projectImport() *cobra.Command {
	var file, dir, phraseFile string
	var how ImportHow
	var strict bool
	c := &cobra.Command{
		Use:   "import",
		Short: "Make projects of documents",
		Long: "Make projects of documents: of one file, or of all files of a directory and the directories below whose names end in " +
			".json, .backup or .bk. What cannot be taken over is said on standard error.",
		Args: noArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			switch {
			case (file == "") == (dir == ""):
				return usage("give --file or --dir")
			case dir != "" && how.Name != "":
				return usage("--project-name goes with --file only")
			}
			var err error
			if how.Passphrase, err = passphrase(phraseFile); err != nil {
				return err
			}
			files := []string{file}
			if dir != "" {
				if files, err = documents(dir); err != nil {
					return err
				}
				if len(files) == 0 {
					return domain.NotFound("a file that ends in .json, .backup or .bk in " + dir)
				}
			}
			return s.administer(c, func(ctx context.Context, a Admin) error {
				return s.importAll(ctx, c, a, files, how, strict || dir == "")
			})
		},
	}
	f := c.Flags()
	f.StringVar(&file, "file", "", "`file` with a document")
	f.StringVar(&dir, "dir", "", "`directory` with documents")
	f.StringVar(&how.Name, "project-name", "", "`name` of the new project instead of that in the document")
	f.StringVar(&how.Owner, "owner", "", "`login` of the owner; without it, the first administrator")
	f.StringVar(&phraseFile, "passphrase-file", "", "`file` whose first line opens the secrets of the documents")
	f.BoolVar(&strict, "strict", false, "fail when any file of --dir fails, not only when all do")
	return c
}

// documents lists the files of a directory that look like documents, sorted.
func documents(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() && slices.Contains([]string{".json", ".backup", ".bk"}, filepath.Ext(path)) {
			files = append(files, path)
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, domain.NotFound("the directory " + dir)
	}
	slices.Sort(files)
	return files, err
}

func (s *shell) importAll(ctx context.Context, c *cobra.Command, a Admin, files []string, how ImportHow, every bool) error {
	done := 0
	var failed error
	for _, file := range files {
		warnings, err := importOne(ctx, a, file, how)
		for _, w := range warnings {
			s.complain(file + ": " + w)
		}
		if err != nil {
			failed = fmt.Errorf("%s: %w", file, err)
			if len(files) > 1 {
				s.complain(plain(failed))
			}
			continue
		}
		done++
		if _, err := fmt.Fprintf(c.OutOrStdout(), "Imported project from %s\n", file); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(c.OutOrStdout(), "Project(s) imported: %d/%d\n", done, len(files)); err != nil {
		return err
	}
	switch {
	case done == len(files), done > 0 && !every:
		return nil
	case len(files) == 1:
		return failed
	}
	return fmt.Errorf("%d of %d files could not be imported", len(files)-done, len(files))
}

func importOne(ctx context.Context, a Admin, file string, how ImportHow) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var doc backup.Document
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, domain.Invalid("", "is not the document of a project: %s", err)
	}
	return a.ImportProject(ctx, doc, how)
}
