package control

// ServerWords is what a server would be started with by a command line.
func ServerWords(args []string) ([]string, error) {
	r, err := parse(args, "")
	if err != nil {
		return nil, err
	}
	return r.args, nil
}
