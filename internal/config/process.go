package config

// Flags of the servers that say how to run, and are no options.
const (
	checkFlag = "check-config"
	userFlag  = "user"
)

func serverFlags() []Flag {
	return []Flag{
		{
			Names: []string{checkFlag}, Bool: true,
			Help: "Check the whole configuration without starting anything: options, paste file, policy, stores, database; then exit with the code that a start would have.",
		},
		{
			Names: []string{userFlag}, Metavar: "USER[:GROUP]",
			Help: "Serve as this user, when started as root.",
		},
	}
}

func (l *Loaded) takeServerFlags(args *Args) {
	_, l.CheckOnly = args.Value(checkFlag)
	l.User, _ = args.Value(userFlag)
}
