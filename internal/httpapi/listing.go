package httpapi

import (
	"fmt"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"signalbox/internal/domain"
	"signalbox/internal/store"
)

// maxSearch bounds what can be looked for, in bytes.
const maxSearch = 500

func checkSearch(text string) error {
	if len(text) > maxSearch || !utf8.ValidString(text) {
		return domain.Invalid("search", "must be a text of at most %d bytes", maxSearch)
	}
	return nil
}

// listing narrows lists: to what a search finds, and to a page. Without any of
// its parameters a list is as long as it always was.
type listing struct {
	name func(reflect.Value) string // of an element, for searches
	most int                        // without count; 0: all
}

// listingOf makes the listing of a route, nil when its answer is no list that
// clients page through: of objects with names, or of texts.
func listingOf(rt *Route, answer reflect.Type) *listing {
	if rt.Method != http.MethodGet || answer.Kind() != reflect.Slice {
		return nil
	}
	for _, q := range rt.Query {
		if q.Name == "limit" || q.Name == "count" {
			return nil // has its own
		}
	}
	elem := answer.Elem()
	if elem.Kind() == reflect.String {
		return &listing{name: func(v reflect.Value) string { return v.String() }, most: rt.Most}
	}
	if elem.Kind() != reflect.Struct {
		return nil
	}
	for _, name := range []string{"Name", "Title", "Host", "Username"} {
		if f, ok := elem.FieldByName(name); ok && f.Type.Kind() == reflect.String {
			return &listing{name: func(v reflect.Value) string { return v.FieldByIndex(f.Index).String() }, most: rt.Most}
		}
	}
	return nil
}

// listQuery are the parameters of lists.
func listQuery() []Query {
	return []Query{
		{Name: "search", Type: "string", Doc: "Only those with this text in their names, in any case"},
		{Name: "count", Type: "integer", Doc: "At most this many; X-Total-Count says how many there are, Link where the next are"},
		{Name: "limit", Type: "integer", Doc: "Older name of count"},
		{Name: "offset", Type: "integer", Doc: "Leave out this many"},
	}
}

// extent is how much there is of a list, and where the next page is.
type extent struct {
	total int
	next  string // "" for none
}

func (x extent) write(h http.Header) {
	h.Set("X-Total-Count", strconv.Itoa(x.total))
	if x.next != "" {
		h.Set("Link", x.next)
	}
}

// cut applies the parameters of a request to a list.
func (l *listing) cut(c *call, list reflect.Value) (reflect.Value, extent, error) {
	search := c.param("search")
	if err := checkSearch(search); err != nil {
		return list, extent{}, err
	}
	count, err := c.number("limit", int64(l.most), 1, math.MaxInt32)
	if err == nil {
		count, err = c.number("count", count, 1, math.MaxInt32)
	}
	if err != nil {
		return list, extent{}, err
	}
	offset, err := c.number("offset", 0, 0, math.MaxInt32)
	if err != nil {
		return list, extent{}, err
	}
	if search != "" {
		search = store.FoldCase(search)
		found := reflect.MakeSlice(list.Type(), 0, 0)
		for i := range list.Len() {
			if strings.Contains(store.FoldCase(l.name(list.Index(i))), search) {
				found = reflect.Append(found, list.Index(i))
			}
		}
		list = found
	}
	x := extent{total: list.Len()}
	from := min(int(offset), x.total)
	to := x.total
	if count > 0 && count < int64(to-from) {
		to = from + int(count)
		x.next = c.link("offset", strconv.Itoa(to))
	}
	if from == 0 && to == x.total {
		return list, x, nil
	}
	return list.Slice(from, to), x, nil
}

// link is the address of the same list with a parameter set, as a value of the
// header Link.
func (c *call) link(name, value string) string {
	query := c.r.URL.Query()
	query.Set(name, value)
	address := url.URL{Path: c.api.base + c.r.URL.Path, RawQuery: query.Encode()}
	return fmt.Sprintf(`<%s>; rel="next"`, address.RequestURI())
}

func (c *call) linkNext(name, value string) { c.w.Header().Set("Link", c.link(name, value)) }
