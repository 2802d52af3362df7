// A Go library for C programs. Its runtime installs handlers of signals when the library is loaded, and makes a write
// through a nil pointer a panic, from which Go code may recover.
package main

import "C"

//export GoRecovers
func GoRecovers() (recovered C.int) {
	defer func() {
		if recover() != nil {
			recovered = 1
		}
	}()
	var nowhere *int
	*nowhere = 1
	return 0
}

func main() {}
