package main

// The calls go on when a server is gone.
func Example() {
	main()
	// Output:
	// of 100 calls, either server had 20 at least: true
	// 1000 items of a stream came from 1 server
	// without the first: map[two:100]
}
