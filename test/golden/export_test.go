package golden

// QuirkSteps tells which steps have an expectation of their own.
func QuirkSteps() map[string]map[int]bool {
	steps := map[string]map[int]bool{}
	for name, byStep := range quirks {
		steps[name] = map[int]bool{}
		for i := range byStep {
			steps[name][i] = true
		}
	}
	return steps
}
