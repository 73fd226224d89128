// SPDX-License-Identifier: MIT

// bench.go - what the Go programs share; see bench.h.
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"
)

// printMedian prints the median of what once gives, in nanoseconds.
func printMedian(once func() float64) {
	values := make([]float64, 7)
	once()
	for i := range values {
		values[i] = once()
	}
	sort.Float64s(values)
	fmt.Printf("%.2f\n", values[len(values)/2])
}

// perOp is the time since start for each of n operations.
func perOp(start time.Time, n int) float64 {
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}

// arg is the first argument as a number.
func arg(otherwise int) int {
	if len(os.Args) < 2 {
		return otherwise
	}
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	return n
}
