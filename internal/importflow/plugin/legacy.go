package plugin

import (
	"context"
	"errors"

	"glance/internal/importflow"
)

// Legacy gives the steps of tasks of type import: what came is looked at, and
// converted where c names a format (spec import §10.3).
func Legacy(c Conversion) []importflow.Step {
	return []importflow.Step{noPackage{}, convert{c}}
}

// noPackage refuses packages, of which the original takes the disk.
type noPackage struct{}

func (noPackage) Run(_ context.Context, w *importflow.Work) error {
	if w.Image.ContainerFormat == "ova" {
		return errors.New("the disk in an OVA package is not unpacked: import the disk itself")
	}
	return nil
}
