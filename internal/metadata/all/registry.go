package all

import (
	"glance/internal/metadata"
	"glance/internal/metadata/registryrpc"
)

// RegistryOptions say how to reach a registry server.
type RegistryOptions = registryrpc.Options

// OpenRegistry makes a store of a registry server, for
// data_api = glance.db.registry.api.
func OpenRegistry(opt RegistryOptions) metadata.Store { return registryrpc.New(opt) }
