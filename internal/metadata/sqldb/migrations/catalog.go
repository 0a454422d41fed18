package migrations

const (
	mysql      = "mysql"
	postgresql = "postgresql"
)

// catalog are what follows SELECT COUNT(*) FROM to find tables.
type catalog struct {
	revisions    string // alembic_version
	others       string // all other tables
	uncontracted string // what the contract steps up to pike's remove
}

func catalogOf(dialect string) catalog {
	schema := "DATABASE()"
	switch dialect {
	case mysql:
	case postgresql:
		schema = "current_schema()"
	default:
		tables := "sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND "
		return catalog{
			revisions:    tables + "name = 'alembic_version'",
			others:       tables + "name <> 'alembic_version'",
			uncontracted: tables + "(name = 'artifacts' OR name = 'images' AND sql LIKE '%is_public%')",
		}
	}
	tables := "information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema = " + schema + " AND "
	return catalog{
		revisions: tables + "table_name = 'alembic_version'",
		others:    tables + "table_name <> 'alembic_version'",
		uncontracted: "information_schema.columns WHERE table_schema = " + schema +
			" AND (table_name = 'artifacts' OR table_name = 'images' AND column_name = 'is_public')",
	}
}
