// SPDX-License-Identifier: MIT

// What a million parked goroutines take: resident bytes and page tables.
package main

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"strconv"
)

const million = 1000000

var entries = regexp.MustCompile(`Vm(?:RSS|PTE):\s+(\d+) kB`)

func memoryUsed() (bytes int) {
	status, _ := os.ReadFile("/proc/self/status")
	for _, entry := range entries.FindAllSubmatch(status, -1) {
		kib, _ := strconv.Atoi(string(entry[1]))
		bytes += kib * 1024
	}
	return bytes
}

func main() {
	runtime.GOMAXPROCS(1)
	forever := make(chan bool)
	before := memoryUsed()
	for i := 0; i < million; i++ {
		go func() { <-forever }()
	}
	runtime.Gosched()
	fmt.Println((memoryUsed() - before) / million)
}
