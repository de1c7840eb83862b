package main

// One result, a stream to the caller, one from it, and both.
func Example() {
	main()
	// Output:
	// 3 <nil>
	// count 1 <nil>
	// count 2 <nil>
	// count 3 <nil>
	// 6 <nil>
	// so far 1 <nil>
	// so far 3 <nil>
	// so far 6 <nil>
}
