// Package texttable draws tables for terminals exactly as Python's PrettyTable
// does, and wraps text exactly as its textwrap does: operators have scripts that
// read what the tools of the original print.
//
//	t := texttable.Table{Columns: []texttable.Column{{Title: "ID"}, {Title: "Size", Align: texttable.Right}}}
//	t.Rows = append(t.Rows, []string{id, size})
//	fmt.Println(t.String())
//
// # Promises
//
// A cell may have several lines. Widths are counted in characters. There is no
// state and no limit.
//
// To add a style, add a field to Table whose zero value is PrettyTable's default.
package texttable
