package main

import (
	"strings"
	"testing"
)

const events = `{"Action":"start","Package":"signalbox/internal/store/sqlstore"}
{"Action":"run","Package":"signalbox/internal/store/sqlstore","Test":"TestConformance"}
{"Action":"run","Package":"signalbox/internal/store/sqlstore","Test":"TestConformance/Tx"}
{"Action":"run","Package":"signalbox/internal/store/sqlstore","Test":"TestConformance/Values"}
{"Action":"run","Package":"signalbox/internal/store/sqlstore","Test":"TestConformance/Values/large_numbers"}
{"Action":"run","Package":"signalbox/internal/store/sqlstore","Test":"TestConformance/Tx/all_or_nothing"}
{"Action":"output","Package":"signalbox/internal/store/sqlstore","Test":"TestConformance/Tx/all_or_nothing","Output":"x\n"}
{"Action":"run","Package":"signalbox/internal/store/sqlstore","Test":"TestConformance/Values/texts"}
{"Action":"pass","Package":"signalbox/internal/store/sqlstore","Test":"TestConformance/Values/texts"}
{"Action":"skip","Package":"signalbox/internal/store/sqlstore","Test":"TestConformance/Values/large_numbers"}
{"Action":"pass","Package":"signalbox/internal/store/sqlstore","Test":"TestConformance/Tx/all_or_nothing"}
{"Action":"pass","Package":"signalbox/internal/store/sqlstore","Test":"TestConformance/Tx"}
{"Action":"run","Package":"signalbox/internal/store/sqlstore","Test":"TestPostgres/SignIn"}
{"Action":"pass","Package":"signalbox/internal/store/sqlstore","Test":"TestPostgres/Conformance/Tx/all_or_nothing"}
{"Action":"run","Package":"signalbox/internal/store/sqlstore","Test":"TestMySQL/Conformance/Tx/all_or_nothing"}
{"Action":"fail","Package":"signalbox/internal/store/boltstore","Test":"TestConformance/Tx/all_or_nothing"}
{"Action":"pass","Package":"signalbox/internal/store/boltstore","Test":"TestConformance/Values/texts"}
{"Action":"pass","Package":"signalbox/internal/other","Test":"TestConformance/Values/alien"}
`

func TestTable(t *testing.T) {
	t.Parallel()
	got, err := table(strings.NewReader(events))
	_, rows, _ := strings.Cut(got, ":-:|\n")
	want := `| **Tx** | all or nothing | ✓ | ✓ | ✗ | ✗ |
| **Values** | large numbers | – | – | – | – |
|  | texts | ✓ | – | – | ✓ |
`
	if rows != want {
		t.Errorf("got\n%swant\n%s", rows, want)
	}
	if err == nil || err.Error() != "MariaDB: Tx/all_or_nothing failed\nBolt: Tx/all_or_nothing failed\nMariaDB passed no case" {
		t.Errorf("got error %v", err)
	}
}

func TestTable_RefusesOtherText(t *testing.T) {
	t.Parallel()
	if text, err := table(strings.NewReader("ok signalbox 0.1s\n")); err == nil || text != "" {
		t.Errorf("got %q, %v; want an error", text, err)
	}
}
