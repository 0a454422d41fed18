package glance

import (
	"slices"
	"strings"
)

// FailedProperty names the stores that an import or copy could not write to. It
// and ImportingProperty are ids in order, with commas between (spec import §1).
const FailedProperty = "os_glance_failed_import"

// AddStores puts stores into one of the two lists. The property is there then,
// even when it is empty.
func (img *Image) AddStores(property string, ids ...string) {
	list := append(img.StoreList(property), ids...)
	slices.Sort(list)
	img.setStores(property, slices.Compact(list))
}

// DropStores takes stores out of one of the two lists; it reports whether there
// were any of them. A list that is not there stays so.
func (img *Image) DropStores(property string, ids ...string) bool {
	list := img.StoreList(property)
	kept := slices.DeleteFunc(slices.Clone(list), func(id string) bool { return slices.Contains(ids, id) })
	if len(kept) == len(list) {
		return false
	}
	img.setStores(property, kept)
	return true
}

// StoreList reads one of the two lists.
func (img *Image) StoreList(property string) []string {
	p, _ := img.Property(property)
	if p.Value == "" {
		return nil
	}
	return strings.Split(p.Value, ",")
}

func (img *Image) setStores(property string, list []string) {
	img.SetProperty(Property{Name: property, Value: strings.Join(list, ",")})
}
