// Package cachetest is the suite that every index of a cache passes.
package cachetest
