package texttable

import (
	"strings"
	"unicode/utf8"
)

// Align is where the text of a column stands.
type Align int

// Centre is PrettyTable's default.
const (
	Centre Align = iota
	Left
	Right
)

// Column is one column; its title is aligned as its cells are.
type Column struct {
	Title string
	Align Align
}

// Table is a box with a title line. Every row has a cell for each column.
type Table struct {
	Columns []Column
	Rows    [][]string
	Rules   bool // a line below every row, not only below the last one
}

// String draws the table, without a line break at its end.
func (t *Table) String() string {
	titles := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		titles[i] = c.Title
	}
	widths := make([]int, len(t.Columns))
	for _, row := range append([][]string{titles}, t.Rows...) {
		for i, cell := range row {
			for line := range strings.SplitSeq(cell, "\n") {
				widths[i] = max(widths[i], utf8.RuneCountInString(line))
			}
		}
	}
	rule := "+"
	for _, w := range widths {
		rule += strings.Repeat("-", w+2) + "+"
	}
	lines := append([]string{rule}, t.draw(titles, widths)...)
	lines = append(lines, rule)
	for i, row := range t.Rows {
		lines = append(lines, t.draw(row, widths)...)
		if t.Rules || i == len(t.Rows)-1 {
			lines = append(lines, rule)
		}
	}
	return strings.Join(lines, "\n")
}

// draw makes the lines of one row, as many as its tallest cell has.
func (t *Table) draw(row []string, widths []int) []string {
	cells, height := make([][]string, len(row)), 1
	for i, cell := range row {
		cells[i] = strings.Split(cell, "\n")
		height = max(height, len(cells[i]))
	}
	lines := make([]string, height)
	for at := range lines {
		line := "|"
		for i, c := range t.Columns {
			text := ""
			if at < len(cells[i]) {
				text = cells[i][at]
			}
			line += " " + c.Align.place(text, widths[i]) + " |"
		}
		lines[at] = line
	}
	return lines
}

func (a Align) place(text string, width int) string {
	length := utf8.RuneCountInString(text)
	excess := width - length
	left := 0
	switch a {
	case Centre:
		// As Python's str.center: the odd blank goes to the left of a text of even length.
		left = (excess + (1 - length%2)) / 2
	case Right:
		left = excess
	}
	return strings.Repeat(" ", left) + text + strings.Repeat(" ", excess-left)
}
