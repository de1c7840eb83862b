package main

// The first call is repeated until it succeeds; the second is not marked as fit for that.
func Example() {
	main()
	// Output:
	// server: read by "ann": Busy: try again
	// server: read by "ann": Busy: try again
	// server: read by "ann": <nil>
	// forty-two <nil>
	// server: read by "ann": Busy: try again
	//  Busy: try again
}
