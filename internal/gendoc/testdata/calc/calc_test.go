package calc

// Test is no part of the package that gendoc reads.
type Test struct{}

// Run is not documented.
func (Test) Run() {}
