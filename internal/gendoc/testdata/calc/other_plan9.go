package calc

// Elsewhere is built for another system.
func Elsewhere() {}
