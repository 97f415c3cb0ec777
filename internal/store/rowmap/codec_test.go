package rowmap_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"signalbox/internal/domain"
	"signalbox/internal/store/rowmap"
)

// FuzzDecode feeds the reader of rows what a broken file might hold.
func FuzzDecode(f *testing.F) {
	rows := rowmap.Of[domain.View]()
	sortBy := ""
	view := domain.View{ID: 3, Title: "all", Position: -2, SortColumn: &sortBy, Hidden: true}
	row, err := rows.Values(&view, nil)
	if err != nil {
		f.Fatal(err)
	}
	encoded := rowmap.Encode(rows.Columns, row)
	f.Add(encoded)
	f.Add([]byte{1, 2, 'i', 'd', 's', 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		values := make([]any, len(rows.Columns))
		if err := rowmap.Decode(rows.Columns, data, values); err == nil {
			_ = rows.Set(new(domain.View), values) // must not panic
		}
	})
}

// TestDecode_ColumnsComeAndGo: a row is read by who knows fewer or more columns.
func TestDecode_ColumnsComeAndGo(t *testing.T) {
	t.Parallel()
	type old struct {
		ID    int64
		Gone  string
		Notes *string
	}
	type now struct {
		Notes *string
		ID    int64
		Added bool
		Data  []byte
	}
	notes := ""
	before, after := rowmap.Of[old](), rowmap.Of[now]()
	row, err := before.Values(&old{7, "x", &notes}, nil)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]any, len(after.Columns))
	if err := rowmap.Decode(after.Columns, rowmap.Encode(before.Columns, row), values); err != nil {
		t.Fatal(err)
	}
	var got now
	if err := after.Set(&got, values); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(now{Notes: &notes, ID: 7}, got); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	if err := rowmap.Decode(after.Columns, []byte("{}"), values); err == nil {
		t.Error("a row of another form was read")
	}
}
